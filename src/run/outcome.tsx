import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { isOver, scoreChange } from '../words';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  view: SubmissionView;
}

/** What came out of a run: the score large, its change and rank, or what went wrong. */
export function Outcome(props: IProps): JSX.Element {
  const { commands, trans, view } = props;
  if (view.state === 'failed' && view.failure) {
    const { failure } = view;
    return (
      <section
        className="jp-Challenge-outcome jp-mod-failed"
        aria-label={trans.__('What went wrong')}
      >
        <p className="jp-Challenge-sentence">{failure.sentence}</p>
        {failure.detail && (
          <pre className="jp-Challenge-errorDetail">
            {failure.cell
              ? trans.__('Cell %1: %2', failure.cell, failure.detail)
              : failure.detail}
          </pre>
        )}
        <p>{failure.hint}</p>
        <p className="jp-Challenge-hint">
          <code title={trans.__('Class of the failure')}>
            {failure.failure_class}
          </code>{' '}
          {failure.fault === 'participant'
            ? ''
            : trans.__('This was not your doing and costs no quota.')}
        </p>
      </section>
    );
  }
  const score = view.score;
  const change = score ? scoreChange(score, view.best_before) : '';
  const openBoard = () =>
    void commands.execute(CommandIDs.openChallenge, {
      challenge: view.challenge,
      tab: 'board'
    });
  return (
    <section
      className="jp-Challenge-outcome"
      aria-label={trans.__('Score')}
      aria-live="polite"
    >
      <p className="jp-Challenge-scoreLabel">
        {score
          ? view.is_try
            ? trans.__('%1 on the sample', score.label)
            : score.label
          : trans.__('Score')}
      </p>
      <p className="jp-Challenge-score">{score?.display ?? '–'}</p>
      <p className="jp-Challenge-scoreFacts">
        {change && !view.is_try && (
          <span className={view.improved ? 'jp-mod-better' : ''}>
            {view.improved
              ? trans.__('%1, your new best', change)
              : trans.__('%1 against your best', change)}
          </span>
        )}
        {!change && view.improved && !view.is_try && (
          <span className="jp-mod-better">{trans.__('your first score')}</span>
        )}
        {typeof view.rank === 'number' && !view.is_try && (
          <span>
            {trans.__('rank %1 of %2', view.rank, view.teams ?? view.rank)}
          </span>
        )}
      </p>
      <p className="jp-Challenge-next">
        {!isOver(view) ? (
          view.position ? (
            trans.__('%1 in line', view.position)
          ) : (
            ' '
          )
        ) : view.state === 'cancelled' ? (
          view.started_at && !view.is_try ? (
            trans.__('Cancelled: it had started, so it used one submission.')
          ) : (
            trans.__('Cancelled: it used no quota and counts nowhere.')
          )
        ) : view.is_try ? (
          trans.__(
            'A try counts nowhere; submit the notebook when it is ready.'
          )
        ) : (
          <button className="jp-Challenge-link" onClick={openBoard}>
            {trans.__('Show on the board')}
          </button>
        )}
      </p>
      <Others {...props} />
    </section>
  );
}

/** The other metrics and boards, where there are any. */
function Others(props: IProps): JSX.Element | null {
  const { trans, view } = props;
  const others = view.scores.filter(
    one => !(one.board === 'public' && one.metric === view.score?.metric)
  );
  if (!others.length) {
    return null;
  }
  return (
    <dl className="jp-Challenge-others">
      {others.map(one => (
        <div key={`${one.board}/${one.metric}`}>
          <dt>
            {one.board === 'private'
              ? trans.__('%1, private', one.label)
              : one.label}
          </dt>
          <dd className="jp-Challenge-number">{one.display}</dd>
        </div>
      ))}
    </dl>
  );
}
