import AxeBuilder from '@axe-core/playwright';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { expect, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

const OPEN =
  '.jp-NotebookPanel:not(.lm-mod-hidden) [data-command="jupyter-challenge:submit-notebook"]';

/** Write a picture to look at, where that was asked for. */
async function look(page: IJupyterLabPageFixture, name: string): Promise<void> {
  const folder = process.env.LOOK_AT;
  if (folder) {
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
}

/** No barrier stands in the dialog. */
async function isInOrder(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  await look(page, name);
  const { violations } = await new AxeBuilder({ page })
    .include('.jp-Challenge-dialog')
    .analyze();
  expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual([]);
}

/** Open the challenge, a notebook of it and the dialog. */
async function openDialog(
  challenges: Challenges,
  cells: string[],
  files: string[] = []
): Promise<void> {
  await challenges.openIris();
  await challenges.openNotebook('model.ipynb', cells, { files });
  await challenges.page.locator(OPEN).click();
}

/** Open the starter, which has parameters and belongs to the challenge. */
async function openStarter(challenges: Challenges): Promise<void> {
  await challenges.openIris();
  await challenges.getStarter();
  await challenges.page.sidebar.openTab('jupyter-challenge-panel');
}

test.beforeEach(async ({ page, tmpPath }) => {
  await new Challenges(page, tmpPath).enterIris();
});

test('what travels, on what, with which kernel, at which price', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  await page.contents.uploadContent('x = 1', 'text', `${tmpPath}/features.py`);
  await page.contents.createDirectory(`${tmpPath}/lib`);
  await page.contents.uploadContent('y', 'text', `${tmpPath}/lib/a.py`);
  await page.contents.uploadContent('z', 'text', `${tmpPath}/lib/b.py`);
  await openDialog(challenges, ['import features']);
  await expect(dialog).toContainText('saved now');
  await expect(dialog).toContainText('free now');
  await expect(dialog).toContainText('packages captured');
  await expect(dialog).toContainText('The run has the same environment.');
  await expect(dialog).toContainText('Tries are free.');
  await isInOrder(page, 'light');

  await dialog.getByRole('button', { name: 'Change files' }).click();
  await dialog.getByLabel('features.py').check();
  await dialog.getByLabel('lib (whole folder)').check();
  await dialog.getByRole('button', { name: 'Show what is in lib' }).click();
  await expect(dialog.getByLabel('a.py')).toBeDisabled();
  await expect(dialog).toContainText('3 files beside it (at most 20)');
  await isInOrder(page, 'files');
  await challenges.confirm();

  // The notebook remembers.
  await challenges.newestIs('failed');
  await page.locator(OPEN).click();
  await expect(dialog).toContainText('lib/b.py');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('by keyboard alone, with another parameter', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  await openStarter(challenges);
  const known = await challenges.rows.count();
  await page.locator(OPEN).focus();
  await page.keyboard.press('Enter');
  const submit = dialog.getByRole('button', { name: 'Submit', exact: true });
  await expect(submit).toBeFocused();

  // Round the whole dialog, and never out of it.
  const field = dialog.locator('[data-parameter=max_depth]');
  for (let step = 0; step < 30; step++) {
    await page.keyboard.press('Tab');
    expect(
      await dialog.evaluate(node => node.contains(document.activeElement))
    ).toBe(true);
    if (await field.evaluate(node => node === document.activeElement)) {
      break;
    }
  }
  await expect(field).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('many');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog).toContainText('Write a number');
  await expect(submit).toBeHidden();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeVisible();
  await isInOrder(page, 'parameter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(challenges.rows).toHaveCount(known + 1);
  await challenges.newestIs('scored');
  await expect(challenges.rows.first()).toContainText('0.6667');

  // What was set last time is there again, and can be taken back.
  await page.locator(OPEN).click();
  await expect(field).toHaveValue('1');
  await dialog.getByRole('button', { name: /^Take back/ }).click();
  await expect(field).not.toHaveValue('1');
  await page.keyboard.press('Escape');
});

test('the row is there before the service answers, and an error brings all back', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog, rows } = challenges;
  await challenges.openIris();
  await challenges.openNotebook('slow.ipynb', ['print(1)']);
  const known = await rows.count();
  const keys: string[] = [];
  let answer: () => void = () => undefined;
  const held = new Promise<void>(resolve => {
    answer = resolve;
  });
  await page.route('**/jupyter-challenge/submit*', async route => {
    keys.push(route.request().postDataJSON().idempotency_key);
    if (keys.length === 1) {
      await held;
    }
    return keys.length <= 3 ? route.abort() : route.continue();
  });
  await page.locator(OPEN).click();
  await dialog.getByLabel('Note').fill('typed with care');
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(rows).toHaveCount(known + 1);
  await expect(rows.first()).toHaveAttribute('data-state', 'queued');
  answer();

  // It was sent three times, always under one key; nobody answered.
  await expect(dialog).toContainText('The Jupyter server does not answer.');
  await expect(rows).toHaveCount(known);
  await expect(dialog.getByLabel('Note')).toHaveValue('typed with care');
  await isInOrder(page, 'failure');
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await challenges.newestIs('failed');
  await expect(rows).toHaveCount(known + 1);
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
  await page.unroute('**/jupyter-challenge/submit*');
});

test('each obstacle has its way out', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  await openDialog(challenges, ['print(1)'], ['gone.py']);
  const submit = dialog.getByRole('button', { name: 'Submit', exact: true });
  await expect(dialog).toContainText('There is no file "gone.py"');
  await expect(submit).toBeHidden();
  await isInOrder(page, 'missing');
  await dialog.getByRole('button', { name: 'Leave it out' }).click();
  await expect(dialog).not.toContainText('gone.py');
  await expect(submit).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  // Somebody else writes the file while it is open here, and has no changes of its own.
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('docmanager:save')
  );
  const path = `${tmpPath}/model.ipynb`;
  await page.evaluate(async path => {
    const { contents } = window.jupyterapp.serviceManager;
    const model = await contents.get(path);
    model.content.cells[0].source = 'print(2)';
    await new Promise(resolve => setTimeout(resolve, 1500));
    await contents.save(path, model);
  }, path);
  await page.locator(OPEN).click();
  await expect(dialog).toContainText('was changed on disk');
  await dialog.getByRole('button', { name: 'Load it from disk' }).click();
  await expect(
    page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell').first()
  ).toContainText('print(2)');
  await expect(dialog).not.toContainText('was changed on disk');
  await page.keyboard.press('Escape');
});

test('a kernel that the run does not have, and one that differs', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  // What runs are given elsewhere: the service's own answer, with another environment in it.
  await page.route('**/api/v1/profiles*', async route => {
    const response = await route.fetch();
    const answer = await response.json();
    const [profile] = answer.items;
    const { packages } = profile.environments.python3;
    packages.numpy = '0.1';
    packages.quark = '1.0';
    delete packages.ipykernel;
    answer.items.push({
      ...profile,
      id: 'h100',
      title: 'H100',
      default: false,
      waiting: 3,
      wait_seconds: 1200,
      environments: { ir: { display_name: 'R', language: 'r' } }
    });
    await route.fulfill({ response, json: answer });
  });
  await openDialog(challenges, ['print(1)']);
  await expect(dialog).toContainText(/The run differs: no ipykernel, numpy/);
  await dialog.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('row', { name: /quark/ })).toContainText(
    'only there'
  );
  await isInOrder(page, 'differences');
  await page.theme.setDarkTheme();
  await isInOrder(page, 'differences-dark');
  await page.theme.setLightTheme();

  await dialog.getByLabel('Runs on').selectOption('h100');
  await expect(dialog).toContainText('3 waiting, about 20 min');
  await expect(dialog).toContainText(
    'The kernel “python3” is not installed where the run is made. These are: ir'
  );
  await expect(
    dialog.getByRole('button', { name: 'Choose a kernel' })
  ).toBeVisible();
  await page.setViewportSize({ width: 480, height: 800 });
  await look(page, 'narrow');
  const overflow = await dialog
    .locator('.jp-Challenge-submit')
    .evaluate(node => node.scrollWidth - node.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.keyboard.press('Escape');
});

test('predictions from the file browser, wrong and right', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  await challenges.openIris();
  const known = await challenges.rows.count();
  const submitFile = (path: string) =>
    page.evaluate(path => {
      void window.jupyterapp.commands.execute('jupyter-challenge:submit-file', {
        path
      });
    }, path);
  await page.contents.uploadContent(
    'id,kind\n1,setosa\n',
    'text',
    `${tmpPath}/wrong.csv`
  );
  await submitFile(`${tmpPath}/wrong.csv`);
  await expect(dialog).toContainText('There is no column "species"');
  await expect(dialog).not.toContainText('Kernel');
  await expect(
    dialog.getByRole('button', { name: 'Submit', exact: true })
  ).toBeHidden();
  await isInOrder(page, 'predictions');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  await page.contents.uploadFile(
    `${__dirname}/../../jupyter_challenge/examples/iris/baselines/stump.csv`,
    `${tmpPath}/right.csv`
  );
  await submitFile(`${tmpPath}/right.csv`);
  await dialog.getByLabel('Note').fill('a stump');
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(challenges.rows).toHaveCount(known + 1);
  await challenges.newestIs('scored');
});

test('a notebook without a challenge chooses one, and enters it in the dialog', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { dialog } = challenges;
  const other = await challenges.publishCopy('iris-two', 'Iris two');
  await challenges.open();
  await challenges.openNotebook('model.ipynb', ['print(1)'], {
    challenge: null
  });
  await page.locator(OPEN).click();
  const change = dialog.getByRole('button', { name: 'Change challenge' });
  await expect(change.or(dialog.getByLabel('Challenge'))).toBeVisible();
  if (await change.isVisible()) {
    await change.click();
  }
  await dialog.getByLabel('Challenge').selectOption(other);
  await expect(dialog).toContainText('You have not entered this challenge.');
  await isInOrder(page, 'enter');
  await dialog
    .getByRole('button', { name: 'Read the terms and enter' })
    .click();
  await expect(dialog).toContainText('Play fair');
  await isInOrder(page, 'terms');
  await dialog.getByRole('button', { name: 'Accept and enter' }).click();
  await expect(
    dialog.getByRole('button', { name: 'Submit', exact: true })
  ).toBeVisible();
  await page.keyboard.press('Escape');
});
