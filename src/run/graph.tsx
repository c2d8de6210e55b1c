// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Elapsed, StateMark } from '../marks';
import { parseTime, took } from '../time';
import type { IChallengeModel } from '../tokens';
import type { StepName, StepView } from '../wire';
import { stepDetail, stepName } from '../words';

/** The steps of a run as a graph; each step is a button that shows its log. */
export function StepGraph(props: {
  steps: ReadonlyArray<StepView>;
  selected: StepName | null;
  select: (step: StepName) => void;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { steps, selected, select, model, trans } = props;
  return (
    <ol className="jp-Challenge-graph" aria-label={trans.__('Steps')}>
      {steps.map(step => (
        <li key={step.name}>
          <button
            className={`jp-Challenge-step jp-mod-${step.state}`}
            data-step={step.name}
            aria-pressed={selected === step.name}
            title={trans.__('Show the log of %1', stepName(step.name, trans))}
            onClick={() => select(step.name)}
          >
            <span className="jp-Challenge-stepName">
              {stepName(step.name, trans)}
            </span>
            <span className="jp-Challenge-stepState">
              <StateMark state={step.state} trans={trans} withWord={true} />
              <StepTime step={step} model={model} trans={trans} />
            </span>
            <span className="jp-Challenge-stepDetail">
              {stepDetail(step.detail, trans)}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function StepTime(props: {
  step: StepView;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { step, model, trans } = props;
  if (step.state === 'running') {
    return <Elapsed since={step.started_at} model={model} />;
  }
  const seconds =
    (parseTime(step.ended_at) - parseTime(step.started_at)) / 1000;
  return Number.isNaN(seconds) ? null : (
    <span className="jp-Challenge-number">{took(seconds, trans)}</span>
  );
}
