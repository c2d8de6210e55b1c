// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';

import type { IActors } from './actions';
import { CommandIDs } from './commandids';
import { challengeIcon, submitIcon, tryIcon } from './icons';

/** What a challenge's folder holds. */
const DESCRIPTION = 'challenge.yaml';

/** Add the commands of the file browser's context menu. */
export function addFileCommands(actors: IActors): void {
  const { browsers, commands, contents, model, trans } = actors;

  /** The one thing that is selected, if it is one. */
  const selected = (): Contents.IModel | null => {
    const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 ? items[0] : null;
  };
  const isNotebook = (path: string) => path.toLowerCase().endsWith('.ipynb');
  const pathArgs = {
    args: {
      type: 'object' as const,
      properties: {
        path: {
          type: 'string' as const,
          description: trans.__(
            'The path on the server; what is selected in the file browser when left out'
          )
        },
        challenge: {
          type: 'string' as const,
          description: trans.__('The id of the challenge')
        }
      }
    }
  };

  for (const isTry of [false, true]) {
    commands.addCommand(isTry ? CommandIDs.tryFile : CommandIDs.submitFile, {
      label: args =>
        isTry
          ? trans.__('Try on the Sample…')
          : isNotebook(String(args['path'] ?? selected()?.path ?? ''))
            ? trans.__('Submit to a Challenge…')
            : trans.__('Submit as Predictions…'),
      icon: isTry ? tryIcon : submitIcon,
      isVisible: args => !!args['path'] || selected() !== null,
      describedBy: pathArgs,
      execute: async args => {
        const path = (args['path'] as string | undefined) ?? selected()?.path;
        if (!path) {
          return;
        }
        // Loaded when it is needed: it is no part of a start.
        const { submitFile } = await import('./submit/submitfile');
        await submitFile(actors, contents.localPath(path), {
          isTry,
          challenge: args['challenge'] as string | undefined
        });
      }
    });
  }

  commands.addCommand(CommandIDs.publishSelected, {
    label: trans.__('Publish as a Challenge…'),
    icon: challengeIcon,
    isVisible: () =>
      commands.hasCommand(CommandIDs.publishFolder) &&
      selected()?.type === 'directory',
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      const folder = selected();
      if (!folder) {
        return;
      }
      try {
        await contents.get(`${folder.path}/${DESCRIPTION}`, { content: false });
      } catch {
        Notification.error(
          trans.__(
            '%1 is no challenge yet: it has no file challenge.yaml. “jupyter challenge create” in a terminal makes one.',
            folder.name
          )
        );
        return;
      }
      model.wake();
      await commands.execute(CommandIDs.publishFolder, {
        path: contents.localPath(folder.path)
      });
    }
  });
}
