import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';

import { PATIENCE } from '../helpers/challenges';

/** Notebook 7, where a notebook has its page to itself and what opens lies below it. */
export class Notebook7 {
  constructor(readonly page: Page) {}

  get panel(): Locator {
    return this.page.locator('#jupyter-challenge-panel');
  }

  get dialog(): Locator {
    return this.page.locator('.jp-Challenge-dialog');
  }

  /** Put a notebook with code cells on the server and open it. */
  async open(name: string, cells: string[]): Promise<void> {
    const content = {
      cells: cells.map((source, index) => ({
        cell_type: 'code',
        id: `cell-${index}`,
        metadata: {},
        source,
        outputs: [],
        execution_count: null
      })),
      metadata: {
        kernelspec: {
          name: 'python3',
          display_name: 'Python 3',
          language: 'python'
        },
        language_info: { name: 'python' },
        jupyter_challenge: { challenge: 'iris', files: [] }
      },
      nbformat: 4,
      nbformat_minor: 5
    };
    const answer = await this.page.request.put(`/api/contents/${name}`, {
      data: { type: 'notebook', format: 'json', content }
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    await this.page.goto(`/notebooks/${name}`);
    await expect(this.page.locator('.jp-Cell')).toHaveCount(
      cells.length,
      PATIENCE
    );
  }

  /** Run one cell; does not wait for its end. */
  async run(index: number): Promise<void> {
    await this.page.locator('.jp-Cell .jp-InputPrompt').nth(index).click();
    await this.page.keyboard.press('Control+Enter');
  }

  prompt(index: number): Locator {
    return this.page.locator('.jp-Cell .jp-InputPrompt').nth(index);
  }
}
