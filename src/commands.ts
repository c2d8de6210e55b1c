// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import type { IActors } from './actions';
import {
  addExample,
  cancelRun,
  enterChallenge,
  saveBoard,
  selectSubmission
} from './actions';
import { getData, getStarter, openFile } from './challenge/folders';
import { CommandIDs } from './commandids';
import { addFileCommands } from './filecommands';
import { submitIcon, tryIcon } from './icons';
import { tell } from './tell';

/** The JSON schema of commands that are about one challenge. */
function challengeArgs(trans: TranslationBundle, isRequired: boolean) {
  return {
    args: {
      type: 'object' as const,
      properties: {
        challenge: {
          type: 'string' as const,
          description: trans.__('The id of the challenge')
        }
      },
      ...(isRequired ? { required: ['challenge'] } : {})
    }
  };
}

/** Add the commands that act; those that show something come with what they show. */
export function addCommands(
  actors: IActors,
  tracker: INotebookTracker | null
): void {
  const { commands, model, trans } = actors;
  const current = () => tracker?.currentWidget ?? null;
  const isEnabled = () => current() !== null;

  for (const isTry of [false, true]) {
    commands.addCommand(isTry ? CommandIDs.tryOut : CommandIDs.submit, {
      label: () =>
        isTry
          ? trans.__('Try Notebook on the Sample…')
          : trans.__('Submit Notebook to a Challenge…'),
      caption: () =>
        isTry
          ? trans.__('Try this notebook on the public sample of its challenge')
          : trans.__('Submit this notebook to its challenge'),
      icon: isTry ? tryIcon : submitIcon,
      isEnabled,
      describedBy: challengeArgs(trans, false),
      execute: async args => {
        const panel = current();
        if (!panel) {
          return;
        }
        try {
          // Loaded when it is needed: it is no part of a start.
          const { submitNotebook } = await import('./submit/submitfile');
          await submitNotebook(actors, panel, {
            isTry,
            challenge: args['challenge'] as string | undefined
          });
        } catch (error) {
          tell(error, trans);
        }
      }
    });
  }
  tracker?.currentChanged.connect(() => {
    commands.notifyCommandChanged(CommandIDs.submit);
    commands.notifyCommandChanged(CommandIDs.tryOut);
  });

  commands.addCommand(CommandIDs.enter, {
    label: trans.__('Enter Challenge'),
    describedBy: challengeArgs(trans, true),
    execute: args => enterChallenge(actors, String(args['challenge']))
  });

  const getArgs = {
    args: {
      type: 'object' as const,
      properties: {
        challenge: {
          type: 'string' as const,
          description: trans.__('The id of the challenge')
        },
        folder: {
          type: 'string' as const,
          description: trans.__(
            'Where on the server; the user is asked when left out'
          )
        }
      },
      required: ['challenge']
    }
  };
  commands.addCommand(CommandIDs.getStarter, {
    label: trans.__('Get the Starter…'),
    describedBy: getArgs,
    execute: args =>
      getStarter(
        actors,
        String(args['challenge']),
        args['folder'] as string | undefined
      )
  });

  commands.addCommand(CommandIDs.getData, {
    label: trans.__('Download the Data…'),
    describedBy: getArgs,
    execute: args =>
      getData(
        actors,
        String(args['challenge']),
        args['folder'] as string | undefined
      )
  });

  commands.addCommand(CommandIDs.openBaseline, {
    label: trans.__('Open the Baseline'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          challenge: {
            type: 'string',
            description: trans.__('The id of the challenge')
          },
          path: {
            type: 'string',
            description: trans.__('The path in the folder of the challenge')
          }
        },
        required: ['challenge', 'path']
      }
    },
    execute: args =>
      openFile(actors, String(args['challenge']), String(args['path']))
  });

  commands.addCommand(CommandIDs.saveBoard, {
    label: trans.__('Save the Board as CSV'),
    describedBy: challengeArgs(trans, true),
    execute: args => saveBoard(actors, String(args['challenge']))
  });

  commands.addCommand(CommandIDs.addExample, {
    label: args => {
      switch (args['name']) {
        case 'digits':
          return trans.__('Add the Digits Example Challenge');
        case 'shower':
          return trans.__('Add the Shower Example Challenge');
        default:
          return trans.__('Add the Iris Example Challenge');
      }
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            description: trans.__('The name of the example; iris if left out'),
            enum: ['iris', 'digits', 'shower']
          }
        }
      }
    },
    execute: args =>
      addExample(actors, args['name'] ? String(args['name']) : undefined)
  });

  commands.addCommand(CommandIDs.cancelRun, {
    label: trans.__('Cancel Run'),
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
    execute: args => cancelRun(actors, String(args['submission']))
  });

  commands.addCommand(CommandIDs.selectSubmission, {
    label: args =>
      args['selected'] === false
        ? trans.__('Do Not Select for the Private Board')
        : trans.__('Select for the Private Board'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          submission: {
            type: 'string',
            description: trans.__('The id of the submission')
          },
          selected: {
            type: 'boolean',
            description: trans.__('Whether it is selected from now on'),
            default: true
          }
        },
        required: ['submission']
      }
    },
    execute: args =>
      selectSubmission(
        actors,
        String(args['submission']),
        args['selected'] !== false
      )
  });

  addFileCommands(actors);

  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Challenges'),
    icon: refreshIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => model.refresh()
  });
}
