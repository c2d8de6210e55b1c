// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { HandedIn } from './handedin';
import { Log } from './logs';
import { NotebookTab } from './notebooktab';
import { TryOffer } from './tryoffer';
import type { RunPage } from './run';
import { Tabs } from '../tabs';
import { took } from '../time';
import type { StepName, SubmissionView } from '../wire';
import { isOver, stepName } from '../words';

interface IProps extends RunPage.IOptions {
  view: SubmissionView;
  step: StepName;
  wasChosen: boolean;
  select: (step: StepName) => void;
  trans: TranslationBundle;
}

type Tab = 'notebook' | 'log' | 'details';

/** The lower half of a run's page: notebook as run, logs, what was handed in. */
export function Detail(props: IProps): JSX.Element {
  const { view, trans, step, wasChosen } = props;
  const [chosen, setChosen] = React.useState<Tab | null>(null);
  React.useEffect(() => {
    if (wasChosen) {
      setChosen('log');
    }
  }, [wasChosen, step]);
  if (view.feedback === 'class_only' && !view.is_try) {
    return (
      <section className="jp-Challenge-detail">
        <Hidden {...props} />
        <h2>{trans.__('What was handed in')}</h2>
        <HandedIn view={view} model={props.model} trans={trans} />
      </section>
    );
  }
  const showsNotebook = isOver(view) && view.has_notebook && !!props.parts;
  const tab = chosen ?? (showsNotebook ? 'notebook' : 'log');
  const tabs: [Tab, string][] = [
    ['notebook', trans.__('Notebook as run')],
    ['log', trans.__('Log')],
    ['details', trans.__('What was handed in')]
  ];
  return (
    <section className="jp-Challenge-detail">
      <Tabs tabs={tabs} chosen={tab} choose={setChosen}>
        {tab === 'notebook' && <NotebookTab {...props} />}
        {tab === 'log' && <LogTab {...props} />}
        {tab === 'details' && (
          <HandedIn view={view} model={props.model} trans={trans} />
        )}
      </Tabs>
    </section>
  );
}

function LogTab(props: IProps): JSX.Element {
  const { view, step, select, model, trans } = props;
  return (
    <>
      <div
        className="jp-Challenge-steps"
        role="group"
        aria-label={trans.__('Step')}
      >
        {view.steps.map(one => (
          <button
            key={one.name}
            aria-pressed={one.name === step}
            onClick={() => select(one.name)}
          >
            {stepName(one.name, trans)}
          </button>
        ))}
      </div>
      <Log
        model={model}
        submission={view.id}
        step={step}
        attempt={view.attempt}
        trans={trans}
      />
    </>
  );
}

/** In place of logs and notebook where the phase hides them: what may be known, and a way out. */
function Hidden(props: IProps): JSX.Element {
  const { commands, trans, view } = props;
  const seconds = isOver(view) ? view.seconds : null;
  return (
    <div className="jp-Challenge-face" role="status">
      <p className="jp-Challenge-faceTitle">
        {trans.__('This phase shows neither logs nor the notebook')}
      </p>
      <p>
        {trans.__(
          'Its test data is hidden, so a run says only the class of a failure. A try shows everything, on the public sample.'
        )}
      </p>
      {typeof seconds === 'number' && (
        <p>
          {seconds < 10
            ? trans.__('The run took less than 10 s.')
            : trans.__('The run took about %1.', took(seconds, trans))}
        </p>
      )}
      <TryOffer commands={commands} trans={trans} view={view} />
    </div>
  );
}
