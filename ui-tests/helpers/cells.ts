import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

import { PATIENCE } from './challenges';
import { notebookOf } from './notebooks';
import { submitPredictions } from './predictions';

const CELLS = [
  'from jupyter_challenge import Leaderboard, ScoreHistory\nLeaderboard("iris")',
  'ScoreHistory("iris")',
  // Longer than any score takes; it is interrupted.
  'import time\ntime.sleep(300)'
];
const CELL = '.jp-ChallengeCell';
const STILL = '.jp-ChallengeCellOutput .jp-RenderedHTML';
const EXPORTED = 'http://exported.invalid/';

/** Put a notebook of iris with code cells on the server. */
export async function putNotebook(
  page: Page,
  name: string,
  cells: string[]
): Promise<void> {
  const content = notebookOf(cells, {
    jupyter_challenge: { challenge: 'iris', files: [] }
  });
  const answer = await page.request.put(`/api/contents/${name}`, {
    data: { type: 'notebook', format: 'json', content }
  });
  expect(answer.ok(), await answer.text()).toBe(true);
}

/** Cells with a board and scores, in JupyterLab or Notebook 7 alike. */
export class LiveCells {
  /** `folder` is the address under which the application opens a notebook. */
  constructor(
    readonly page: Page,
    readonly folder: string,
    readonly name: string
  ) {}

  get board(): Locator {
    return this.page.locator(CELL).first();
  }

  get history(): Locator {
    return this.page.locator(CELL).nth(1);
  }

  get points(): Locator {
    return this.history.locator('.jp-ChallengeCell-plot circle');
  }

  prompt(index: number): Locator {
    return this.page.locator('.jp-Cell .jp-InputPrompt').nth(index);
  }

  async command(id: string, args: object = {}): Promise<void> {
    await this.page.evaluate(
      ([id, args]) =>
        (window as any).jupyterapp.commands.execute(id as string, args),
      [id, args]
    );
  }

  /** Open the notebook, as for the first time. */
  async open(): Promise<void> {
    // JupyterLab would otherwise open again what was open before.
    await this.page.goto(`${this.folder}/${this.name}?reset`);
    await expect(this.prompt(2)).toBeVisible(PATIENCE);
  }

  /** Begin to run a cell; what is run before the kernel listens would be lost. */
  async run(index: number): Promise<void> {
    await this.page.waitForFunction(
      () => {
        const kernel = (window as any).jupyterapp.shell.currentWidget
          ?.sessionContext?.session?.kernel;
        return (
          kernel?.connectionStatus === 'connected' &&
          ['idle', 'busy'].includes(kernel.status)
        );
      },
      undefined,
      PATIENCE
    );
    await this.prompt(index).click();
    await this.page.keyboard.press('Control+Enter');
  }

  /** Make the notebook, run it up to the cell that sleeps, and get a score meanwhile. */
  async changeWhileACellSleeps(): Promise<void> {
    await this.endKernels();
    await putNotebook(this.page, this.name, CELLS);
    await this.open();
    await this.run(0);
    await expect(this.board).toContainText('Iris · Practice · public', {
      ...PATIENCE
    });
    await this.run(1);
    await expect(this.history).toContainText('Accuracy (more is better)');
    const scores = await this.points.count();

    await this.run(2);
    await expect(this.prompt(2)).toHaveText('[*]:');
    const api = new URL('/jupyter-challenge/api/v1', this.page.url()).href;
    await submitPredictions(this.page.request, api, 6);
    await expect(this.points).toHaveCount(scores + 1, PATIENCE);
    await expect(this.board.locator('tr[data-mine]')).toContainText(
      '(you)',
      PATIENCE
    );
    await expect(this.prompt(2)).toHaveText('[*]:');
  }

  /** Sort by keyboard, without the kernel; and nothing stands in anybody's way. */
  async sortAndLook(): Promise<void> {
    const title = this.board.getByRole('columnheader', { name: 'team' });
    await title.getByRole('button').focus();
    for (const order of ['ascending', 'descending']) {
      await this.page.keyboard.press('Enter');
      await expect(title).toHaveAttribute('aria-sort', order);
    }
    await expect(title.getByRole('button')).toBeFocused();
    await this.history.getByText('Scores as a table').click();
    const { violations } = await new AxeBuilder({ page: this.page })
      .include(CELL)
      .analyze();
    expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual(
      []
    );
  }

  /** Saved and opened while the kernel lives: the widgets again. */
  async saveAndReload(): Promise<void> {
    await this.command('notebook:interrupt-kernel');
    await expect(this.prompt(2)).not.toHaveText('[*]:');
    await this.command('docmanager:save');
    await this.open();
    await expect(this.board.locator('tr[data-mine]')).toBeVisible(PATIENCE);
  }

  /** Opened after its kernel ended: the tables, and no word of a lost widget. */
  async openWithoutItsKernel(): Promise<void> {
    await this.endKernels();
    await this.open();
    const still = this.page.locator(STILL);
    await expect(still.first()).toContainText('(you)', PATIENCE);
    await expect(still.nth(1).locator('svg')).toBeVisible();
    await expect(this.page.locator(CELL)).toHaveCount(0);
    for (const words of ['Error displaying', 'Loading widget']) {
      await expect(
        this.page.getByText(words).filter({ visible: true })
      ).toHaveCount(0);
    }
  }

  /** End every kernel of this server. */
  async endKernels(): Promise<void> {
    const { request } = this.page;
    for (const { id } of await (await request.get('/api/sessions')).json()) {
      await request.delete(`/api/sessions/${id}`);
    }
  }

  /** The notebook as it was saved. */
  async saved(): Promise<any> {
    const file = await this.page.request.get(`/api/contents/${this.name}`);
    return (await file.json()).content;
  }
}

/** What `jupyter nbconvert --to html` makes of a notebook. */
export function exported(notebook: object): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-'));
  try {
    fs.writeFileSync(
      path.join(folder, 'cells.ipynb'),
      JSON.stringify(notebook)
    );
    execFileSync('jupyter', ['nbconvert', '--to', 'html', 'cells.ipynb'], {
      cwd: folder,
      stdio: 'pipe'
    });
    return fs.readFileSync(path.join(folder, 'cells.html'), 'utf-8');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Open a page's text without a network; returns the addresses that it asks for. */
export async function openOffline(page: Page, html: string): Promise<string[]> {
  const asked: string[] = [];
  await page.route('**', route => {
    const url = route.request().url();
    if (url === EXPORTED) {
      return route.fulfill({
        contentType: 'text/html; charset=utf-8',
        body: html
      });
    }
    asked.push(url);
    return route.abort();
  });
  await page.goto(EXPORTED);
  return asked;
}
