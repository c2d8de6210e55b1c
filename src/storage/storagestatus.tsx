// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IStatusBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import type { StorageModel, StorageState } from './storagemodel';

/** Say in the status bar that storage is not there; nothing is there while it is. */
export function addStorageStatus(
  statusBar: IStatusBar,
  model: StorageModel,
  commands: CommandRegistry,
  trans: TranslationBundle
): void {
  const item = ReactWidget.create(
    <UseSignal signal={model.stateChanged}>
      {() => <StorageStatus model={model} commands={commands} trans={trans} />}
    </UseSignal>
  );
  item.addClass('jp-Challenge');
  item.addClass('jp-ChallengeStatus');
  statusBar.registerStatusItem('jupyter-challenge:storage', {
    item,
    align: 'left',
    rank: 21,
    isActive: () => model.state !== 'well',
    activeStateChanged: model.stateChanged
  });
}

/** What is wrong with the storage, in a few words. */
export function stateText(
  state: StorageState,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'signed_out':
      return trans.__('Storage: sign-in expired');
    case 'away':
      return trans.__('Storage: no answer');
    case 'refused':
      return trans.__('Storage: not for you');
    case 'well':
      return '';
  }
}

function StorageStatus(props: {
  model: StorageModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, commands, trans } = props;
  if (model.state === 'well') {
    return null;
  }
  const isSignedOut = model.state === 'signed_out';
  return (
    <button
      className="jp-Challenge-statusItem"
      title={[
        ...model.missing.map(token => token.message),
        isSignedOut
          ? trans.__('Sign in at the hub again')
          : trans.__('Ask again now')
      ]
        .filter(Boolean)
        .join('\n')}
      onClick={() =>
        void commands.execute(
          isSignedOut ? CommandIDs.storageSignIn : CommandIDs.storageRetry
        )
      }
    >
      <span>{stateText(model.state, trans)}</span>
    </button>
  );
}
