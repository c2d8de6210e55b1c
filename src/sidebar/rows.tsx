import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { Ago, Elapsed, StateMark } from '../marks';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { isOver, rowText, submissionName } from '../words';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
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
  const { model, commands, submission, trans } = props;
  const name = submissionName(submission, trans);
  return (
    <li
      className="jp-Challenge-row"
      data-submission={submission.id}
      data-state={submission.state}
    >
      <button
        className="jp-Challenge-rowMain"
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
      </button>
      {!isOver(submission) && (
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

function rowTitle(
  submission: SubmissionView,
  trans: TranslationBundle
): string {
  return [
    trans.__('Show the run of %1', submission.name),
    submission.note,
    submission.failure?.sentence ?? '',
    submission.failure?.hint ?? ''
  ]
    .filter(Boolean)
    .join('\n');
}
