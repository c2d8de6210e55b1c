import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';

import { ALL, Gallery } from './gallery';

const SUBMISSIONS = /api\/v1\/submissions\/|jupyter-challenge\/compare/;
const TRAINING = [
  'import time\n' +
    'from pathlib import Path\n\n' +
    'for epoch in range(1, 2800):\n' +
    '    print(f"epoch {epoch:4d}  loss {0.2 + 0.7 * 0.995**epoch:.4f}", flush=True)\n' +
    '    time.sleep(0.1)'
];

/** My submissions to iris, by number. */
async function mine(gallery: Gallery): Promise<Record<number, any>> {
  const page = await gallery.ask('submissions?challenge=iris&team=mine');
  return Object.fromEntries(page.items.map((one: any) => [one.number, one]));
}

/** Hand a notebook in, or try it, and return the id. */
async function submit(
  page: Page,
  path: string,
  isTry = false
): Promise<string> {
  const answer = await page.request.post('/jupyter-challenge/submit', {
    data: {
      path,
      challenge: 'iris',
      is_try: isTry,
      files: [],
      parameters: {},
      idempotency_key: `gallery-${path}-${Date.now()}`
    }
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (await answer.json()).id;
}

test('the submit dialog', async ({ page }) => {
  const gallery = new Gallery(page);
  const { dialog } = gallery;
  await page.setViewportSize({ width: 960, height: 860 });
  await gallery.open();
  await gallery.closePanel();
  await gallery.openFile('iris/starter.ipynb');
  gallery.let(/jupyter-challenge\/inspect/, 'loading');
  await gallery.execute('submit-notebook');
  await expect(dialog).toContainText('Loading');
  await gallery.take('submit', 'loading', dialog);

  await gallery.mend();
  await expect(dialog).toContainText('packages captured');
  await gallery.take('submit', 'full', dialog);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await gallery.openFile('iris/forest.ipynb');
  await gallery.execute('submit-notebook');
  await expect(dialog).toContainText('Leave it out');
  await gallery.take('submit', 'error', dialog);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await gallery.openFile('iris/starter.ipynb');
  await gallery.become(ALL, 'offline');
  await gallery.execute('submit-notebook');
  await expect(dialog).toContainText('does not answer');
  await gallery.take('submit', 'offline', dialog);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(gallery.barriers).toEqual([]);
});

test('a run that is over', async ({ page }) => {
  const gallery = new Gallery(page);
  const { run } = gallery;
  await gallery.open();
  await gallery.closePanel();
  const all = await mine(gallery);
  await gallery.execute('open-run', { submission: all[9].id });
  await expect(run.locator('.jp-Challenge-notebook')).toContainText(
    'Accuracy in cross-validation'
  );
  await gallery.take('run', 'full', run);
  await gallery.execute('open-run', { submission: all[11].id });
  await expect(run).toContainText('Traceback');
  await gallery.take('run', 'error', run);
  expect(gallery.barriers).toEqual([]);
});

test('a run that goes on', async ({ page }) => {
  const gallery = new Gallery(page);
  const { run } = gallery;
  await gallery.open();
  await gallery.closePanel();
  const content = {
    cells: TRAINING.map((source, n) => ({
      cell_type: 'code',
      id: `cell-${n}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
    nbformat: 4,
    nbformat_minor: 5
  };
  await page.request.put('/api/contents/iris/network.ipynb', {
    data: { type: 'notebook', format: 'json', content }
  });
  const id = await submit(page, 'iris/network.ipynb', true);
  const cancel = `/jupyter-challenge/api/v1/submissions/${id}/cancel`;
  try {
    await gallery.execute('open-run', { submission: id });
    await expect(run.locator('.jp-Challenge-log pre')).toContainText(
      'epoch   12',
      { timeout: 150_000 }
    );
    await gallery.take('status', 'full', page.locator('#jp-main-statusbar'), {
      ours: page.locator('.jp-Challenge-statusItem')
    });
    await gallery.take('run', 'loading', run);
    await gallery.become(ALL, 'offline');
    await gallery.execute('refresh-panel');
    await expect(run).toContainText('running');
    await expect(
      run.getByRole('status').filter({ hasText: 'does not answer' })
    ).toBeVisible();
    await gallery.take('run', 'offline', run);
  } finally {
    await gallery.mend();
    const ended = await page.request.post(cancel, { data: {} });
    expect(ended.ok(), await ended.text()).toBe(true);
  }
  expect(gallery.barriers).toEqual([]);
});

test('two submissions compared', async ({ page }) => {
  const gallery = new Gallery(page);
  const { comparison } = gallery;
  await gallery.open();
  await gallery.closePanel();
  const all = await mine(gallery);
  const compare = (first: number, second: number) =>
    gallery.execute('compare-submissions', {
      first: all[first].id,
      second: all[second].id
    });
  await compare(9, 10);
  await expect(comparison.locator('.jp-Notebook-diff')).toContainText(
    'petal_area'
  );
  await gallery.take('compare', 'full', comparison, { height: 1300 });
  await compare(7, 8);
  await expect(comparison).toContainText('the same cells');
  await gallery.take('compare', 'empty', comparison, { height: 1300 });
  await compare(6, 9);
  await expect(comparison).toContainText('is a predictions file');
  await gallery.take('compare', 'error', comparison, { height: 1300 });

  gallery.let(SUBMISSIONS, 'loading');
  await compare(4, 5);
  await expect(comparison).toContainText('Loading');
  await gallery.take('compare', 'loading', comparison);
  await gallery.become(SUBMISSIONS, 'offline');
  await expect(comparison).toContainText('does not answer');
  await gallery.take('compare', 'offline', comparison);
  expect(gallery.barriers).toEqual([]);
});
