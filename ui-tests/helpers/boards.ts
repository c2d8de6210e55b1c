import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { execFileSync } from 'child_process';
import * as os from 'os';
import * as path from 'path';

import { expect } from './lab';

const ROOT = path.resolve(__dirname, '..', '..');
const PORT = process.env.JUPYTER_PORT || '8899';

/** The data folder of the Lab that the tests talk to; playwright.config.js chooses it. */
const DATA = path.join(
  os.tmpdir(),
  `jupyter-challenge-ui-${PORT}`,
  'challenge'
);

/** Write a challenge with teams into the service's store, or a score, as another process would. */
export function fillBoard(challenge: string, ...options: string[]): void {
  execFileSync(
    'python',
    ['-m', 'benchmarks.filling', DATA, '--challenge', challenge, ...options],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] }
  );
}

/** A challenge's board, as a user finds it. */
export class Board {
  constructor(
    readonly page: IJupyterLabPageFixture,
    readonly challenge: string
  ) {}

  get section(): Locator {
    return this.page.locator('.jp-Challenge-board:visible');
  }

  get box(): Locator {
    return this.section.locator('.jp-Challenge-tableBox');
  }

  get table(): Locator {
    return this.section.locator('.jp-ChallengeBoard-table');
  }

  /** The rows of the list that are drawn; mine at the edge is none of them. */
  get rows(): Locator {
    return this.table.locator(
      'tbody:not(.jp-mod-pinned):not(.jp-Challenge-gap) tr'
    );
  }

  get pinned(): Locator {
    return this.table.locator('.jp-mod-pinned tr');
  }

  get points(): Locator {
    return this.section.locator('svg .jp-Challenge-plotPoint[tabindex]');
  }

  /** Open the board in the main area, and wait for its rows. */
  async open(): Promise<void> {
    await this.page.evaluate(
      challenge =>
        window.jupyterapp.commands.execute('jupyter-challenge:open-challenge', {
          challenge,
          tab: 'board'
        }),
      this.challenge
    );
    await expect(this.section).toBeVisible();
    await expect(this.section).not.toContainText('Loading');
  }

  /** Scroll to a place of the list and wait for its rows. */
  async scrollTo(top: number): Promise<void> {
    await this.box.evaluate((node, to) => {
      node.scrollTop = to;
    }, top);
    await expect.poll(() => this.inSight()).not.toEqual([]);
    await expect(
      this.rows.and(this.page.locator('[aria-busy=true]'))
    ).toHaveCount(0);
  }

  /** The places in the list of the rows that are wholly in sight. */
  async inSight(): Promise<number[]> {
    return this.box.evaluate(node => {
      const box = node.getBoundingClientRect();
      return [...node.querySelectorAll('tbody:not(.jp-mod-pinned) tr')]
        .filter(row => {
          const at = row.getBoundingClientRect();
          return at.top >= box.top && at.bottom <= box.bottom + 1;
        })
        .map(row => Number(row.getAttribute('aria-rowindex')))
        .filter(index => index > 0);
    });
  }
}

/** Begin to add up how much of ours moves by itself. */
export async function watchShifts(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() => {
    const ours = '.jp-Challenge, .jp-ChallengePage';
    const found: { value: number; what: string }[] = [];
    (window as any).challengeShifts = found;
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as any[]) {
        for (const { node, previousRect, currentRect } of entry.sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          // A number that stands right begins elsewhere when it has more digits; that is no jump.
          const isText =
            node instanceof Text && previousRect.bottom === currentRect.bottom;
          if (element?.closest(ours) && !isText) {
            found.push({
              value: entry.value,
              what: `${element.tagName}.${element.className}, ${element.closest('section, .jp-Challenge')?.className}`
            });
          }
        }
      }
    }).observe({ type: 'layout-shift' });
  });
}

/** What of ours moved by itself since then. */
export async function shifts(
  page: IJupyterLabPageFixture
): Promise<{ value: number; what: string }[]> {
  // Two frames, so that what was drawn last has been looked at.
  return page.evaluate(
    () =>
      new Promise(resolve =>
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            setTimeout(() => resolve((window as any).challengeShifts), 100)
          )
        )
      )
  );
}
