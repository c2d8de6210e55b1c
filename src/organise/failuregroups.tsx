// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { FailureCount } from './organiserapi';
import { Ago } from '../marks';
import { failureSentence, failureWord } from '../run/failures';
import type { IChallengeModel } from '../tokens';

/** Classes that are shown before one asks for more. */
const SHOWN = 5;

/** How runs fail, the most frequent first: a challenge that is broken shows here. */
export function Failures(props: {
  failures: FailureCount[];
  total: number;
  chosen: string;
  choose: (failure: string) => void;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { failures, total, chosen, choose, model, trans } = props;
  const failed = failures.reduce((sum, one) => sum + one.submissions, 0);
  const own = failures
    .filter(one => one.fault === 'organiser')
    .reduce((sum, one) => sum + one.submissions, 0);
  return (
    <section
      className="jp-Challenge-failures"
      aria-label={trans.__('How runs fail')}
    >
      <h2>{trans.__('%1 of %2 submissions failed', failed, total)}</h2>
      {own > 0 && (
        <p className="jp-Challenge-effect jp-mod-grave" role="status">
          {trans._n(
            '1 of them failed because of the challenge itself: look at the log of its evaluation.',
            '%1 of them failed because of the challenge itself: look at the logs of their evaluation.',
            own
          )}
        </p>
      )}
      <ul>
        {failures.slice(0, SHOWN).map(one => {
          const isChosen = one.failure_class === chosen;
          return (
            <li key={one.failure_class}>
              <button
                className="jp-Challenge-failure"
                aria-pressed={isChosen}
                title={failureSentence(one, trans)}
                onClick={() => choose(isChosen ? '' : one.failure_class)}
              >
                <span className="jp-Challenge-number">{one.submissions}</span>
                <span>{failureWord(one.failure_class, trans)}</span>
                <span className="jp-Challenge-aside">
                  {trans._n('1 team', '%1 teams', one.teams)}
                  {' · '}
                  <Ago time={one.last_at} model={model} trans={trans} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
