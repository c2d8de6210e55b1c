// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { toCompareWith } from './next';
import { CommandIDs } from '../commandids';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { submissionName } from '../words';

/** What one would do next with a run that is over: the board, or what came before it. */
export function RunNext(props: {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  view: SubmissionView;
}): JSX.Element | null {
  const { model, commands, trans, view } = props;
  // Read with the challenge, where only this page was open.
  model.challenge(view.challenge);
  const other = view.mine
    ? toCompareWith(view, model.submissions(view.challenge) ?? [])
    : null;
  const hasBoard = view.state === 'scored' && !view.is_try;
  return (
    <p className="jp-Challenge-runNext">
      {hasBoard && (
        <button
          className="jp-Challenge-link"
          onClick={() =>
            void commands.execute(CommandIDs.openChallenge, {
              challenge: view.challenge,
              tab: 'board'
            })
          }
        >
          {trans.__('Show on the board')}
        </button>
      )}
      {other && (
        <button
          className="jp-Challenge-link"
          onClick={() =>
            void commands.execute(CommandIDs.compareSubmissions, {
              first: other.id,
              second: view.id
            })
          }
        >
          {trans.__('Compare with %1', submissionName(other, trans))}
        </button>
      )}
    </p>
  );
}
