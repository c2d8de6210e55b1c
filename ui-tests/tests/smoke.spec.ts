import { expect, test } from '../helpers/lab';

test('JupyterLab opens with the extension switched on', async ({ page }) => {
  await expect(page.locator('#jp-main-dock-panel')).toBeVisible();
  const isActivated = await page.evaluate(() =>
    window.jupyterapp.isPluginActivated('jupyter-challenge:plugin')
  );
  expect(isActivated).toBe(true);
});
