import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { test } from '@playwright/test';

import { LiveCells } from '../helpers/cells';
import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

test('a board and my scores live in Notebook 7, and stay when the kernel has gone', async ({
  page
}) => {
  await page.goto('/tree');
  const challenges = new Challenges(page as IJupyterLabPageFixture, '');
  await challenges.enterIris();
  const cells = new LiveCells(page, '/notebooks', 'cells.ipynb');
  await cells.changeWhileACellSleeps();
  await challenges.picture('cells-notebook7');
  await cells.sortAndLook();
  await cells.saveAndReload();
  await cells.openWithoutItsKernel();
});
