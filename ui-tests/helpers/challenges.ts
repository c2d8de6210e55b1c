import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

import { notebookOf } from './notebooks';

import { dismissNotifications, expect } from './lab';

const ROOT = path.resolve(__dirname, '..', '..');
const SCREENSHOTS = path.join(ROOT, 'docs', 'screenshots');
const EXAMPLE = path.join(ROOT, 'jupyter_challenge', 'examples', 'iris');

/** Runs share two cores with the browser, so they may take their time. */
export const PATIENCE = { timeout: 150_000 };

/** Where a picture of the documentation lies. */
export function picturePath(name: string): string {
  return path.join(SCREENSHOTS, `${name}.png`);
}

/** The extension's pages, as a user finds them. */
export class Challenges {
  constructor(
    readonly page: IJupyterLabPageFixture,
    readonly folder: string
  ) {}

  get panel(): Locator {
    return this.page.locator('#jupyter-challenge-panel');
  }

  get rows(): Locator {
    return this.panel.locator('.jp-Challenge-row');
  }

  get run(): Locator {
    return this.page.locator('.jp-ChallengeRun:visible');
  }

  get document(): Locator {
    return this.page.locator('.jp-ChallengeDocument:visible');
  }

  get dialog(): Locator {
    return this.page.locator('.jp-Challenge-dialog');
  }

  /** Publish the iris challenge, as its organiser would; the same version again is nothing new. */
  async publishIris(): Promise<void> {
    await this._publish(EXAMPLE);
  }

  /** Publish the iris challenge once more under another id and title; returns the id. */
  async publishCopy(id: string, title: string): Promise<string> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'copy-'));
    try {
      fs.cpSync(EXAMPLE, folder, { recursive: true });
      const spec = path.join(folder, 'challenge.yaml');
      const text = fs
        .readFileSync(spec, 'utf8')
        .replace(/^id: .*$/m, `id: ${id}`)
        .replace(/^title: .*$/m, `title: ${title}`);
      fs.writeFileSync(spec, text);
      await this._publish(folder);
      return id;
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  private async _publish(challenge: string): Promise<void> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iris-'));
    try {
      const archive = path.join(folder, 'iris.zip');
      execFileSync('python', [
        '-c',
        'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", sys.argv[2])',
        archive,
        challenge
      ]);
      const answer = await this.page.request.post(this.api('challenges'), {
        multipart: {
          folder: {
            name: 'iris.zip',
            mimeType: 'application/zip',
            buffer: fs.readFileSync(archive)
          }
        }
      });
      expect(answer.ok(), await answer.text()).toBe(true);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** Be in the iris challenge, whichever way one got there before. */
  async enterIris(): Promise<void> {
    await this.publishIris();
    const view = await (
      await this.page.request.get(this.api('challenges/iris'))
    ).json();
    const answer = await this.page.request.put(
      this.api('challenges/iris/entry'),
      { data: { terms_digest: view.terms_digest } }
    );
    expect(answer.ok(), await answer.text()).toBe(true);
  }

  /** Open the sidebar on the iris challenge. */
  async openIris(): Promise<void> {
    await this.open();
    const listed = this.panel.locator('[data-challenge=iris]');
    const page = this.panel.getByRole('heading', { name: 'My submissions' });
    // After a reload the panel is where it was.
    await expect(listed.or(page)).toBeVisible();
    if (await listed.isVisible()) {
      await listed.click();
    }
    await expect(page).toBeVisible();
    // Whoever counts rows wants them all to be there.
    await expect(
      this.rows.first().or(this.panel.getByText('None yet'))
    ).toBeVisible();
  }

  /** Open the sidebar. */
  async open(): Promise<void> {
    await this.page.sidebar.openTab('jupyter-challenge-panel');
    await expect(this.panel).toBeVisible();
  }

  /** Get the starter into the folder that the file browser shows. */
  async getStarter(): Promise<void> {
    await this.panel.getByRole('button', { name: 'Get the starter' }).click();
    await this.page
      .locator('.jp-Dialog')
      .getByRole('button', { name: 'Select' })
      .click();
    await expect(this.page.locator('.jp-NotebookPanel')).toBeVisible();
  }

  /** Make a notebook for the iris challenge and open it. */
  async openNotebook(
    name: string,
    cells: string[],
    ours: { challenge?: string | null; files?: string[] } = {}
  ): Promise<void> {
    const content = notebookOf(
      cells,
      ours.challenge === null
        ? {}
        : { jupyter_challenge: { challenge: 'iris', files: [], ...ours } }
    );
    await this.page.contents.uploadContent(
      JSON.stringify(content),
      'text',
      `${this.folder}/${name}`
    );
    // Galata would open it by way of the file browser, which is not in sight here.
    await this.page.evaluate(
      // Its widget stays there: a page cannot tell all that hangs on it.
      async path => {
        await window.jupyterapp.commands.execute('docmanager:open', { path });
      },
      `${this.folder}/${name}`
    );
    await expect(
      this.page
        .locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')
        .first()
    ).toBeVisible();
  }

  /** Press Submit in the notebook's toolbar and in the dialog. */
  async submit(before: () => Promise<void> = async () => {}): Promise<void> {
    await this.page
      .locator(
        '.jp-NotebookPanel:not(.lm-mod-hidden) [data-command="jupyter-challenge:submit-notebook"]'
      )
      .click();
    await this.confirm(before);
  }

  /** Press Submit in the dialog and wait for the new row. */
  async confirm(before: () => Promise<void> = async () => {}): Promise<void> {
    const known = await this.rows.count();
    const button = this.dialog.getByRole('button', {
      name: 'Submit',
      exact: true
    });
    await expect(button).toBeVisible(PATIENCE);
    await before();
    await button.click();
    await expect(this.dialog).toHaveCount(0);
    await expect(this.rows).toHaveCount(known + 1, PATIENCE);
  }

  /** Wait until the newest row is in a state. */
  async newestIs(state: string): Promise<void> {
    await expect(this.rows.first()).toHaveAttribute(
      'data-state',
      state,
      PATIENCE
    );
  }

  /** Open the page of the newest run. */
  async openNewest(): Promise<void> {
    await this.rows.first().locator('.jp-Challenge-rowMain').click();
    await expect(this.run).toBeVisible();
  }

  /** Write a picture for the documentation, where that was asked for. */
  async picture(name: string): Promise<void> {
    if (process.env.UPDATE_SCREENSHOTS) {
      await this._makeRoom();
      await this.page.screenshot({
        path: picturePath(name)
      });
    }
  }

  /** Take away what stands beside or over what is to be seen. */
  private async _makeRoom(): Promise<void> {
    await dismissNotifications(this.page);
    const files = this.page.locator('#filebrowser');
    if (await files.isVisible()) {
      await this.page.evaluate(() =>
        (window.jupyterapp.shell as any).collapseLeft?.()
      );
      await expect(files).toBeHidden();
    }
  }

  /** The address of a route of the service. */
  api(route: string): string {
    return new URL(`/jupyter-challenge/api/v1/${route}`, this.page.url()).href;
  }
}
