import { expect, test } from '@playwright/test';

import { PATIENCE, Person } from './person';

test('a profile, Lab in a pod, the starter, its score', async ({ page }) => {
  const ana = new Person(page, 'ana');
  await ana.signIn();
  await ana.openForm();
  await ana.picture('profiles');
  await ana.take('cpu');
  await ana.reachLab();
  await ana.picture('lab');

  await ana.openChallenge('iris');
  await ana.panel
    .getByRole('button', { name: 'Read the terms and enter' })
    .click(PATIENCE);
  await page.getByRole('button', { name: 'Accept and enter' }).click(PATIENCE);

  await ana.panel
    .getByRole('button', { name: 'Get the starter' })
    .click(PATIENCE);
  await page
    .locator('.jp-Dialog')
    .getByRole('button', { name: 'Select' })
    .click(PATIENCE);
  await expect(page.locator('.jp-NotebookPanel')).toBeVisible(PATIENCE);
  await ana.openPanel();
  await ana.submit();
  await expect(ana.rows.first()).toHaveAttribute(
    'data-state',
    'scored',
    PATIENCE
  );
  await expect(ana.rows.first()).toContainText('0.9');
  await expect(ana.panel).toContainText('Rank 1', PATIENCE);
  await ana.picture('score');
});
