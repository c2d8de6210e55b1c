import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import AxeBuilder from '@axe-core/playwright';
import * as fs from 'fs';
import * as path from 'path';

import { expect, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';

const IRIS = path.resolve(
  __dirname,
  '..',
  '..',
  'jupyter_challenge',
  'examples',
  'iris'
);

test.describe.configure({ timeout: 480_000 });

/** Copy the iris challenge among the user's files; `change` says what each text becomes. */
async function uploadIris(
  page: IJupyterLabPageFixture,
  folder: string,
  change: (name: string, text: string) => string = (_, text) => text
): Promise<void> {
  for (const name of fs.readdirSync(IRIS, { recursive: true }) as string[]) {
    const file = path.join(IRIS, name);
    if (fs.statSync(file).isFile() && !name.includes('__pycache__')) {
      await page.contents.uploadContent(
        change(name, fs.readFileSync(file, 'utf-8')),
        'text',
        `${folder}/${name}`
      );
    }
  }
}

/** Nothing in a part of the page stands in the way of anybody. */
async function expectAccessible(
  page: IJupyterLabPageFixture,
  selector: string
): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include(selector)
    .analyze();
  expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual([]);
}

async function look(page: IJupyterLabPageFixture, name: string) {
  if (process.env.LOOK) {
    await page.screenshot({ path: path.join(process.env.LOOK, `${name}.png`) });
  }
}

test('an organiser sees a challenge in the sidebar, closes and opens it', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { panel } = challenges;
  await challenges.enterIris();
  await challenges.openIris();
  const section = panel.getByRole('region', { name: 'Organise' });
  await expect(section.getByRole('button', { name: 'Close…' })).toHaveCount(0);
  await section.getByRole('button', { name: 'Organise' }).click();
  await expect(section).toContainText('Teams');
  await expect(section).toContainText(/\d+ failed/);
  await look(page, 'section');
  await expectAccessible(page, '.jp-Challenge-organiser');

  await section.getByRole('button', { name: 'Close…' }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('Nobody can submit until you open it');
  await dialog.getByRole('button', { name: 'Close it' }).click();
  await expect(section).toContainText('closed');
  await section.getByRole('button', { name: 'Open again…' }).click();
  await dialog.getByRole('button', { name: 'Open it' }).click();
  await expect(section.getByRole('button', { name: 'Close…' })).toBeVisible();
});

test('all submissions are found by how they failed', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  await challenges.openIris();
  await challenges.openNotebook('broken.ipynb', ['1 / 0']);
  await page.sidebar.openTab('jupyter-challenge-panel');
  await challenges.submit();
  await challenges.newestIs('failed');
  const section = challenges.panel.getByRole('region', { name: 'Organise' });
  await section.getByRole('button', { name: 'Organise' }).click();
  await section.getByRole('button', { name: 'All submissions' }).click();

  const document = challenges.document;
  await expect(document.getByRole('heading', { level: 1 })).toHaveText(
    'Organise: Iris'
  );
  await expect(document).toContainText('submissions failed');
  const failure = document.getByRole('button', { name: 'error in a cell' });
  await expect(failure).toBeVisible();
  await look(page, 'submissions');
  await expectAccessible(page, '.jp-ChallengeDocument');
  await failure.click();
  await expect(failure).toHaveAttribute('aria-pressed', 'true');
  await expect(document.getByLabel('Failure')).toHaveValue('cell_error');
  await expect(document.locator('tbody tr[data-state=scored]')).toHaveCount(0);
  await document.getByLabel('Search teams').fill('nobody of that name');
  await expect(document).toContainText('No submission is like that');
  await document.getByRole('button', { name: 'Show all' }).click();
  await document
    .locator('tbody tr[data-state=failed]')
    .first()
    .getByRole('button')
    .click();
  await expect(challenges.run).toContainText('ZeroDivisionError');
  await expect(
    challenges.run.getByRole('button', { name: 'evaluate' }).first()
  ).toBeVisible();
});

test('a folder is published after seeing what that does', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  const folder = `${tmpPath}/iris`;
  await uploadIris(page, folder, (name, text) =>
    name === 'README.md' ? `${text}\nMore words.\n` : text
  );
  const open = () =>
    page.evaluate(
      path =>
        window.jupyterapp.commands.execute('jupyter-challenge:publish-folder', {
          path
        }),
      folder
    );
  await open();
  const document = challenges.document;
  await expect(document).toContainText('Publish a new version of “Iris');
  await expect(document).toContainText('Only texts and the like changed');
  await expect(document.locator('.jp-mod-added')).toContainText([
    '',
    'More words.'
  ]);
  await expectAccessible(page, '.jp-ChallengeDocument');
  await look(page, 'publish-texts');

  // What is saved in JupyterLab is looked at by itself.
  await page.evaluate(async path => {
    const { contents } = window.jupyterapp.serviceManager;
    const file = await contents.get(path);
    await contents.save(path, {
      ...file,
      content: `${file.content}\nSaved.\n`
    });
  }, `${folder}/README.md`);
  await expect(
    document.locator('.jp-mod-added', { hasText: 'Saved.' })
  ).toBeVisible();

  // Other labels: the effect is said before the button is pressed.
  const labels = fs.readFileSync(
    path.join(IRIS, 'hidden', 'labels.csv'),
    'utf-8'
  );
  const rows = labels.split('\n');
  rows[1] = rows[1].replace(/,.*$/, ',virginica');
  rows[2] = rows[2].replace(/,.*$/, ',setosa');
  await page.contents.uploadContent(
    rows.join('\n'),
    'text',
    `${folder}/hidden/labels.csv`
  );
  await document.getByRole('button', { name: 'Look again' }).click();
  await expect(document).toContainText('Changed: the labels');
  await expect(document).toContainText('Labels are never shown.');
  await look(page, 'publish-labels');

  // A mistake has its line, and there is no button to press.
  await page.contents.uploadContent(
    fs
      .readFileSync(path.join(IRIS, 'challenge.yaml'), 'utf-8')
      .replace('accuracy', 'acuracy'),
    'text',
    `${folder}/challenge.yaml`
  );
  await document.getByRole('button', { name: 'Look again' }).click();
  await expect(document).toContainText('cannot be published yet');
  await expect(document.locator('code').first()).toContainText(
    /challenge\.yaml:\d+:\d+/
  );
  await expect(
    document.getByRole('button', { name: 'Publish this version' })
  ).toHaveCount(0);
  await look(page, 'publish-mistakes');
  await expectAccessible(page, '.jp-ChallengeDocument');

  await uploadIris(page, folder, (name, text) =>
    name === 'README.md' ? `${text}\nMore words.\n` : text
  );
  await document.getByRole('button', { name: 'Look again' }).click();
  await document.getByRole('button', { name: 'Publish this version' }).click();
  await expect(document).toContainText('The folder is published as it is');
});

test('dates are changed by a version of their own', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  await uploadIris(page, `${tmpPath}/iris`);
  await challenges.openIris();
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('jupyter-challenge:organise-challenge', {
      challenge: 'iris',
      tab: 'dates'
    })
  );
  const document = challenges.document;
  await expect(document).toContainText('Times are in your zone');
  const button = document.getByRole('button', {
    name: 'See what this changes'
  });
  await expect(button).toBeDisabled();
  const group = document.getByRole('group').first();
  await group.getByRole('textbox', { name: /^End/ }).fill('2035-06-01T12:00');
  await expect(group).toContainText('2035-06-01 12:00 UTC');
  await look(page, 'dates');
  await expectAccessible(page, '.jp-ChallengeDocument');
  await button.click();
  await expect(document).toContainText(/ends on .*2035/);
  await expect(document.locator('.jp-mod-added')).toContainText('2035-06-01');
  await look(page, 'dates-preview');
  await document.getByRole('button', { name: 'Publish these dates' }).click();
  await expect(document).toContainText('Your folder still has the old dates');
  await look(page, 'dates-done');

  await document.getByRole('tab', { name: 'Versions' }).click();
  const newest = document.locator('tbody tr').first();
  await expect(newest).toContainText('current');
  await expect(newest).toContainText('dates');
  await newest.getByRole('button', { name: 'dates' }).click();
  await expect(
    document.locator('.jp-Challenge-diff', { hasText: '2035-06-01' })
  ).toBeVisible();
  await look(page, 'versions');
  await expectAccessible(page, '.jp-ChallengeDocument');

  // The older version is taken up again.
  await expect(newest).toHaveClass(/jp-mod-current/);
  await document
    .getByRole('button', { name: /^Make version \d+ current again/ })
    .first()
    .click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('No version and no score is lost.');
  await look(page, 'versions-again');
  await dialog.getByRole('button', { name: 'Make current' }).click();
  await expect(newest).not.toHaveClass(/jp-mod-current/);
  await expect(document.locator('tr.jp-mod-current')).toHaveCount(1);
});

test('everything that was submitted is saved beside the files', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.enterIris();
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('jupyter-challenge:export-challenge', {
      challenge: 'iris'
    })
  );
  await expect(page.locator('.Toastify__toast')).toContainText(
    /All submissions of iris are in .*iris-export-.*\.zip/
  );
});

test('what is made next to a challenge that is published is no part of it', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const dialog = page.locator('.jp-Dialog');
  await uploadIris(page, `${tmpPath}/iris`);
  await page.filebrowser.openDirectory(`${tmpPath}/iris/data`);
  await challenges.open();
  await challenges.panel
    .getByRole('button', { name: 'New challenge…' })
    .click();
  await dialog.getByLabel('Its title').fill('Rain: tomorrow');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog).toContainText('In it, “rain-tomorrow” is made.');
  await expect(dialog.locator('.jp-DirListing-item')).toHaveText([/iris/]);
  await look(page, 'new-challenge-where');
  await dialog.getByRole('button', { name: 'Select' }).click();
  await expect(page.locator('.Toastify__toast')).toContainText(
    `The folder ${tmpPath}/rain-tomorrow is a challenge that works as it is.`
  );

  await challenges.enterIris();
  await page.sidebar.openTab('filebrowser');
  await page.filebrowser.openDirectory(`${tmpPath}/iris`);
  await challenges.openIris();
  await challenges.getStarter();
  expect(
    await page.contents.fileExists(`${tmpPath}/my-iris/input/train.csv`)
  ).toBe(true);
  expect(await page.contents.directoryExists(`${tmpPath}/iris/input`)).toBe(
    false
  );
});
