import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, test } from '@playwright/test';

import { LiveCells, exported, openOffline } from '../helpers/cells';
import { Challenges, picturePath } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

test('a board and my scores change while a cell sleeps, and stay when the kernel has gone', async ({
  page,
  context
}) => {
  await page.goto('/lab');
  const challenges = new Challenges(page as IJupyterLabPageFixture, '');
  await challenges.enterIris();
  const cells = new LiveCells(page, '/lab/tree', 'cells.ipynb');
  await cells.changeWhileACellSleeps();
  await challenges.picture('cells');
  await cells.sortAndLook();
  await cells.saveAndReload();
  await cells.openWithoutItsKernel();

  // Exported, and read where there is no network.
  const notebook = await cells.saved();
  expect(notebook.metadata.widgets).toBeUndefined();
  const reader = await context.newPage();
  const asked = await openOffline(reader, exported(notebook));
  await expect(reader.getByText('Iris · Practice · public')).toHaveCount(2);
  await expect(reader.locator('td', { hasText: '(you)' })).toBeVisible();
  await expect(reader.locator('svg[role=img]')).toBeVisible();
  // What every exported notebook asks for; the tables came without.
  expect(asked.filter(url => !/require|mathjax|mermaid/i.test(url))).toEqual(
    []
  );
  if (process.env.UPDATE_SCREENSHOTS) {
    await reader.screenshot({ path: picturePath('cells-exported') });
  }
});

test('a cell is full and hears the kernel where its program came late', async ({
  page
}) => {
  // anywidget waits two seconds for it, and not at all here: a timer, however short, may come after it.
  await page.addInitScript(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = ms => {
      const controller = new AbortController();
      queueMicrotask(() => controller.abort());
      return ms === 2000 ? controller.signal : timeout(ms);
    };
  });
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(error.message));
  await page.goto('/lab');
  const challenges = new Challenges(page as IJupyterLabPageFixture, '');
  await challenges.enterIris();
  const cells = new LiveCells(page, '/lab/tree', 'late.ipynb');
  await cells.changeWhileACellSleeps();
  expect(errors.join()).toContain('Failed to initialize model');
  await cells.endKernels();
});
