import { expect, test } from '@playwright/test';

import { Gallery } from './gallery';
import { pressIfThere } from '../helpers/lab';

const ROWS = /api\/v1\/submissions\?.*team=all/;

test("the organiser's view", async ({ page }) => {
  const gallery = new Gallery(page);
  const { document } = gallery;
  await gallery.open();
  await gallery.closePanel();
  gallery.let(ROWS, 'loading');
  await gallery.execute('organise-challenge', {
    challenge: 'shower',
    tab: 'submissions'
  });
  await expect(document).toContainText('Loading');
  await gallery.take('organise', 'loading', document);

  await gallery.become(ROWS, 'offline');
  await expect(document).toContainText('does not answer');
  await gallery.take('organise', 'offline', document);

  await gallery.mend();
  await pressIfThere(document.getByRole('button', { name: 'Try again' }));
  await expect(document).toContainText('Nobody has submitted yet');
  await gallery.take('organise', 'empty', document);

  await gallery.execute('organise-challenge', {
    challenge: 'iris',
    tab: 'submissions'
  });
  await expect(document).toContainText('submissions failed');
  await expect(document).toContainText('yukawa');
  await gallery.take('organise', 'full', document);

  await gallery.execute('publish-folder', { path: 'petals' });
  await expect(document).toContainText('cannot be published yet');
  await gallery.take('organise', 'error', document);
  expect(gallery.barriers).toEqual([]);
});
