// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { failureHint, failureSentence } from './failures';
import { TryOffer } from './tryoffer';
import type { FailureView, SubmissionView } from '../wire';

/** What went wrong, whose doing it was, and what to do next. */
export function Failure(props: {
  commands: CommandRegistry;
  trans: TranslationBundle;
  view: SubmissionView;
  failure: FailureView;
}): JSX.Element {
  const { commands, failure, trans, view } = props;
  return (
    <section
      className="jp-Challenge-outcome jp-mod-failed"
      aria-label={trans.__('What went wrong')}
    >
      <p className="jp-Challenge-sentence">{failureSentence(failure, trans)}</p>
      {failure.detail && (
        <pre
          className="jp-Challenge-errorDetail"
          tabIndex={0}
          aria-label={trans.__('The error')}
        >
          {failure.cell
            ? trans.__('Cell %1: %2', failure.cell, failure.detail)
            : failure.detail}
        </pre>
      )}
      <p>{failureHint(failure, trans)}</p>
      <p className="jp-Challenge-hint">
        <code title={trans.__('Class of the failure')}>
          {failure.failure_class}
        </code>{' '}
        {failure.fault === 'participant'
          ? ''
          : trans.__('This was not your doing and costs no quota.')}
      </p>
      {failure.fault === 'participant' &&
        !view.is_try &&
        view.feedback !== 'class_only' && (
          <div>
            <TryOffer commands={commands} trans={trans} view={view} />
          </div>
        )}
    </section>
  );
}
