import AxeBuilder from '@axe-core/playwright';

import { expect, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';

test.describe.configure({ timeout: 480_000 });

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

test('the pages have no barriers', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const found: string[] = [];
  const look = async (name: string, ...parts: string[]) => {
    const axe = parts.reduce(
      (builder, part) => builder.include(part),
      new AxeBuilder({ page })
    );
    const { violations } = await axe.analyze();
    found.push(
      ...violations.map(one => `${name}: ${one.id}: ${one.nodes[0].html}`)
    );
  };
  await challenges.open();
  await look('list', '#jupyter-challenge-panel');
  await challenges.openIris();
  for (const tab of ['About', 'Data', 'Board', 'Rules']) {
    await challenges.panel.getByRole('button', { name: tab }).click();
    await expect(
      challenges.document.getByRole('tab', { name: tab, selected: true })
    ).toBeVisible();
    await expect(challenges.document).not.toContainText('Loading');
    await look(tab, '#jupyter-challenge-panel', '.jp-ChallengeDocument');
  }
  await challenges.openNotebook('short.ipynb', ['print(1)']);
  await challenges.submit(async () => {
    await look('dialog', '.jp-Challenge-dialog');
  });
  await challenges.newestIs('failed');
  await challenges.openNewest();
  await expect(challenges.run).toContainText('no_predictions');
  // The notebook itself is JupyterLab's to draw.
  await challenges.run.getByRole('tab', { name: 'Log' }).click();
  await look('run', '.jp-ChallengeRun');
  expect(found).toEqual([]);
});

test('forced colours leave visible what is chosen and where the focus is', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  await page.emulateMedia({ forcedColors: 'active' });
  await challenges.openIris();
  await challenges.panel.getByRole('button', { name: 'Rules' }).click();
  const tab = (selected: boolean) =>
    challenges.document.getByRole('tab', { selected }).first();
  await expect(tab(true)).toHaveText('Rules');
  const border = (selected: boolean) =>
    tab(selected).evaluate(node => getComputedStyle(node).borderBottomColor);
  expect(await border(true)).not.toBe(await border(false));

  await tab(true).focus();
  await page.keyboard.press('ArrowLeft');
  const outline = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(
      document.activeElement!
    );
    return [outlineStyle, parseFloat(outlineWidth) > 0];
  });
  expect(outline).toEqual(['solid', true]);

  const { violations } = await new AxeBuilder({ page })
    .include('#jupyter-challenge-panel')
    .include('.jp-ChallengeDocument')
    .analyze();
  expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual([]);
});
