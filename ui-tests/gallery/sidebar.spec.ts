import { expect, test } from '@playwright/test';

import { ALL, Gallery } from './gallery';

const LIST = /api\/v1\/challenges(\?|$)/;
const DIGITS = /api\/v1\/challenges\/digits(\?|$)/;

test.use({ viewport: { width: 960, height: 420 } });

test('the sidebar: challenges', async ({ page }) => {
  const gallery = new Gallery(page);
  const { panel } = gallery;
  gallery.let(ALL, 'loading');
  await gallery.open();
  await gallery.openPanel();
  await expect(panel).toContainText('Loading');
  await gallery.take('sidebar', 'loading', panel);

  await gallery.become(LIST, 'error');
  await expect(panel).toContainText('The database cannot be read');
  await gallery.take('sidebar', 'error', panel);

  await gallery.become(LIST, 'empty');
  await gallery.execute('refresh-panel');
  await expect(panel).toContainText('No challenges yet');
  await gallery.take('sidebar', 'empty', panel);

  await gallery.mend();
  await gallery.execute('refresh-panel');
  await expect(panel).toContainText('Shower');
  await page.setViewportSize({ width: 960, height: 640 });
  await panel.getByRole('button', { name: 'Soon' }).click();
  await panel.getByRole('button', { name: 'Ended' }).click();
  await gallery.take('sidebar', 'full', panel);

  await gallery.become(ALL, 'offline');
  await gallery.execute('refresh-panel');
  await expect(panel).toContainText('does not answer');
  await gallery.take('sidebar', 'offline', panel);
  expect(gallery.barriers).toEqual([]);
});

test('the sidebar: a challenge', async ({ page }) => {
  const gallery = new Gallery(page);
  const { panel } = gallery;
  await gallery.open();
  await gallery.openPanel();
  gallery.let(DIGITS, 'loading');
  await panel.locator('[data-challenge=digits]').click();
  await expect(panel).toContainText('Loading');
  await gallery.take('challenge', 'loading', panel);

  await gallery.become(DIGITS, 'error');
  await expect(panel).toContainText('The database cannot be read');
  await gallery.take('challenge', 'error', panel);

  await gallery.mend();
  await gallery.execute('refresh-panel');
  await expect(panel).toContainText('None yet');
  await gallery.take('challenge', 'empty', panel);

  await page.setViewportSize({ width: 960, height: 760 });
  await panel.getByRole('button', { name: 'All challenges' }).click();
  await panel.locator('[data-challenge=iris]').click();
  await expect(panel).toContainText('cell 2: KeyError');
  await gallery.take('challenge', 'full', panel);

  await gallery.become(ALL, 'offline');
  await gallery.execute('refresh-panel');
  await expect(panel).toContainText('does not answer');
  await gallery.take('challenge', 'offline', panel);
  expect(gallery.barriers).toEqual([]);
});
