// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import type { ILayoutRestorer } from '@jupyterlab/application';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator } from '@jupyterlab/translation';

import type { ChallengeDocument } from './challenge/challengeview';
import { CommandIDs } from './commandids';
import { addComparing } from './compare/comparing';
import { Pages } from './pages';
import type { INotebookParts } from './run/executed';
import { addOpening } from './run/opening';
import type { RunPage } from './run/run';
import type { ChallengeTab, IChallengeModel } from './tokens';
import { DOMAIN } from './tokens';
import type { FillToolbar } from './toolbars';

const TABS: ReadonlyArray<ChallengeTab> = ['about', 'data', 'board', 'rules'];

/** What the main area's views are made of. */
export interface IViewOptions {
  app: JupyterFrontEnd;
  fillToolbar: FillToolbar;
  labShell: ILabShell | null;
  model: IChallengeModel;
  parts: INotebookParts | null;
  rendermime: IRenderMimeRegistry;
  restorer: ILayoutRestorer | null;
  translator: ITranslator;
}

/** Add the commands that show a challenge or a run, and bring both back after a reload. */
export function addViews(options: IViewOptions): void {
  const { app, model, parts, rendermime, translator } = options;
  const { commands } = app;
  const trans = translator.load(DOMAIN);
  addComparing(options);
  addOpening(options);

  const runs = new Pages<RunPage>(options, {
    namespace: 'jupyter-challenge-run',
    command: CommandIDs.openRun,
    args: page => ({ submission: page.submission }),
    name: page => page.submission
  });
  commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Show Run'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          submission: {
            type: 'string',
            description: trans.__('The id of the submission')
          }
        },
        required: ['submission']
      }
    },
    execute: async args => {
      const submission = String(args['submission']);
      await runs.open(
        one => one.submission === submission,
        async () => {
          // Drawn when it is first wanted: it is no part of a start.
          const { RunPage } = await import('./run/run');
          return new RunPage({
            submission,
            model,
            commands,
            parts,
            translator
          });
        }
      );
    }
  });

  const documents = new Pages<ChallengeDocument>(options, {
    namespace: 'jupyter-challenge-document',
    command: CommandIDs.openChallenge,
    args: one => ({ challenge: one.challenge, tab: one.tab }),
    name: one => one.challenge
  });
  commands.addCommand(CommandIDs.openChallenge, {
    label: args =>
      args['section'] === 'baselines'
        ? trans.__('Baselines')
        : trans.__('Open in Main Area'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          challenge: {
            type: 'string',
            description: trans.__('The id of the challenge')
          },
          tab: {
            type: 'string',
            description: trans.__('The page to show'),
            enum: [...TABS]
          },
          section: {
            type: 'string',
            description: trans.__('The part of the page to begin with'),
            enum: ['baselines']
          }
        },
        required: ['challenge']
      }
    },
    execute: async args => {
      const challenge = String(args['challenge']);
      const tab =
        TABS.find(one => one === args['tab']) ?? ('about' as ChallengeTab);
      const document = await documents.open(
        one => one.challenge === challenge,
        async () => {
          const { ChallengeDocument } =
            await import('./challenge/challengeview');
          const made = new ChallengeDocument({
            challenge,
            tab,
            commands,
            model,
            rendermime,
            translator
          });
          made.tabChanged.connect(() => documents.save(made));
          return made;
        }
      );
      document.tab = tab;
      if (args['section'] === 'baselines') {
        document.showSection('baselines');
      }
    }
  });
}

/** Whether the user sees the page of a run now. */
export function isRunInSight(
  app: JupyterFrontEnd,
  submission: string
): boolean {
  const id = `jupyter-challenge-run-${submission}`;
  return (
    !document.hidden &&
    ['main', 'down'].some(area =>
      [...app.shell.widgets(area)].some(
        widget => widget.id === id && widget.isVisible
      )
    )
  );
}
