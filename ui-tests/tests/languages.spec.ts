import AxeBuilder from '@axe-core/playwright';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test } from '@jupyterlab/galata';
import * as fs from 'fs';
import * as path from 'path';

import { Challenges, PATIENCE } from '../helpers/challenges';
import { Submissions } from '../helpers/submissions';

test.describe.configure({ timeout: 480_000 });

const LOCALES = path.resolve(
  __dirname,
  '..',
  '..',
  'jupyter_challenge',
  'locale'
);

/** Where everything that we show stands. */
const OURS =
  '.jp-Challenge, .jp-ChallengePage, .jp-ChallengeRun, .jp-ChallengeDocument, .jp-Challenge-dialog, [data-command^="jupyter-challenge:"]';

/** One text after another of a catalogue that people edit: English, and what it is instead. */
function catalogue(locale: string): { english: string[]; said: string[] }[] {
  const file = path.join(
    LOCALES,
    locale,
    'LC_MESSAGES',
    'jupyter_challenge.po'
  );
  const strings = (block: string, key: string): string[] =>
    [
      ...block.matchAll(
        new RegExp(
          `^${key}(?:\\[\\d\\])? ((?:"(?:[^"\\\\]|\\\\.)*"\\n?)+)`,
          'gm'
        )
      )
    ].map(([, quoted]) =>
      quoted
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
        .join('')
    );
  return fs
    .readFileSync(file, 'utf-8')
    .split('\n\n')
    .slice(1)
    .map(block => ({
      english: [...strings(block, 'msgid'), ...strings(block, 'msgid_plural')],
      said: strings(block, 'msgstr')
    }));
}

/** Patterns of the English texts that read otherwise in a language. */
function english(locale: string): RegExp[] {
  const texts = catalogue(locale).flatMap(({ english, said }) =>
    english.filter(text => !said.includes(text))
  );
  expect(texts.length).toBeGreaterThan(500);
  return (
    texts
      // Less than a word would be found anywhere.
      .filter(text => /[A-Za-z]{4}/.test(text.replace(/%\d/g, '')))
      .map(text => {
        const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        return new RegExp(`^${escaped.replace(/%\d/g, '.+')}$`, 's');
      })
  );
}

/** The texts of ours that are in sight, and those that are read out. */
async function texts(page: IJupyterLabPageFixture): Promise<string[]> {
  return page.evaluate(ours => {
    const found = new Set<string>();
    // What the organiser, a participant or a program wrote has no other language.
    const theirs =
      'code, pre, .jp-RenderedMarkdown, .jp-Notebook, .jp-Challenge-log, .cm-editor, [lang]';
    for (const root of document.querySelectorAll<HTMLElement>(ours)) {
      for (const one of [root, ...root.querySelectorAll<HTMLElement>('*')]) {
        if (!one.checkVisibility() || one.closest(theirs)) {
          continue;
        }
        const own = [...one.childNodes]
          .filter(node => node.nodeType === Node.TEXT_NODE)
          .map(node => node.textContent ?? '')
          .join('');
        for (const text of [
          own,
          one.getAttribute('aria-label'),
          one.getAttribute('title'),
          one.getAttribute('placeholder')
        ]) {
          if (text?.trim()) {
            // Facts stand side by side with a dot between them.
            for (const part of text.split(' · ')) {
              found.add(part.trim());
            }
          }
        }
      }
    }
    return [...found];
  }, OURS);
}

for (const [locale, submit, organise] of [
  ['de_DE', 'Einreichen', 'Veranstalten'],
  ['ja_JP', '提出', '主催']
]) {
  test.describe(locale, () => {
    test.use({
      mockSettings: {
        ...galata.DEFAULT_SETTINGS,
        '@jupyterlab/translation-extension:plugin': { locale }
      },
      // Galata itself looks for the tab "Launcher", which has another name here.
      waitForApplication: async ({ baseURL: _ }, use) => {
        await use(async page => {
          await page
            .locator('#jupyterlab-splash')
            .waitFor({ state: 'detached' });
          await expect(page.locator('.jp-Launcher')).toBeVisible();
        });
      }
    });

    test('nothing is left in English', async ({ page, tmpPath }) => {
      const challenges = new Challenges(page, tmpPath);
      const patterns = english(locale);
      const left: string[] = [];
      const look = async (name: string, ...parts: string[]) => {
        const seen = await texts(page);
        left.push(
          ...seen
            .filter(text => patterns.some(one => one.test(text)))
            .map(text => `${name}: ${text}`)
        );
        const axe = parts.reduce(
          (builder, part) => builder.include(part),
          // The notebook itself is JupyterLab's to draw.
          new AxeBuilder({ page }).exclude('.jp-Notebook')
        );
        const { violations } = await axe.analyze();
        left.push(
          ...violations.map(one => `${name}: ${one.id}: ${one.nodes[0].html}`)
        );
        if (process.env.LOOK) {
          fs.writeFileSync(
            path.join(process.env.LOOK, `${locale}-${name}.txt`),
            seen.join('\n')
          );
          await page.screenshot({
            path: path.join(process.env.LOOK, `${locale}-${name}.png`)
          });
        }
      };

      await challenges.enterIris();
      const failed = await new Submissions(page, tmpPath).handIn(
        'broken.ipynb',
        { cells: ['1 / 0'], isTry: true }
      );
      await new Submissions(page, tmpPath).over(failed);
      await challenges.open();
      await page.sidebar.setWidth(240, 'left');
      await look('list', '#jupyter-challenge-panel');
      await challenges.panel.locator('[data-challenge=iris]').click();
      await expect(challenges.rows.first()).toBeVisible();
      await look('challenge', '#jupyter-challenge-panel');

      await challenges.openNotebook('words.ipynb', ['1 / 0']);
      const button = page.locator(
        '[data-command="jupyter-challenge:submit-notebook"]:visible'
      );
      await expect(button).toHaveText(submit);
      await button.click();
      const { dialog } = challenges;
      const known = await challenges.rows.count();
      await expect(dialog.locator('.jp-mod-accept').first()).toBeVisible(
        PATIENCE
      );
      await expect(dialog.locator('[aria-busy=true]')).toHaveCount(0);
      await look('dialog', '.jp-Challenge-dialog');
      await dialog
        .getByRole('button', { name: submit, exact: true })
        .click(PATIENCE);
      await expect(dialog).toHaveCount(0);
      await expect(challenges.rows).toHaveCount(known + 1, PATIENCE);
      await challenges.newestIs('failed');
      await look('after', '#jupyter-challenge-panel');

      await challenges.openNewest();
      await expect(challenges.run).toContainText('ZeroDivisionError');
      await look('run', '.jp-ChallengeRun');

      const submissions = new Submissions(page, tmpPath);
      for (const tab of ['about', 'data', 'board', 'rules']) {
        await submissions.execute('open-challenge', { challenge: 'iris', tab });
        await expect(challenges.document).toBeVisible();
        await expect(
          challenges.document.locator('[aria-busy=true]')
        ).toHaveCount(0);
        await look(tab, '.jp-ChallengeDocument');
      }
      await challenges.panel
        .getByRole('button', { name: organise, exact: true })
        .click();
      await look('organise', '#jupyter-challenge-panel');
      for (const tab of ['submissions', 'versions', 'dates']) {
        await submissions.execute('organise-challenge', {
          challenge: 'iris',
          tab
        });
        await expect(challenges.document).toBeVisible();
        await look(tab, '.jp-ChallengeDocument');
      }
      expect(left).toEqual([]);
    });
  });
}
