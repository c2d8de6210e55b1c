import AxeBuilder from '@axe-core/playwright';

import { expect, test } from '../helpers/lab';
import { Challenges } from '../helpers/challenges';
import { Submissions } from '../helpers/submissions';

test.describe.configure({ timeout: 480_000 });

/** Outputs that try to do what no output of a stranger may do. */
const HOSTILE = `from IPython.display import HTML, SVG, Javascript, Markdown, display
display(HTML("<script>window.pwned = 1</script>"))
display(HTML("<img src=x onerror='window.pwned = 2'>"))
display(HTML("<a id=js href='javascript:window.pwned = 3'>press me</a>"))
display(HTML("<iframe srcdoc='<script>parent.pwned = 4</script>'></iframe>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned = 5'>"
            "<script>window.pwned = 6</script></svg>"))
display(Javascript("window.pwned = 7"))
display(Markdown("[md](javascript:window.pwned=8) <img src=x onerror=window.pwned=9>"))
display({"text/html": "<script>window.pwned = 10</script>"}, raw=True,
        metadata={"text/html": {"isolated": True}})
display(HTML("<img src='/seen-by-the-server.png'>"))
display({"application/vnd.jupyter.widget-view+json": {"model_id": "gone", "version_major": 2},
         "text/plain": "IntSlider(value=3)"}, raw=True)
display(HTML("<table>" + "<tr><td>cell</td></tr>" * 20_000 + "</table>"))
display({"image/png": "iVBORw0KGgo" + "A" * 20_000_000}, raw=True)
print("long " * 100_000)`;

test('an executed notebook shows its failing cell first, and nothing of it runs', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const submissions = new Submissions(page, tmpPath);
  const { run } = challenges;
  const asked: string[] = [];
  page.on('request', request => asked.push(request.url()));
  await challenges.enterIris();
  const id = await submissions.handIn('hostile.ipynb', {
    cells: [
      HOSTILE,
      'print("before")',
      'import no_such_module_anywhere',
      ...Array.from({ length: 17 }, (_, n) => `print("after ${n}")`)
    ]
  });
  expect(await submissions.over(id)).toBe('failed');
  await submissions.execute('open-run', { submission: id });

  // What failed, why, and what to do about it.
  await expect(run).toContainText(
    '"no_such_module_anywhere" is installed neither where runs take place nor'
  );
  const failing = run.getByRole('region', { name: 'The cell that failed' });
  await expect(failing).toContainText('Cell 3 stopped here');
  await expect(failing).toContainText('cell_error');
  await expect(failing.locator('.jp-Cell')).toContainText(
    'ModuleNotFoundError'
  );

  const whole = run.getByRole('region', { name: 'The whole notebook' });
  await expect(whole.locator('.jp-Cell')).toHaveCount(20);
  await expect(whole).toContainText('press me');
  await expect(whole).toContainText('IntSlider(value=3)');
  await expect(whole).toContainText('characters are not shown');
  await expect(whole).toContainText('image/png, 20.0 MB');
  await expect(
    whole.locator('script, iframe, [onerror], [onload]')
  ).toHaveCount(0);
  await whole.locator('a', { hasText: 'press me' }).dispatchEvent('click');
  expect(await page.evaluate(() => (window as any).pwned)).toBeUndefined();
  expect(asked.filter(url => url.includes('seen-by-the-server'))).toEqual([]);

  // The log of another step, the search, and what the log is saved as.
  await run.locator('[data-step=run]').click();
  const log = run.locator('.jp-Challenge-log pre');
  await expect(log).toContainText('more characters in this line');
  await run.getByLabel('Search in the log').fill('cell 2/20');
  await expect(log).toHaveText('── cell 2/20 ──');
  await expect(run).toContainText('1 line');
  const download = page.waitForEvent('download');
  await run.getByRole('button', { name: 'Download the whole log' }).click();
  expect((await download).suggestedFilename()).toBe('run.log');

  const { violations } = await new AxeBuilder({ page })
    .include('.jp-ChallengeRun')
    .analyze();
  expect(violations.map(one => `${one.id}: ${one.nodes[0].html}`)).toEqual([]);

  // From here one goes on with a copy.
  await run.getByRole('button', { name: 'Open notebook' }).click();
  await expect(
    page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)')
  ).toContainText('no_such_module_anywhere');
});

test('a bar is followed, and a queued run is cancelled without a question', async ({
  page,
  tmpPath
}) => {
  const challenges = new Challenges(page, tmpPath);
  const submissions = new Submissions(page, tmpPath);
  const { run } = challenges;
  await challenges.enterIris();
  const id = await submissions.handIn('bar.ipynb', {
    cells: [
      'import sys, time\nfor n in range(100_000):\n' +
        '    print(f"\\r{min(n, 45)}%|####| step {n}", end="", file=sys.stderr)\n' +
        '    time.sleep(0.05)'
    ]
  });
  await submissions.execute('open-run', { submission: id });
  await expect(run.locator('[data-step=run]')).toContainText('45 %', {
    timeout: 120_000
  });
  const log = run.locator('.jp-Challenge-log pre');
  await expect(log).toContainText('45%|####|');
  // One line, however often it was written.
  expect((await log.innerText()).match(/####/g)).toHaveLength(1);

  await run.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await expect(run.locator('.jp-Challenge-runState')).toContainText(
    'cancelled'
  );
  await expect(run).toContainText('it used one submission');
});
