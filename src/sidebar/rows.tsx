// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { selectedIcon, unselectedIcon } from '../icons';
import { Ago, Elapsed, StateMark } from '../marks';
import { failureHint, failureSentence } from '../run/failures';
import { isExpected } from '../submit/expected';
import type { IChallengeModel } from '../tokens';
import type { ChallengeView, SubmissionView } from '../wire';
import { isOver, rowText, submissionName } from '../words';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** The challenge that the rows belong to. */
  view: ChallengeView | undefined;
  /** Those that are chosen to be compared; null while none is to be. */
  chosen: ReadonlyArray<string> | null;
  /** Choose a row to compare, or give it up. */
  choose: (id: string) => void;
}

/** My submissions, newest first; each row keeps its place and its height while it lives. */
export function SubmissionRows(
  props: IProps & { submissions: ReadonlyArray<SubmissionView> }
): JSX.Element {
  return (
    <ul className="jp-Challenge-rows">
      {props.submissions.map(submission => (
        <SubmissionRow key={submission.id} {...props} submission={submission} />
      ))}
    </ul>
  );
}

function SubmissionRow(
  props: IProps & { submission: SubmissionView }
): JSX.Element {
  const { model, commands, submission, trans, chosen } = props;
  const name = submissionName(submission, trans);
  return (
    <li
      className="jp-Challenge-row"
      data-submission={submission.id}
      data-state={submission.state}
    >
      {chosen && !isExpected(submission) && (
        <input
          type="checkbox"
          className="jp-Challenge-rowChoice"
          aria-label={trans.__('Compare %1', name)}
          checked={chosen.includes(submission.id)}
          onChange={() => props.choose(submission.id)}
        />
      )}
      <button
        className="jp-Challenge-rowMain"
        disabled={isExpected(submission)}
        title={rowTitle(submission, trans)}
        onClick={() =>
          void commands.execute(CommandIDs.openRun, {
            submission: submission.id
          })
        }
      >
        <span className="jp-Challenge-rowName">{name}</span>
        <StateMark state={submission.state} trans={trans} />
        <span className="jp-Challenge-rowText">
          {rowText(submission, trans)}
        </span>
        <span
          className={`jp-Challenge-rowTime ${isOver(submission) ? '' : 'jp-mod-live'}`}
        >
          {isOver(submission) ? (
            <Ago
              time={submission.ended_at ?? submission.created_at}
              model={model}
              trans={trans}
            />
          ) : (
            <Elapsed
              since={submission.started_at ?? submission.created_at}
              model={model}
            />
          )}
        </span>
        {submission.note && (
          <span className="jp-Challenge-rowNote">{submission.note}</span>
        )}
      </button>
      {isSelectable(submission, props.view) && <SelectButton {...props} />}
      {!isOver(submission) && !isExpected(submission) && (
        <button
          className="jp-Challenge-iconButton"
          title={trans.__('Cancel %1', name)}
          aria-label={trans.__('Cancel %1', name)}
          onClick={() =>
            void commands.execute(CommandIDs.cancelRun, {
              submission: submission.id
            })
          }
        >
          <closeIcon.react tag="span" />
        </button>
      )}
    </li>
  );
}

/** Says whether a submission counts on the private board, and changes that. */
function SelectButton(
  props: IProps & { submission: SubmissionView }
): JSX.Element {
  const { commands, submission, trans } = props;
  const name = submissionName(submission, trans);
  const Icon = submission.selected ? selectedIcon : unselectedIcon;
  return (
    <button
      className="jp-Challenge-iconButton jp-Challenge-select"
      aria-pressed={submission.selected}
      aria-label={trans.__('Select %1 for the private board', name)}
      title={
        submission.selected
          ? trans.__('%1 is selected for the private board', name)
          : trans.__('Select %1 for the private board', name)
      }
      onClick={() =>
        void commands.execute(CommandIDs.selectSubmission, {
          submission: submission.id,
          selected: !submission.selected
        })
      }
    >
      <Icon.react tag="span" />
    </button>
  );
}

/** Whether the phase lets a team choose, and this is one to choose. */
export function isSelectable(
  submission: SubmissionView,
  view: ChallengeView | undefined
): boolean {
  const phase = view?.phases.find(one => one.id === submission.phase);
  return (
    phase?.counting === 'selected' &&
    phase.state === 'open' &&
    submission.state === 'scored' &&
    !submission.is_try
  );
}

function rowTitle(
  submission: SubmissionView,
  trans: TranslationBundle
): string {
  return [
    trans.__('Show the run of %1', submission.name),
    submission.note,
    submission.failure ? failureSentence(submission.failure, trans) : '',
    submission.failure ? failureHint(submission.failure, trans) : ''
  ]
    .filter(Boolean)
    .join('\n');
}
