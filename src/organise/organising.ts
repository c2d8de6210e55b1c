// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { folderName } from './foldername';
import type { IFolders } from './folders';
import { OrganiserApi } from './organiserapi';
import { OrganiseIDs } from './organiseids';
import { CommandIDs } from '../commandids';
import { RequestError } from '../request';
import { tell } from '../tell';
import type { IChallengeModel } from '../tokens';
import { bytes, errorText } from '../words';

/** What organisers' actions need of the application. */
export interface IOrganising {
  model: IChallengeModel;
  commands: CommandRegistry;
  folders: IFolders;
  trans: TranslationBundle;
}

/** Add the commands with which organisers act; those that show come with what they show. */
export function addOrganising(options: IOrganising): void {
  const { commands, trans } = options;
  const challenge = {
    type: 'string' as const,
    description: trans.__('The id of the challenge')
  };
  commands.addCommand(OrganiseIDs.closeChallenge, {
    label: args =>
      args['closed'] === false
        ? trans.__('Open Challenge Again…')
        : trans.__('Close Challenge…'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          challenge,
          closed: {
            type: 'boolean',
            description: trans.__('False opens it again')
          }
        },
        required: ['challenge']
      }
    },
    execute: args =>
      closeChallenge(
        options,
        String(args['challenge']),
        args['closed'] !== false
      )
  });
  commands.addCommand(OrganiseIDs.createChallenge, {
    label: trans.__('New Challenge…'),
    caption: trans.__('Make a folder with a challenge that works as it is'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => createChallenge(options)
  });
  commands.addCommand(OrganiseIDs.exportChallenge, {
    label: trans.__('Export Challenge'),
    caption: trans.__('Save all that was submitted as a zip'),
    describedBy: {
      args: {
        type: 'object',
        properties: { challenge },
        required: ['challenge']
      }
    },
    execute: args => exportChallenge(options, String(args['challenge']))
  });
}

/** Close a challenge for submissions, or open it again, after saying what that means. */
async function closeChallenge(
  options: IOrganising,
  id: string,
  closed: boolean
): Promise<void> {
  const { model, trans } = options;
  try {
    const { title } = await model.api.challenge(id);
    const answer = await showDialog({
      title: closed
        ? trans.__('Close “%1”?', title)
        : trans.__('Open “%1” again?', title),
      body: closed
        ? trans.__(
            'Nobody can submit until you open it again. What waits or runs is still scored; boards, scores and dates stay as they are.'
          )
        : trans.__(
            'Teams can submit again in every phase that is open by its dates. Boards, scores and dates stay as they are.'
          ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        closed
          ? Dialog.warnButton({ label: trans.__('Close it') })
          : Dialog.okButton({ label: trans.__('Open it') })
      ]
    });
    if (!answer.button.accept) {
      return;
    }
    await new OrganiserApi(model.api).close(id, closed);
    await model.loadChallenge(id);
    await model.refresh();
    Notification.success(
      closed
        ? trans.__('%1 is closed.', title)
        : trans.__('%1 is open again.', title)
    );
  } catch (error) {
    tell(error, trans);
  }
}

/** Make a working challenge folder where the user wants it, and open its challenge.yaml. */
async function createChallenge(options: IOrganising): Promise<void> {
  const { model, commands, folders, trans } = options;
  const named = await InputDialog.getText({
    title: trans.__('New challenge'),
    label: trans.__('Its title'),
    placeholder: trans.__('My challenge'),
    okLabel: trans.__('Go on')
  });
  const title = named.value?.trim();
  if (!named.button.accept || !title) {
    return;
  }
  const name = folderName(title);
  const parent = await folders.choose(
    trans.__('Where shall the folder of %1 be?', title),
    trans.__(
      'Select a folder, or none for the one that is open here. In it, “%1” is made.',
      name
    ),
    await folders.outside()
  );
  if (parent === null) {
    return;
  }
  const path = parent === '/' ? name : `${parent}/${name}`;
  try {
    const made = await new OrganiserApi(model.api).create(path, title);
    if (commands.hasCommand('filebrowser:go-to-path')) {
      await commands.execute('filebrowser:go-to-path', {
        path: made.folder,
        dontShowBrowser: true
      });
    }
    await commands.execute('docmanager:open', {
      path: `${made.folder}/challenge.yaml`
    });
    Notification.info(
      trans.__(
        'The folder %1 is a challenge that works as it is. Change it, then publish it.',
        made.folder
      ),
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Publish…'),
            callback: () =>
              void commands.execute(CommandIDs.publishFolder, {
                path: made.folder
              })
          }
        ]
      }
    );
  } catch (error) {
    tell(error, trans);
  }
}

/** Save the export beside the user's files, with a notification that follows it. */
async function exportChallenge(
  options: IOrganising,
  challenge: string
): Promise<void> {
  const { model, commands, folders, trans } = options;
  const id = Notification.emit(
    trans.__('Exporting %1…', challenge),
    'in-progress',
    { autoClose: false }
  );
  try {
    const saved = await new OrganiserApi(model.api).export(
      challenge,
      folders.current || '/'
    );
    Notification.update({
      id,
      message: trans.__(
        'All submissions of %1 are in %2 (%3).',
        challenge,
        saved.path,
        bytes(saved.size, trans)
      ),
      type: 'success',
      autoClose: false,
      actions: commands.hasCommand('filebrowser:go-to-path')
        ? [
            {
              label: trans.__('Show the file'),
              callback: () =>
                void commands.execute('filebrowser:go-to-path', {
                  path: saved.path
                })
            }
          ]
        : []
    });
  } catch (error) {
    if (!(error instanceof RequestError)) {
      Notification.dismiss(id);
      throw error;
    }
    const { message, hint } = errorText(error, trans);
    Notification.update({
      id,
      message: [message, hint].filter(Boolean).join(' '),
      type: 'error',
      autoClose: false
    });
  }
}
