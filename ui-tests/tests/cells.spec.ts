import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@jupyterlab/galata';

import { Challenges } from '../helpers/challenges';
import { submitPredictions } from '../helpers/predictions';

test.describe.configure({ timeout: 240_000 });

const CELLS = [
  'from jupyter_challenge import Leaderboard, ScoreHistory\nLeaderboard("iris")',
  'ScoreHistory("iris")',
  'import time\ntime.sleep(30)'
];

test('a board and my scores change while a cell sleeps', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  await challenges.openNotebook('cells.ipynb', CELLS);
  const api = challenges.api('').replace(/\/$/, '');
  const board = page.locator('.jp-ChallengeCell').first();
  const history = page.locator('.jp-ChallengeCell').nth(1);
  await page.notebook.runCell(0, true);
  await page.notebook.runCell(1, true);
  await expect(board).toContainText('Iris · Practice · public');
  await expect(history).toContainText('Iris · Practice · public');

  await page.notebook.selectCells(2);
  await page.keyboard.press('Control+Enter');
  const prompt = page.locator('.jp-Cell').nth(2).locator('.jp-InputPrompt');
  await expect(prompt).toHaveText('[*]:');
  await submitPredictions(page.request, api, 6);
  await expect(board.locator('tr[data-mine]')).toContainText('(you)');
  await expect(history.locator('circle[data-look^=point]')).not.toHaveCount(0);
  await expect(prompt).toHaveText('[*]:');
  await page.screenshot({ path: '/tmp/shots-cells/lab-busy.png' });
});
