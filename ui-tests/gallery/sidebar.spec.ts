import { expect, test } from '@jupyterlab/galata';

import { Challenges } from '../helpers/challenges';
import { Gallery } from './gallery';

test.describe.configure({ timeout: 300_000 });
test.use({ autoGoto: false });

const LIST = /api\/v1\/challenges(\?|$)/;
const ALL = /jupyter-challenge\/api/;

test('the sidebar: challenges', async ({ page, tmpPath }) => {
  const gallery = new Gallery(page);
  const challenges = new Challenges(page, tmpPath);
  for (const [state, address, text] of [
    ['empty', LIST, 'No challenges yet'],
    ['loading', LIST, 'Loading'],
    ['offline', ALL, 'does not answer'],
    ['error', LIST, 'The database cannot be read'],
    ['full', null, 'Shower']
  ] as const) {
    if (address && state !== 'full') {
      await gallery.let(address, state);
    }
    await page.goto();
    await challenges.open();
    await page.sidebar.setWidth(320, 'left');
    await expect(challenges.panel).toContainText(text);
    await gallery.take('sidebar', state, challenges.panel);
    await gallery.mend();
  }
  expect(gallery.barriers).toEqual([]);
});

test('the sidebar: a challenge', async ({ page, tmpPath }) => {
  const gallery = new Gallery(page);
  const challenges = new Challenges(page, tmpPath);
  const one = (id: string) => new RegExp(`api/v1/challenges/${id}(\\?|$)`);
  const begin = async (id: string) => {
    await page.goto();
    await challenges.open();
    await page.sidebar.setWidth(320, 'left');
    await challenges.panel.locator(`[data-challenge=${id}]`).click();
  };
  await begin('iris');
  await expect(challenges.rows.first()).toBeVisible();
  await gallery.take('challenge', 'full', challenges.panel);
  await gallery.let(ALL, 'offline');
  await expect(challenges.panel).toContainText('does not answer');
  await gallery.take('challenge', 'offline', challenges.panel);
  await gallery.mend();
  await begin('digits');
  await expect(challenges.panel).toContainText('None yet');
  await gallery.take('challenge', 'empty', challenges.panel);
  for (const [state, text] of [
    ['loading', 'Loading'],
    ['error', 'The database cannot be read']
  ] as const) {
    await gallery.let(one('digits'), state);
    await begin('digits');
    await expect(challenges.panel).toContainText(text);
    await gallery.take('challenge', state, challenges.panel);
    await gallery.mend();
  }
  expect(gallery.barriers).toEqual([]);
});
