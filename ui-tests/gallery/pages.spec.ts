import { expect, test } from '@playwright/test';

import { ALL, Gallery } from './gallery';
import { pressIfThere } from '../helpers/lab';

const BOARDS = /api\/v1\/challenges\/[a-z]+\/(boards|history)/;

test('a board', async ({ page }) => {
  const gallery = new Gallery(page);
  const { board, document } = gallery;
  await gallery.open();
  await gallery.closePanel();
  gallery.let(BOARDS, 'loading');
  await gallery.execute('open-challenge', { challenge: 'iris', tab: 'board' });
  await expect(board).toContainText('Loading');
  await gallery.take('board', 'loading', document);

  await gallery.become(BOARDS, 'error');
  await expect(board).toContainText('The database cannot be read');
  await gallery.take('board', 'error', document);

  await gallery.mend();
  await pressIfThere(board.getByRole('button', { name: 'Try again' }).first());
  await expect(board).toContainText('ana (you)');
  await expect(
    board.locator('svg .jp-Challenge-plotPoint').first()
  ).toBeVisible();
  await gallery.take('board', 'full', document, { height: 1000 });

  gallery.let(BOARDS, 'offline');
  await gallery.execute('refresh-panel');
  await expect(board).toContainText('not answer');
  await gallery.take('board', 'offline', document, { height: 1000 });
  await gallery.mend();

  await gallery.execute('open-challenge', {
    challenge: 'shower',
    tab: 'board'
  });
  await expect(board).toContainText('Nobody has a score yet');
  await gallery.take('board', 'empty', document);
  expect(gallery.barriers).toEqual([]);
});

test('the pages of a challenge', async ({ page }) => {
  const gallery = new Gallery(page);
  const { document } = gallery;
  await gallery.open();
  await gallery.closePanel();
  gallery.let(ALL, 'loading');
  await gallery.execute('open-challenge', { challenge: 'iris', tab: 'about' });
  await expect(document).toContainText('Loading');
  await gallery.take('about', 'loading', document);

  await gallery.become(ALL, 'offline');
  await expect(document).toContainText('does not answer');
  await gallery.take('about', 'offline', document);

  await gallery.mend();
  await gallery.execute('refresh-panel');
  await expect(document).toContainText('Baselines');
  await expect(
    document.locator('.jp-Challenge-markdown h2').first()
  ).toBeVisible();
  await gallery.take('about', 'full', document, { height: 1300 });
  for (const tab of ['Data', 'Rules']) {
    await document.getByRole('tab', { name: tab }).click();
    await expect(document).not.toContainText('Loading');
    await gallery.take(tab.toLowerCase(), 'full', document, { height: 1300 });
  }
  await gallery.execute('open-challenge', { challenge: 'gone', tab: 'about' });
  await expect(document).toContainText('There is no challenge');
  await gallery.take('about', 'error', document);
  await document.getByRole('button', { name: 'All challenges' }).click();
  await expect(gallery.panel).toContainText('Shower');
  expect(gallery.barriers).toEqual([]);
});
