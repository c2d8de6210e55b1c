// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IStatusBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from './commandids';
import { Elapsed, StateMark } from './marks';
import type { IChallengeModel } from './tokens';
import type { SubmissionView } from './wire';
import { rowText, submissionName } from './words';

/** Put a run that is under way into the status bar; nothing is there while there is none. */
export function addStatusItem(
  statusBar: IStatusBar,
  model: IChallengeModel,
  commands: CommandRegistry,
  trans: TranslationBundle
): void {
  const item = ReactWidget.create(
    <UseSignal signal={model.stateChanged}>
      {() => <StatusItem model={model} commands={commands} trans={trans} />}
    </UseSignal>
  );
  item.addClass('jp-Challenge');
  item.addClass('jp-ChallengeStatus');
  statusBar.registerStatusItem('jupyter-challenge:run', {
    item,
    align: 'left',
    rank: 20,
    isActive: () => model.settings.values.showStatus && !!newestRun(model),
    activeStateChanged: model.stateChanged
  });
}

/** The newest submission of mine that is not over; one that runs before one that waits. */
export function newestRun(model: IChallengeModel): SubmissionView | undefined {
  const { active } = model;
  return active.find(one => one.state === 'running') ?? active[0];
}

function StatusItem(props: {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, commands, trans } = props;
  const run = newestRun(model);
  if (!run) {
    return null;
  }
  const others = model.active.length - 1;
  return (
    <button
      className="jp-Challenge-statusItem"
      title={[
        trans.__('Show the run of %1', run.name),
        others > 0
          ? trans._n('1 more is under way', '%1 more are under way', others)
          : ''
      ]
        .filter(Boolean)
        .join('\n')}
      onClick={() =>
        void commands.execute(CommandIDs.openRun, { submission: run.id })
      }
    >
      <StateMark state={run.state} trans={trans} />
      <span>
        {trans.__(
          '%1 %2 · %3',
          run.challenge_title || run.challenge,
          submissionName(run, trans),
          rowText(run, trans)
        )}
      </span>
      <span aria-hidden="true">·</span>
      <Elapsed since={run.started_at ?? run.created_at} model={model} />
    </button>
  );
}
