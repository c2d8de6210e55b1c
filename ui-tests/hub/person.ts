import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';

import { picturePath } from '../helpers/challenges';

/** Servers are pods on a machine with two cores, as are the runs of what they submit. */
export const PATIENCE = { timeout: 150_000 };

/** Somebody in front of a browser, with a hub and the Lab that it gives them. */
export class Person {
  constructor(
    readonly page: Page,
    readonly name: string
  ) {}

  /** Sign in at the hub; an OpenID provider's form or the hub's own. */
  async signIn(): Promise<void> {
    await this.page.goto('/hub/login');
    await this.page
      .locator('#username, #username_input')
      .first()
      .fill(this.name);
    await this.page
      .locator('input[type=password]')
      .first()
      .fill(`pw-${this.name}`);
    await this.page.locator('[type=submit]').first().click();
    await this.page.waitForURL(/\/hub\/(home|spawn)|\/user\//);
  }

  /** Open the form with the compute profiles. */
  async openForm(): Promise<void> {
    await this.page.goto('/hub/spawn');
    await expect(
      this.page.locator('input[name=profile]').first()
    ).toBeAttached();
  }

  /** Take a compute profile. */
  async take(profile: string): Promise<void> {
    await this.page
      .locator(`input[name=profile][value="${profile}"]`)
      .check({ force: true });
    await this.page.locator('#spawn_form [type=submit]').click();
  }

  /** Wait until Lab is there. */
  async reachLab(): Promise<void> {
    await expect(this.page.locator('#jp-main-dock-panel')).toBeVisible(
      PATIENCE
    );
    await expect(this.page.locator('.jp-Launcher-body')).toBeVisible(PATIENCE);
    // Lab asks whether it may look for news, for which it has to leave the cluster.
    const news = this.page.locator('.Toastify__toast', { hasText: 'news' });
    await news.getByRole('button', { name: 'No', exact: true }).click(PATIENCE);
  }

  get panel(): Locator {
    return this.page.locator('#jupyter-challenge-panel');
  }

  get rows(): Locator {
    return this.panel.locator('.jp-Challenge-row');
  }

  get dialog(): Locator {
    return this.page.locator('.jp-Challenge-dialog');
  }

  /** Open the sidebar, if it is not there. */
  async openPanel(): Promise<void> {
    if (!(await this.panel.isVisible())) {
      await this.page
        .locator('.jp-SideBar [data-id="jupyter-challenge-panel"]')
        .click(PATIENCE);
    }
  }

  /** Open the sidebar on a challenge. */
  async openChallenge(id: string): Promise<void> {
    await this.openPanel();
    await this.panel.locator(`[data-challenge=${id}]`).click(PATIENCE);
  }

  /** Submit the notebook that is open. */
  async submit(): Promise<void> {
    await this.page
      .locator(
        '.jp-NotebookPanel:not(.lm-mod-hidden) [data-command="jupyter-challenge:submit-notebook"]'
      )
      .click();
    const button = this.dialog.getByRole('button', {
      name: 'Submit',
      exact: true
    });
    await expect(button).toBeVisible(PATIENCE);
    await button.click();
    await expect(this.dialog).toHaveCount(0, PATIENCE);
  }

  /** Write a picture for the documentation, where that was asked for. */
  async picture(name: string): Promise<void> {
    if (process.env.UPDATE_SCREENSHOTS) {
      await this.page.screenshot({ path: picturePath(`hub-${name}`) });
    }
  }
}
