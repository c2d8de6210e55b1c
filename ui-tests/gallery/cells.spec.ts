import { expect, test } from '@playwright/test';

import { Gallery } from './gallery';
import { LiveCells, putNotebook } from '../helpers/cells';

test('a board and scores in a notebook', async ({ page }) => {
  const gallery = new Gallery(page);
  await gallery.open();
  await gallery.closePanel();
  const cells = new LiveCells(page, '/lab/tree', 'iris/scores.ipynb');
  await putNotebook(page, cells.name, [
    'from jupyter_challenge import Leaderboard, ScoreHistory\n\nLeaderboard("iris")',
    'ScoreHistory("iris")'
  ]);
  await gallery.openFile(cells.name);
  await expect(cells.prompt(1)).toBeVisible();
  await cells.run(0);
  await expect(cells.board).toContainText('ana (you)', { timeout: 150_000 });
  await cells.run(1);
  await expect(cells.points.first()).toBeVisible();
  await gallery.take(
    'cells',
    'full',
    page.locator('.jp-NotebookPanel-notebook:visible'),
    { height: 1300, ours: page.locator('.jp-ChallengeCell') }
  );
  await cells.endKernels();
  expect(gallery.barriers).toEqual([]);
});
