import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@jupyterlab/galata';

import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 120_000 });

test.beforeEach(async ({ page, tmpPath }) => {
  await new Challenges(page, tmpPath).enterIris();
});

test('the sidebar works at 240 pixels', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  await challenges.openIris();
  await page.sidebar.setWidth(240, 'left');
  for (const part of ['.jp-Challenge-body', '.jp-Challenge-page']) {
    const overflow = await challenges.panel
      .locator(part)
      .evaluate(node => node.scrollWidth - node.clientWidth);
    expect(overflow, part).toBeLessThanOrEqual(0);
  }
  await expect(
    challenges.panel.getByRole('button', { name: 'Rules' })
  ).toBeInViewport();
});

for (const tab of ['About', 'Data', 'Board', 'Rules']) {
  test(`the page ${tab} has no barriers`, async ({ page, tmpPath }) => {
    const challenges = new Challenges(page, tmpPath);
    await challenges.openIris();
    await challenges.panel.getByRole('button', { name: tab }).click();
    await expect(
      challenges.document.getByRole('tab', { name: tab, selected: true })
    ).toBeVisible();
    await expect(challenges.document).not.toContainText('Loading');
    const { violations } = await new AxeBuilder({ page })
      .include('#jupyter-challenge-panel')
      .include('.jp-ChallengeDocument')
      .analyze();
    expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual(
      []
    );
  });
}
