import AxeBuilder from '@axe-core/playwright';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect } from '@jupyterlab/galata';
import type { Locator, Route } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

const FOLDER = path.resolve(__dirname, '..', '..', 'docs', 'gallery');

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

/** Takes a screen in each of its states, in both themes, and lets axe look at it. */
export class Gallery {
  constructor(private readonly page: IJupyterLabPageFixture) {}

  /** What axe found so far. */
  readonly barriers: string[] = [];

  /** From now on requests whose address matches end like this. */
  async let(address: RegExp, mishap: Mishap): Promise<void> {
    await this.page.route(address, (route: Route) => {
      switch (mishap) {
        case 'loading':
          return; // no answer comes
        case 'offline':
          return route.abort('connectionrefused');
        case 'error':
          return route.fulfill({ status: 500, json: REFUSED });
        case 'empty':
          return route.fulfill({ json: { items: [], next: null, total: 0 } });
      }
    });
  }

  /** Requests are answered as ever. */
  async mend(): Promise<void> {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
  }

  /** Look at a part of the page in both themes; write pictures where that was asked for. */
  async take(screen: string, state: string, part: Locator): Promise<void> {
    await expect(part).toBeVisible();
    for (const theme of ['light', 'dark'] as const) {
      await (theme === 'dark'
        ? this.page.theme.setDarkTheme()
        : this.page.theme.setLightTheme());
      await this.page.mouse.move(0, 0);
      const handle = await part.elementHandle();
      await handle!.evaluate(node => node.setAttribute('data-gallery', ''));
      const { violations } = await new AxeBuilder({ page: this.page })
        .include('[data-gallery]')
        .analyze();
      await handle!.evaluate(node => node.removeAttribute('data-gallery'));
      this.barriers.push(
        ...violations.map(
          one => `${screen} ${state} ${theme}: ${one.id}: ${one.nodes[0].html}`
        )
      );
      if (process.env.UPDATE_SCREENSHOTS) {
        fs.mkdirSync(FOLDER, { recursive: true });
        await part.screenshot({
          path: path.join(FOLDER, `${screen}-${state}-${theme}.png`)
        });
      }
    }
    await this.page.theme.setLightTheme();
  }
}
