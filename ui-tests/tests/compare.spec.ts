import AxeBuilder from '@axe-core/playwright';

import { expect, layoutSaved, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';
import { Submissions } from '../helpers/submissions';

test.describe.configure({ timeout: 480_000 });

const PREDICT = (species: string) => `import csv
rows = list(csv.DictReader(open("input/test.csv")))
with open("output/predictions.csv", "w") as file:
    file.write("id,species\\n")
    for row in rows:
        file.write(row["id"] + ",${species}\\n")`;

test('two submissions side by side', async ({ page, tmpPath }) => {
  const challenges = new Challenges(page, tmpPath);
  const submissions = new Submissions(page, tmpPath);
  await challenges.enterIris();
  const parameters = {
    source: 'depth = 1',
    metadata: { tags: ['parameters'] }
  };
  const same = 'print("the same in both")';
  const first = await submissions.handIn('first.ipynb', {
    cells: [parameters, same, PREDICT('setosa')],
    parameters: { depth: 2 }
  });
  const second = await submissions.handIn('second.ipynb', {
    cells: [parameters, same, PREDICT('virginica'), 'print("new here")'],
    parameters: { depth: 3 }
  });
  expect(await submissions.over(first)).toBe('scored');
  expect(await submissions.over(second)).toBe('scored');

  const saved = layoutSaved(page, 'jupyter-challenge-compare');
  await submissions.execute('compare-submissions', { first, second });
  const compare = page.locator('.jp-ChallengeCompare:visible');
  const accuracy = compare.locator('tr[data-metric^="public/"]').first();
  await expect(accuracy.locator('td')).toHaveCount(3);
  const depth = compare.getByRole('row', { name: 'depth' });
  await expect(depth).toContainText('changed');
  await expect(compare).toContainText('in the same versions');

  const diff = compare.locator('.jp-Notebook-diff');
  await expect(diff).toContainText('virginica');
  await expect(diff).toContainText('new here');
  await expect(diff.getByText('the same in both')).toBeHidden();
  // What comes into sight with them must not move them: a click would go beside.
  const unchanged = compare.getByLabel('Unchanged cells');
  const place = await unchanged.evaluate(async node => {
    node.scrollIntoView({ block: 'center' });
    const before = node.getBoundingClientRect().top;
    for (let frame = 0; frame < 20; frame++) {
      await new Promise(requestAnimationFrame);
    }
    return { before, after: node.getBoundingClientRect().top };
  });
  expect(place.after).toBe(place.before);
  await unchanged.check();
  await expect(diff.getByText('the same in both')).toBeVisible();
  await compare.getByLabel('Outputs').check();
  await expect(
    diff.locator('.jp-Cellrow-outputs, .jp-Diff-outputsContainer').first()
  ).toBeAttached();
  await compare.evaluate(node => node.scrollTo(0, 0));
  await challenges.picture('compare');
  const { violations } = await new AxeBuilder({ page })
    .include('.jp-ChallengeCompare')
    .analyze();
  expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual([]);

  // It is there again after a reload.
  await saved;
  await page.reload({ waitForIsReady: false });
  await expect(diff).toContainText('virginica', { timeout: 120_000 });
});
