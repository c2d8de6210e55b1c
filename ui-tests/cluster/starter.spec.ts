import { expect, test } from '../helpers/lab';
import { Challenges, PATIENCE } from '../helpers/challenges';

test('the starter is submitted to a cluster and gets its score', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const { run } = challenges;
  await challenges.openIris();
  await challenges.getStarter();
  await page.sidebar.openTab('jupyter-challenge-panel');
  await challenges.submit();
  await challenges.openNewest();

  // The graph as it goes on: the notebook is at work in its pod, nothing is scored yet.
  const step = (name: string) => run.locator(`[data-step=${name}]`);
  await expect(step('run')).toHaveClass(/jp-mod-running/, PATIENCE);
  await expect(step('prepare')).toHaveClass(/jp-mod-succeeded/);
  await challenges.picture('cluster-running');

  await challenges.newestIs('scored');
  for (const name of ['prepare', 'run', 'evaluate']) {
    await expect(step(name)).toHaveClass(/jp-mod-succeeded/);
  }
  await expect(run).toContainText('0.9');
  await challenges.picture('cluster-run');
});
