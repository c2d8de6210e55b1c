import { expect, layoutSaved, pressIfThere, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

const ENDLESS = [
  'import time\nn = 0\nwhile True:\n    n += 1\n    print("epoch", n, flush=True)\n    time.sleep(0.3)'
];

test.beforeEach(async ({ page, tmpPath }) => {
  await new Challenges(page, tmpPath).enterIris();
});

test('a failing notebook shows its cell, class and hint', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { panel, run } = challenges;
  await challenges.openIris();
  await challenges.openNotebook('broken.ipynb', [
    'x = 1\nprint("fine so far")',
    'def train(model):\n    return modle.fit(model)\n\ntrain(x)',
    'print("never")'
  ]);
  await challenges.submit();
  await challenges.newestIs('failed');
  await expect(challenges.rows.first()).toContainText('cell 2: NameError');

  await challenges.openNewest();
  await expect(run).toContainText('A cell of the notebook raised an error.');
  await expect(run).toContainText(
    "Cell 2: NameError: name 'modle' is not defined"
  );
  await expect(
    run.locator('code', { hasText: 'cell_error' }).first()
  ).toBeVisible();
  // It comes first; the whole notebook follows.
  const failing = run.locator('.jp-Cell.jp-mod-failing').first();
  await expect(failing).toBeInViewport();
  await expect(failing).toContainText('Traceback');
  await expect(
    run.getByRole('region', { name: 'The whole notebook' })
  ).toContainText('fine so far');
  await challenges.picture('failed');

  // Nothing in it can be changed.
  await failing.locator('.cm-content').click();
  await page.keyboard.type('oops');
  await expect(failing).not.toContainText('oops');

  // A failure of one's own leaves the quota of submissions alone.
  await expect(panel).toContainText('of 50 submissions left today');
  await run.locator('[data-step=run]').click();
  await expect(run.locator('.jp-Challenge-log pre')).toContainText(
    'fine so far'
  );
});

test('an endless notebook is followed through a reload and cancelled', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { run } = challenges;
  await challenges.openIris();
  await challenges.openNotebook('endless.ipynb', ENDLESS);
  await challenges.submit();
  await challenges.newestIs('running');
  const saved = layoutSaved(page, 'jupyter-challenge-run');
  await challenges.openNewest();
  const log = run.locator('.jp-Challenge-log pre');
  await expect(log).toContainText('epoch 2', { timeout: 120_000 });
  await challenges.picture('running');
  await saved;

  // Galata would wait for the launcher, which is not what was open.
  await page.reload({ waitForIsReady: false });
  await expect(log).toContainText('epoch', { timeout: 120_000 });
  await expect(run.locator('.jp-Challenge-runState')).toContainText('running');
  await challenges.openIris();
  await challenges.newestIs('running');

  await challenges.rows
    .first()
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await challenges.newestIs('cancelled');
  await expect(run.locator('.jp-Challenge-runState')).toContainText(
    'cancelled'
  );
  await expect(run.locator('[data-step=run] .jp-Challenge-state')).toHaveText(
    /cancelled/
  );
});

test('what prevents a submission is said in place of its button', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.openIris();
  await challenges.openNotebook('empty.ipynb', ['']);
  await page
    .locator('[data-command="jupyter-challenge:submit-notebook"]')
    .click();
  await expect(challenges.dialog).toContainText('has no code');
  await expect(
    challenges.dialog.getByRole('button', { name: 'Submit', exact: true })
  ).toBeHidden();
  // The focus is on Cancel, so Enter leaves and hands nothing in.
  const known = await challenges.rows.count();
  await page.keyboard.press('Enter');
  await expect(challenges.dialog).toHaveCount(0);
  await expect(challenges.rows).toHaveCount(known);
});

test('a server that does not answer leaves what is known in sight', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { panel } = challenges;
  await challenges.openIris();
  await page.route('**/jupyter-challenge/**', route => route.abort());
  await panel.getByRole('button', { name: 'Refresh' }).click();
  await expect(panel).toContainText('The Jupyter server does not answer.');
  await expect(panel).toContainText('My submissions');
  await page.unroute('**/jupyter-challenge/**');
  await pressIfThere(panel.getByRole('button', { name: 'Try again' }));
  await expect(panel).not.toContainText('does not answer');
});

test('a server without the extension says so', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  await page.route('**/jupyter-challenge/**', route =>
    route.fulfill({ status: 404, body: '{"message": "Not Found"}' })
  );
  await challenges.open();
  await expect(challenges.panel).toContainText(
    'This Jupyter server does not have challenges.'
  );
  await expect(
    challenges.panel.getByRole('button', { name: 'Try again' })
  ).toBeVisible();
});
