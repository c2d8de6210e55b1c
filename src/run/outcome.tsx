// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { Failure } from './failure';
import { hasBegun } from './next';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { isOver, rankText, scoreChange } from '../words';

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
    return (
      <Failure
        commands={commands}
        trans={trans}
        view={view}
        failure={view.failure}
      />
    );
  }
  const score = view.score;
  const change = score ? scoreChange(score, view.best_before) : '';
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
          <span
            className={
              view.improved
                ? 'jp-mod-better'
                : change === '±0'
                  ? ''
                  : 'jp-mod-worse'
            }
          >
            {view.improved
              ? trans.__('%1, your new best', change)
              : change === '±0'
                ? trans.__('%1 against your best: the same', change)
                : trans.__('%1 against your best: worse', change)}
          </span>
        )}
        {!change && view.improved && !view.is_try && (
          <span className="jp-mod-better">{trans.__('your first score')}</span>
        )}
        {typeof view.rank === 'number' && !view.is_try && (
          <span>
            {trans.__(
              'rank %1 of %2',
              rankText({ ...view, rank: view.rank }),
              view.teams ?? view.rank
            )}
            {!!view.move && (
              <span
                className={view.move > 0 ? 'jp-mod-better' : 'jp-mod-worse'}
                title={trans.__('Against a day ago')}
              >
                {' '}
                <span aria-hidden={true}>{view.move > 0 ? '▲' : '▼'}</span>
                <span className="jp-Challenge-unseen">
                  {view.move > 0 ? trans.__('up') : trans.__('down')}
                </span>
                {Math.abs(view.move)}
              </span>
            )}
          </span>
        )}
      </p>
      <p className="jp-Challenge-next">{nextText(view, trans)}</p>
      <Others {...props} />
    </section>
  );
}

/** What to know of a run that has no board to be shown on; the buttons say the rest. */
function nextText(view: SubmissionView, trans: TranslationBundle): string {
  if (view.state === 'cancelled') {
    return view.is_try || !hasBegun(view)
      ? trans.__('Cancelled: it used no quota and counts nowhere.')
      : trans.__('Cancelled: it had started, so it used one submission.');
  }
  return isOver(view) && view.is_try
    ? trans.__('A try counts nowhere; submit the notebook when it is ready.')
    : '';
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
