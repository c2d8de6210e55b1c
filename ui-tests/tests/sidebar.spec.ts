import AxeBuilder from '@axe-core/playwright';
import { galata } from '@jupyterlab/galata';

import { expect, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

test.beforeEach(async ({ page, tmpPath }) => {
  await new Challenges(page, tmpPath).enterIris();
});

test('the focus goes along into a challenge, its menu and back', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { panel, document } = challenges;
  await challenges.open();
  await expect(
    panel.getByRole('button', { name: 'Refresh Challenges' })
  ).toBeVisible();
  const row = panel.locator('[data-challenge=iris]');
  await row.focus();
  await page.keyboard.press('Enter');
  await expect(panel.getByRole('heading', { name: 'Iris' })).toBeFocused();

  const more = panel.getByRole('button', { name: 'More actions for Iris' });
  await more.focus();
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('menuitem', { name: 'Save the Board as CSV' })
  ).toBeVisible();
  const { violations } = await new AxeBuilder({ page })
    .include('#jupyter-challenge-panel')
    .analyze();
  expect(violations.map(one => one.id)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();

  await more.click();
  await page.getByRole('menuitem', { name: 'Baselines' }).click();
  await expect(
    document.getByRole('heading', { name: 'Baselines' })
  ).toBeInViewport();
  await expect(document).toContainText('no score yet');

  await panel.getByRole('button', { name: 'All challenges' }).focus();
  await page.keyboard.press('Enter');
  await expect(row).toBeFocused();
});

test('the sidebar is after a reload as it was before', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.open();
  await challenges.panel.getByLabel('Filter challenges').fill('iri');
  const saved = page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      /"current":"iris"/.test(request.postData() ?? '')
  );
  await challenges.openIris();
  await saved;
  await page.reload({ waitForIsReady: false });
  await challenges.open();
  await expect(
    challenges.panel.getByRole('heading', { name: 'Iris' })
  ).toBeVisible();
  await challenges.panel
    .getByRole('button', { name: 'All challenges' })
    .click();
  await expect(challenges.panel.getByLabel('Filter challenges')).toHaveValue(
    'iri'
  );
});

test('the data goes where the user wants it', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  await page.contents.createDirectory(`${tmpPath}/mine`);
  await challenges.openIris();
  await challenges.panel
    .getByRole('button', { name: 'More actions for Iris' })
    .click();
  await page.getByRole('menuitem', { name: 'Download the Data…' }).click();
  const dialog = page.locator('.jp-Dialog');
  await dialog.locator('.jp-DirListing-item', { hasText: 'mine' }).click();
  await dialog.getByRole('button', { name: 'Select' }).click();
  await expect(page.locator('.Toastify__toast')).toContainText(
    `The files are in the folder ${tmpPath}/mine/iris.`
  );
  expect(
    await page.contents.fileExists(`${tmpPath}/mine/iris/input/train.csv`)
  ).toBe(true);
});

test('a file is submitted from the file browser, and seen in the status bar', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.openIris();
  await challenges.openNotebook('slow.ipynb', [
    'import time\nfor n in range(600):\n    time.sleep(0.2)'
  ]);
  await page.sidebar.openTab('filebrowser');
  await page
    .locator('.jp-DirListing-item', { hasText: 'slow.ipynb' })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Submit to a Challenge…' }).click();
  await challenges.dialog
    .getByRole('button', { name: 'Submit', exact: true })
    .click();
  const item = page.locator('.jp-Challenge-statusItem');
  await expect(item).toContainText('run: cell 1/1', { timeout: 150_000 });
  await item.click();
  await expect(challenges.run).toContainText('running');

  await challenges.open();
  await challenges.rows
    .first()
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await expect(item).toHaveCount(0);
});

test('a hidden sidebar asks for nothing', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const asked: string[] = [];
  let open = 0;
  page.on('request', request => {
    if (request.url().includes('/jupyter-challenge/')) {
      asked.push(request.url());
      open += 1;
    }
  });
  for (const end of ['requestfinished', 'requestfailed'] as const) {
    page.on(end as 'requestfinished', request => {
      open -= request.url().includes('/jupyter-challenge/') ? 1 : 0;
    });
  }
  const isPoll = (url: string) => /changes\?after=/.test(url);
  await challenges.open();
  await expect(challenges.panel.locator('[data-challenge=iris]')).toBeVisible();
  await expect.poll(() => asked.filter(isPoll).length).toBeGreaterThan(0);

  // A question that is open when it is hidden is answered by the first news, and the list read.
  await page.sidebar.openTab('filebrowser');
  await expect(challenges.panel).toBeHidden();
  await challenges.publishCopy('while-hidden', 'While hidden');
  for (let known = -1; known !== asked.length || open > 0;) {
    known = asked.length;
    await page.waitForTimeout(2000);
  }

  asked.length = 0;
  await challenges.publishCopy('unseen', 'Unseen');
  // Ten times as long as the feed pauses between two questions.
  await page.waitForTimeout(2000);
  expect(asked).toEqual([]);

  await challenges.open();
  await expect(
    challenges.panel.locator('[data-challenge=unseen]')
  ).toBeVisible();
  expect(asked.filter(isPoll).length).toBeGreaterThan(0);
});

test.describe('toolbars', () => {
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      'jupyter-challenge:sidebar': {
        toolbar: [
          { name: 'new', command: 'jupyter-challenge:create-challenge' },
          { name: 'refresh', disabled: true }
        ]
      },
      'jupyter-challenge:views': {
        toolbar: [{ name: 'list', command: 'jupyter-challenge:show-panel' }]
      }
    }
  });

  test('the settings say what is in them', async ({ page, tmpPath }) => {
    const challenges = new Challenges(page, tmpPath);
    const { panel } = challenges;
    await challenges.openIris();
    await expect(
      panel.getByRole('button', { name: 'New Challenge…' })
    ).toBeVisible();
    await expect(panel.getByRole('button', { name: 'Refresh' })).toHaveCount(0);

    await panel.getByRole('button', { name: 'About' }).click();
    await page.sidebar.openTab('filebrowser');
    await page
      .locator('.jp-ChallengePage')
      .getByRole('button', { name: 'Show Challenges' })
      .click();
    await expect(panel).toBeVisible();
    const { violations } = await new AxeBuilder({ page })
      .include('.jp-ChallengePanel')
      .include('.jp-ChallengePage')
      .analyze();
    expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual(
      []
    );
  });
});
