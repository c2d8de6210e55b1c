import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@playwright/test';

import { putNotebook } from '../helpers/cells';
import { Challenges, PATIENCE } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

const ALL_SETOSA = `import csv
rows = csv.DictReader(open("input/test.csv"))
with open("output/predictions.csv", "w") as file:
    print("id,species", file=file)
    for row in rows:
        print(row["id"] + ",setosa", file=file)`;

test('from the notebook to a rank in Notebook 7', async ({ page }) => {
  await page.goto('/tree');
  await new Challenges(page as IJupyterLabPageFixture, '').enterIris();
  const panel = page.locator('#jupyter-challenge-panel');
  const dialog = page.locator('.jp-Challenge-dialog');
  await putNotebook(page, 'model.ipynb', [ALL_SETOSA]);
  await page.goto('/notebooks/model.ipynb');
  await expect(page.locator('.jp-Cell')).toHaveCount(1, PATIENCE);

  await page.getByRole('menuitem', { name: 'View' }).click();
  await page.getByRole('menuitem', { name: 'Show Challenges' }).first().click();
  await panel.locator('[data-challenge=iris]').click();
  await expect(
    panel.getByRole('heading', { name: 'My submissions' })
  ).toBeVisible();

  await page
    .locator('[data-command="jupyter-challenge:submit-notebook"]')
    .click();
  const button = dialog.getByRole('button', { name: 'Submit', exact: true });
  await expect(button).toBeVisible(PATIENCE);
  await button.click();
  const row = panel.locator('.jp-Challenge-row').first();
  await expect(row).toContainText('0.3333', PATIENCE);

  await row.locator('.jp-Challenge-rowMain, button').first().click();
  const run = page.locator('.jp-ChallengeRun:visible');
  await expect(run.locator('.jp-Challenge-score')).toHaveText('0.3333');
  await run.getByRole('button', { name: 'Show on the board' }).click();
  await expect(
    page.locator('.jp-ChallengeDocument:visible tr.jp-mod-mine')
  ).toContainText('0.3333');
});
