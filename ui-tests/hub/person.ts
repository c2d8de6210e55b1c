import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';

import { picturePath } from '../helpers/challenges';

/** Servers are pods on a machine with two cores, as are the runs of what they submit. */
export const PATIENCE = { timeout: 150_000 };

/** Beside a cell that runs, or did. */
const RUN = /\[[*\d]+\]/;

/** Somebody in front of a browser, with a hub and the Lab that it gives them. */
export class Person {
  constructor(
    readonly page: Page,
    readonly name: string
  ) {}

  /** Sign in at the hub; an OpenID provider's form or the hub's own. */
  async signIn(picture = ''): Promise<void> {
    await this.page.goto('/hub/login');
    if (picture) {
      await expect(
        this.page.locator('input[type=password]').first()
      ).toBeVisible(PATIENCE);
      await this.picture(picture);
    }
    await this.fillIn();
  }

  /** Give name and password. */
  async fillIn(): Promise<void> {
    await this.page
      .locator('#username, #username_input')
      .first()
      .fill(this.name);
    const password = this.page.locator('input[type=password]').first();
    await password.fill(`pw-${this.name}`);
    await password.press('Enter');
    await this.page.waitForURL(/\/hub\/(home|spawn)|\/user\//);
  }

  /** Open the form with the compute profiles. */
  async openForm(): Promise<void> {
    await this.page.goto('/hub/spawn');
    await expect(
      this.page.locator('input[name=profile]').first()
    ).toBeAttached();
  }

  /** The part of the form with a compute profile. */
  profile(id: string): Locator {
    return this.page.locator(`label[for="challenge-profile-${id}"]`);
  }

  /** Take a compute profile. */
  async take(id: string): Promise<void> {
    await this.profile(id).click();
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
    await expect(news).toHaveCount(0, PATIENCE);
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

  /**
   * Submit the notebook that is open.
   *
   * @param picture - What to call a picture of the dialog, if one is wanted.
   * @returns What the server answered: the submission, as it was handed in.
   */
  async submit(picture = ''): Promise<{ image: string | null }> {
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
    if (picture) {
      await this.quiet();
      await this.picture(picture);
    }
    const answered = this.page.waitForResponse(
      response =>
        response.request().method() === 'POST' &&
        new URL(response.url()).pathname.endsWith('/jupyter-challenge/submit'),
      PATIENCE
    );
    await button.click();
    await expect(this.dialog).toHaveCount(0, PATIENCE);
    return (await answered).json();
  }

  /** Wait until no notification is there or on its way out. */
  async quiet(): Promise<void> {
    await expect(this.page.locator('.Toastify__toast')).toHaveCount(
      0,
      PATIENCE
    );
    await this.page.waitForTimeout(500);
  }

  /** What the status bar says of the storage; nothing while it is there. */
  get storage(): Locator {
    return this.page.locator('.jp-ChallengeStatus', { hasText: 'Storage:' });
  }

  /** Sign in once more from Lab, where it says that the sign-in has expired. */
  async signInAgain(picture = ''): Promise<void> {
    await expect(this.storage).toContainText('sign-in expired', PATIENCE);
    const told = this.page.locator('.Toastify__toast', {
      hasText: 'Your sign-in for storage has expired'
    });
    await expect(told).toBeVisible(PATIENCE);
    if (picture) {
      await this.picture(picture);
    }
    const opened = this.page.context().waitForEvent('page');
    await told.getByRole('button', { name: 'Sign In' }).click();
    const again = await opened;
    // The provider knows them yet, and asks for nothing.
    await again.waitForURL(/\/hub\/|\/user\//, PATIENCE);
    await again.close();
    await this.page.bringToFront();
    await expect(this.storage).toHaveCount(0, PATIENCE);
  }

  /** Enter the challenge that is open, and get its starter. */
  async enter(): Promise<void> {
    await this.panel
      .getByRole('button', { name: 'Read the terms and enter' })
      .click(PATIENCE);
    await this.page
      .getByRole('button', { name: 'Accept and enter' })
      .click(PATIENCE);
    await this.panel
      .getByRole('button', { name: 'Get the starter' })
      .click(PATIENCE);
    await this.page
      .locator('.jp-Dialog')
      .getByRole('button', { name: 'Select' })
      .click(PATIENCE);
    await expect(this.page.locator('.jp-NotebookPanel')).toBeVisible(PATIENCE);
    await this.openPanel();
  }

  /** Open an empty notebook. */
  async newNotebook(): Promise<void> {
    await this.page
      .locator('#jp-main-dock-panel .lm-TabBar-tab', { hasText: 'Launcher' })
      .click(PATIENCE);
    await this.page
      .locator('.jp-LauncherCard[data-category="Notebook"]:visible')
      .first()
      .click(PATIENCE);
    await expect(
      this.page.locator('#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current')
    ).toContainText('Untitled', PATIENCE);
    await expect(this.cells).toHaveCount(1, PATIENCE);
  }

  /** The cells with code of the notebook that is open. */
  get cells(): Locator {
    return this.page.locator(
      '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell'
    );
  }

  /** Run Python in the last cell of the notebook that is open; where what it prints appears. */
  async run(code: string): Promise<Locator> {
    const cell = this.cells.nth((await this.cells.count()) - 1);
    const prompt = cell.locator('.jp-InputPrompt');
    await cell.locator('.cm-content').click(PATIENCE);
    // Not typed: the editor would indent it and close its brackets.
    await this.page.keyboard.insertText(code);
    // While a new notebook has no kernel yet, Lab runs nothing and says nothing of it, and its
    // indicator says that the kernel is idle: so it is run until it says that it is.
    await expect(async () => {
      await cell.locator('.cm-content').click();
      await this.page.keyboard.press('Shift+Enter');
      await expect(prompt).toHaveText(RUN, { timeout: 5_000 });
      // A kernel that is only just coming may be another one by then, and has dropped it.
      await this.page.waitForTimeout(2_000);
      await expect(prompt).toHaveText(RUN, { timeout: 1_000 });
    }).toPass(PATIENCE);
    return cell.locator('.jp-OutputArea-output').first();
  }

  /** Expect that a part of a page of the hub can be read by everybody, when light and when dark. */
  async accessible(part: string): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await this.page.emulateMedia({ colorScheme });
      const axe = new AxeBuilder({ page: this.page }).include(part);
      expect((await axe.analyze()).violations).toEqual([]);
    }
  }

  /**
   * Write a picture for the documentation, where that was asked for.
   *
   * @param name - Of the file; `-dark` is added for the hub's dark pages.
   * @param options - Whether it is a page of the hub, which has a dark side by itself.
   */
  async picture(name: string, options: { dark?: boolean } = {}): Promise<void> {
    if (!process.env.UPDATE_SCREENSHOTS) {
      return;
    }
    await this.page.screenshot({ path: picturePath(`hub-${name}`) });
    if (options.dark) {
      await this.page.emulateMedia({ colorScheme: 'dark' });
      await this.page.waitForTimeout(500); // the hub's colours change slowly
      await this.page.screenshot({ path: picturePath(`hub-${name}-dark`) });
      await this.page.emulateMedia({ colorScheme: 'light' });
    }
  }
}
