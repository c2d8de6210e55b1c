// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import type { SubmissionView } from '../wire';

/** Offers a try, which shows everything and costs nothing; without an open notebook, that one. */
export function TryOffer(props: {
  commands: CommandRegistry;
  trans: TranslationBundle;
  view: SubmissionView;
}): JSX.Element | null {
  const { commands, trans, view } = props;
  if (view.kind !== 'notebook' || !view.mine) {
    return null;
  }
  return (
    <UseSignal signal={commands.commandChanged}>
      {() =>
        commands.isEnabled(CommandIDs.tryOut) ? (
          <button
            className="jp-Challenge-button jp-mod-styled"
            onClick={() =>
              void commands.execute(CommandIDs.tryOut, {
                challenge: view.challenge
              })
            }
          >
            {trans.__('Try the open notebook on the sample')}
          </button>
        ) : (
          <button
            className="jp-Challenge-button jp-mod-styled"
            title={trans.__('Then Try is offered in its toolbar')}
            onClick={() =>
              void commands.execute(CommandIDs.openNotebook, {
                submission: view.id
              })
            }
          >
            {trans.__('Open the notebook to try it')}
          </button>
        )
      }
    </UseSignal>
  );
}
