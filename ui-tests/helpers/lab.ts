import { test as base } from '@jupyterlab/galata';
import type { IJupyterLabPage } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';

export { expect } from '@jupyterlab/galata';

/** Lab shares two cores with the runs that tests start, so its start may take its time. */
const START = 90_000;

/** Galata's page, which waits for Lab's start longer than Galata's own fifteen seconds. */
export const test = base.extend({
  waitForApplication: async ({ baseURL: _ }, use) => {
    await use(async (page: Page, lab: IJupyterLabPage) => {
      await page
        .locator('#jupyterlab-splash')
        .waitFor({ state: 'detached', timeout: START });
      await lab.waitForCondition(
        () => lab.activity.isTabActive('Launcher'),
        START
      );
      if (!(await lab.isInSimpleMode())) {
        await lab.activity.activateTab('Launcher');
      }
    });
  }
});
