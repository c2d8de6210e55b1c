// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Api } from '../api';
import { CommandIDs } from '../commandids';
import { DOMAIN } from '../tokens';
import { StorageModel } from './storagemodel';
import { addStorageStatus } from './storagestatus';
import { tellWhenSignedOut } from './telling';

/** Storage as the one who owns this server: says when the sign-in for it has ended. */
export const storage: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-challenge:storage',
  description: 'Says when the sign-in for storage has ended, and renews it.',
  autoStart: true,
  optional: [IStatusBar, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    statusBar: IStatusBar | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    // The server extension says so, where a hub gave the server tokens to keep.
    if (PageConfig.getOption('challengeStorage') !== 'true') {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new StorageModel({
      api: new Api(app.serviceManager.serverSettings),
      open: address => window.open(address, '_blank', 'noopener'),
      whenBack: then => {
        window.addEventListener('focus', then);
        return () => window.removeEventListener('focus', then);
      }
    });
    const none = { args: { type: 'object' as const, properties: {} } };
    app.commands.addCommand(CommandIDs.storageSignIn, {
      label: trans.__('Sign In for Storage Again'),
      caption: trans.__('Sign in at the hub again'),
      describedBy: none,
      execute: () => model.signIn()
    });
    app.commands.addCommand(CommandIDs.storageRetry, {
      label: trans.__('Ask for Storage Again'),
      caption: trans.__('Ask again now'),
      describedBy: none,
      execute: () => model.retry()
    });
    const category = trans.__('Challenges');
    palette?.addItem({ command: CommandIDs.storageSignIn, category });
    if (statusBar) {
      addStorageStatus(statusBar, model, app.commands, trans);
    }
    tellWhenSignedOut(model, trans);
  }
};
