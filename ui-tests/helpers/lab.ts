/** Galata's test and expect, for machines on which Lab shares two cores with runs. */
import * as waiting from '@jupyterlab/galata/lib/utils';
import type { Locator, Page, Request } from '@playwright/test';
import { expect } from '@playwright/test';

const START = 120_000;

// Galata gives Lab fifteen seconds to start, in places where no option reaches.
const { waitForCondition } = waiting;
Object.assign(waiting, {
  waitForCondition: (
    condition: () => Promise<boolean> | boolean,
    timeout: number = START
  ) => waitForCondition(condition, timeout)
});

/** Take away the notifications; those that leave by themselves meanwhile are not waited for. */
export async function dismissNotifications(page: Page): Promise<void> {
  await expect(async () => {
    await page.evaluate(() => {
      void (window as any).jupyterapp.commands.execute(
        'apputils:dismiss-notification'
      );
      document
        .querySelectorAll<HTMLElement>('.Toastify__close-button')
        .forEach(button => button.click());
    });
    expect(await page.locator('.Toastify__toast').count()).toBe(0);
  }).toPass();
}

/**
 * Wait until Lab has saved a layout with a kind of page in it: a reload brings back what was saved.
 * Call it before the page is opened.
 */
export function layoutSaved(page: Page, namespace: string): Promise<Request> {
  const there = new RegExp(`"widgets":\\[[^\\]]*"${namespace}:`);
  return page.waitForRequest(
    request =>
      request.method() === 'PUT' &&
      request.url().includes('/api/workspaces') &&
      there.test(request.postData() ?? ''),
    { timeout: START }
  );
}

/** Press a button that goes away by itself once there are answers again. */
export async function pressIfThere(button: Locator): Promise<void> {
  await button.click({ timeout: 5000 }).catch(error => {
    if (!/Timeout/.test(String(error))) {
      throw error;
    }
  });
}

export { expect, test } from '@jupyterlab/galata';
