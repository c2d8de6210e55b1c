import { expect, test } from '../helpers/lab';
import { Challenges, PATIENCE } from '../helpers/challenges';

// The first file by its name: it begins with a service in which there is nothing.
test.describe.configure({ mode: 'serial', timeout: 480_000 });

test('from an empty sidebar to a rank', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const { panel, dialog, run, document } = challenges;
  await challenges.open();
  await expect(panel).toContainText('No challenges yet');

  await panel.getByRole('button', { name: 'Add the iris example' }).click();
  await expect(panel).toContainText('Practice: scores here are your own word');
  await expect(
    panel.getByRole('button', { name: 'Submit notebook' })
  ).toHaveCount(0);

  await panel.getByRole('button', { name: 'Read the terms and enter' }).click();
  await expect(page.locator('.jp-Dialog')).toContainText('Play fair');
  await page.getByRole('button', { name: 'Accept and enter' }).click();
  await expect(panel).toContainText('50 of 50 submissions left today');
  await expect(
    panel.getByRole('button', { name: 'Submit notebook' })
  ).toBeDisabled();

  await challenges.getStarter();
  await page.sidebar.openTab('jupyter-challenge-panel');
  await challenges.picture('sidebar');

  await page
    .locator('[data-command="jupyter-challenge:submit-notebook"]')
    .click();
  await expect(dialog).toContainText('packages captured');
  await expect(dialog).toContainText('49 of 50 left today');
  await expect(dialog.locator('code', { hasText: 'max_depth' })).toBeVisible();
  await expect(
    dialog.getByRole('button', { name: 'Submit', exact: true })
  ).toBeFocused();
  await challenges.picture('submit');
  await dialog.getByLabel('Note').fill('two cuts');
  await challenges.confirm();

  // First what goes away by itself.
  await expect(
    page.locator('.Toastify__toast', {
      hasText: 'Iris #1 scored 0.9000, rank 1 of 1'
    })
  ).toBeVisible(PATIENCE);
  await challenges.newestIs('scored');
  await expect(challenges.rows.first()).toContainText('0.9000');
  await expect(panel).toContainText('Rank 1 of 1');
  await expect(panel).toContainText('49 of 50 submissions left today');

  await challenges.openNewest();
  await expect(run.locator('.jp-Challenge-score')).toHaveText('0.9000');
  await expect(run).toContainText('two cuts');
  await expect(run.locator('.jp-Challenge-step.jp-mod-succeeded')).toHaveCount(
    3
  );
  await expect(run.locator('.jp-Challenge-notebook')).toContainText(
    'Accuracy in cross-validation'
  );
  await challenges.picture('run');

  await run.getByRole('button', { name: 'Show on the board' }).click();
  const mine = document.locator('tr.jp-mod-mine');
  await expect(mine).toContainText('0.9000');
  await expect(mine.locator('td').first()).toHaveText('1');
  await challenges.picture('board');
});

test('parameters of the tagged cell change the run', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  await challenges.openIris();
  await challenges.getStarter();
  await page.sidebar.openTab('jupyter-challenge-panel');
  await page
    .locator('[data-command="jupyter-challenge:submit-notebook"]')
    .click();
  await challenges.dialog.getByLabel('max_depth').fill('1');
  await challenges.confirm();
  await challenges.newestIs('scored');
  await challenges.openNewest();
  await expect(challenges.run.locator('.jp-Challenge-score')).toHaveText(
    '0.6667'
  );
  await expect(challenges.run).toContainText('−0.2333 against your best');
});
