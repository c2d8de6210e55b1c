import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page, Route } from '@playwright/test';
import { expect } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

import { dismissNotifications } from '../helpers/lab';

const FOLDER =
  process.env.GALLERY_FOLDER ||
  path.resolve(__dirname, '..', '..', 'docs', 'gallery');

const THEMES = {
  light: 'JupyterLab Light',
  dark: 'JupyterLab Dark',
  contrast: 'JupyterLab Dark High Contrast'
} as const;

type Theme = keyof typeof THEMES;

/** What the service is made to do. */
export type Mishap = 'loading' | 'offline' | 'error' | 'empty';

const REFUSED = {
  error: {
    code: 'internal_error',
    message: 'The database cannot be read.',
    hint: 'Tell the admin of this service; nothing that was submitted is lost.',
    details: {}
  }
};

/** Every request of the extension's. */
export const ALL = /(?<!extensions)\/jupyter-challenge\//;

/** Takes a screen in each of its states, in both themes, and lets axe look at it. */
export class Gallery {
  constructor(readonly page: Page) {}

  /** What axe found so far. */
  readonly barriers: string[] = [];

  get panel(): Locator {
    return this.page.locator('#jupyter-challenge-panel');
  }

  get document(): Locator {
    return this.page.locator('.jp-ChallengeDocument:visible');
  }

  get board(): Locator {
    return this.page.locator('.jp-Challenge-board:visible');
  }

  get run(): Locator {
    return this.page.locator('.jp-ChallengeRun:visible');
  }

  get comparison(): Locator {
    return this.page.locator('.jp-ChallengeCompare:visible');
  }

  get dialog(): Locator {
    return this.page.locator('.jp-Challenge-dialog .jp-Dialog-content');
  }

  /** Open JupyterLab as for the first time. */
  async open(): Promise<void> {
    await this.page.route(ALL, route => this._answer(route));
    await this.page.goto('/lab?reset');
    await this.page.waitForFunction(() => 'jupyterapp' in window);
    await this.page.evaluate(() => (window as any).jupyterapp.started);
    await this.page.locator('#jupyterlab-splash').waitFor({
      state: 'detached'
    });
    await this._wear('light');
  }

  /** Show the sidebar, in this width. */
  async openPanel(width = 320): Promise<void> {
    await this.execute('show-panel');
    await expect(this.panel).toBeVisible();
    const handle = this.page
      .locator('#jp-main-split-panel > .lm-SplitPanel-handle:visible')
      .first();
    const at = (await handle.boundingBox())!;
    const now = (await this.panel.boundingBox())!;
    await this.page.mouse.move(at.x + at.width / 2, 300);
    await this.page.mouse.down();
    await this.page.mouse.move(at.x + at.width / 2 + width - now.width, 300);
    await this.page.mouse.up();
  }

  /** Give the main area all the room. */
  async closePanel(): Promise<void> {
    await this.page.evaluate(() =>
      (window as any).jupyterapp.shell.collapseLeft()
    );
  }

  /** Execute a command of the extension. */
  async execute(
    command: string,
    args: Record<string, string> = {}
  ): Promise<void> {
    await this._command(`jupyter-challenge:${command}`, args);
  }

  /** Open one of my files. */
  async openFile(file: string): Promise<void> {
    await this._command('docmanager:open', { path: file });
  }

  /** Ask the service what a route says. */
  async ask(route: string): Promise<any> {
    const answer = await this.page.request.get(
      `/jupyter-challenge/api/v1/${route}`
    );
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  }

  /** From now on requests whose address matches end like this. */
  let(address: RegExp, mishap: Mishap): void {
    this._mishaps.push({ address, mishap });
  }

  /** Requests are answered as ever, also those that wait. */
  async mend(): Promise<void> {
    this._mishaps = [];
    const waiting = this._waiting;
    this._waiting = [];
    for (const route of waiting) {
      await this._answer(route);
    }
  }

  /** From now on requests end like this and no other way; those that wait do too. */
  async become(address: RegExp, mishap: Mishap): Promise<void> {
    this._mishaps = [{ address, mishap }];
    const waiting = this._waiting;
    this._waiting = [];
    for (const route of waiting) {
      await this._answer(route);
    }
  }

  /** Look at a part of the page in both themes; write pictures where that was asked for. */
  async take(
    screen: string,
    state: string,
    part: Locator,
    options: Gallery.ITake = {}
  ): Promise<void> {
    await expect(part).toBeVisible();
    await expect((options.ours ?? part).first()).toBeVisible();
    await this._tidy();
    const size = this.page.viewportSize()!;
    if (options.height) {
      await this.page.setViewportSize({ ...size, height: options.height });
    }
    await this._take(screen, state, part, options.ours ?? part);
    await this.page.setViewportSize(size);
  }

  private async _take(
    screen: string,
    state: string,
    part: Locator,
    ours: Locator
  ): Promise<void> {
    const themes: Theme[] = ['light', 'dark'];
    if (state === 'full') {
      themes.push('contrast');
    }
    // Beginning with the one that is worn, so that themes change less often.
    const worn = this._theme ?? 'light';
    const all = [worn, ...themes.filter(one => one !== worn)];
    const isWritten = !!process.env.UPDATE_SCREENSHOTS;
    // Colours differ most where there is most to see: a plain test looks at those in all themes.
    const wanted =
      isWritten || state === 'full'
        ? all.filter(one => themes.includes(one))
        : [worn];
    for (const theme of wanted) {
      await this._wear(theme);
      await this._look(`${screen} ${state} ${theme}`, ours);
      const folder = theme === 'contrast' ? process.env.CONTRAST : FOLDER;
      if (isWritten && folder) {
        fs.mkdirSync(folder, { recursive: true });
        await part.screenshot({
          animations: 'disabled',
          path: path.join(folder, `${screen}-${state}-${theme}.png`)
        });
      }
    }
  }

  private async _look(what: string, ours: Locator): Promise<void> {
    await ours.evaluateAll(nodes =>
      nodes.forEach(node => node.setAttribute('data-gallery', ''))
    );
    const { violations } = await new AxeBuilder({ page: this.page })
      .include('[data-gallery]')
      // What a notebook's outputs are made of is its author's.
      .exclude('[data-gallery] .jp-Challenge-notebook .jp-RenderedHTMLCommon')
      .analyze();
    await ours.evaluateAll(nodes =>
      nodes.forEach(node => node.removeAttribute('data-gallery'))
    );
    this.barriers.push(
      ...violations.map(
        one => `${what}: ${one.id}: ${one.nodes.map(n => n.html).join(' | ')}`
      )
    );
  }

  private async _wear(theme: Theme): Promise<void> {
    if (theme !== this._theme) {
      await this._command('apputils:change-theme', { theme: THEMES[theme] });
      await expect(this.page.locator('body')).toHaveAttribute(
        'data-jp-theme-name',
        THEMES[theme]
      );
      await this.page.locator('#jupyterlab-splash').waitFor({
        state: 'detached'
      });
      this._theme = theme;
    }
  }

  /** Take away what lies over the page. */
  private async _tidy(): Promise<void> {
    await this.page.mouse.move(0, 0);
    await dismissNotifications(this.page);
  }

  private async _command(
    id: string,
    args: Record<string, string>
  ): Promise<void> {
    await this.page.evaluate(
      // What a command returns stays there: a page cannot tell all that hangs on it.
      async ([id, args]) => {
        const { commands } = (window as any).jupyterapp;
        const done = commands.execute(id, args);
        if (!/submit-notebook/.test(id as string)) {
          await done; // a dialog is over when its user leaves it
        }
      },
      [id, args] as const
    );
  }

  private async _answer(route: Route): Promise<void> {
    const url = route.request().url();
    const found = this._mishaps.find(({ address }) => address.test(url));
    try {
      switch (found?.mishap) {
        case 'loading':
          this._waiting.push(route); // no answer comes yet
          return;
        case 'offline':
          return await route.abort('connectionrefused');
        case 'error':
          return await route.fulfill({ status: 500, json: REFUSED });
        case 'empty':
          return await route.fulfill({
            json: { items: [], next: null, total: 0 }
          });
        default:
          return await route.fallback();
      }
    } catch {
      return; // whoever asked has gone
    }
  }

  private _mishaps: { address: RegExp; mishap: Mishap }[] = [];
  private _theme: Theme | null = null;
  private _waiting: Route[] = [];
}

/** A namespace for `Gallery` statics. */
export namespace Gallery {
  /** How a picture is taken. */
  export interface ITake {
    /** How high the page is meanwhile, for what would end in the middle. */
    height?: number;
    /** What axe looks at, where the picture shows more than is ours. */
    ours?: Locator;
  }
}
