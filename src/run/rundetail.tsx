import type { INotebookContent } from '@jupyterlab/nbformat';
import * as React from 'react';

import type { INotebookParts } from './executed';
import { ExecutedNotebook } from './executed';
import { Log } from './logs';
import { ErrorFace, Face, Hosted, Loading } from '../marks';
import { RequestError } from '../request';
import { Tabs } from '../tabs';
import type { RunPage } from './run';
import { bytes, isOver, stepName, submissionName } from '../words';
import type { StepName, SubmissionView } from '../wire';
import { exactTime } from '../time';
import type { TranslationBundle } from '@jupyterlab/translation';

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
        {tab === 'details' && <HandedIn view={view} trans={trans} />}
      </Tabs>
    </section>
  );
}

function LogTab(props: IProps): JSX.Element {
  const { view, step, select, model, trans } = props;
  if (view.feedback === 'class_only' && !view.is_try && !view.has_logs) {
    return <Hidden trans={trans} />;
  }
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
        api={model.api}
        submission={view.id}
        step={step}
        attempt={view.attempt}
        trans={trans}
      />
    </>
  );
}

/** In place of logs and notebook where the phase hides them. */
function Hidden(props: { trans: TranslationBundle }): JSX.Element {
  const { trans } = props;
  return (
    <Face
      title={trans.__('This phase shows neither logs nor the notebook')}
      text={trans.__(
        'Its test data is hidden, so a run says only the class of a failure. Try the notebook to see everything on the public sample.'
      )}
    />
  );
}

function NotebookTab(props: IProps): JSX.Element {
  const { view, parts, trans } = props;
  if (view.kind !== 'notebook') {
    return <Face title={trans.__('A predictions file has no notebook')} />;
  }
  if (!isOver(view)) {
    return (
      <Face
        title={trans.__('The notebook is still running')}
        text={trans.__('It appears here when the run is over.')}
      />
    );
  }
  if (!view.has_notebook || !parts) {
    return view.feedback === 'class_only' && !view.is_try ? (
      <Hidden trans={trans} />
    ) : (
      <Face
        title={trans.__('No notebook was kept')}
        text={trans.__('The run ended before its first cell did.')}
      />
    );
  }
  return <Executed {...props} parts={parts} />;
}

function Executed(props: IProps & { parts: INotebookParts }): JSX.Element {
  const { view, parts, model, trans } = props;
  const [content, setContent] = React.useState<INotebookContent | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [widget, setWidget] = React.useState<ExecutedNotebook | null>(null);
  const [round, setRound] = React.useState(0);
  const failing = view.failure?.cell_index ?? null;
  React.useEffect(() => {
    let isGone = false;
    setError(null);
    model.api.executed(view.id).then(
      answer => {
        if (!isGone) {
          setContent(answer);
        }
      },
      reason => {
        if (!isGone && reason instanceof RequestError) {
          setError(reason);
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [view.id, view.attempt, round]);
  React.useEffect(() => {
    if (!content) {
      return;
    }
    const made = new ExecutedNotebook(parts, content, failing);
    setWidget(made);
    return () => made.dispose();
  }, [content, failing]);
  const host = React.useRef<HTMLDivElement>(null);
  const showFailing = () => {
    host.current
      ?.querySelector('.jp-mod-failing')
      ?.scrollIntoView({ block: 'nearest' });
  };
  React.useEffect(() => {
    if (widget && failing !== null) {
      // Once the outputs above have their height.
      const frame = requestAnimationFrame(showFailing);
      return () => cancelAnimationFrame(frame);
    }
    return undefined;
  }, [widget, failing]);
  return (
    <>
      <div className="jp-Challenge-logBar">
        <span className="jp-Challenge-hint">
          {trans.__('Read-only, as it ran')}
        </span>
        {failing !== null && (
          <button className="jp-Challenge-link" onClick={showFailing}>
            {trans.__('Show the failing cell')}
          </button>
        )}
        <a
          className="jp-Challenge-link"
          href={model.api.notebookUrl(view.id)}
          download
        >
          {trans.__('Download')}
        </a>
      </div>
      <div ref={host}>
        {error ? (
          <ErrorFace
            error={error}
            trans={trans}
            retry={() => setRound(round + 1)}
          />
        ) : widget ? (
          <Hosted widget={widget} />
        ) : (
          <Loading trans={trans} />
        )}
      </div>
    </>
  );
}

/** What was handed in, and under which version it is scored. */
function HandedIn(props: {
  view: SubmissionView;
  trans: TranslationBundle;
}): JSX.Element {
  const { view, trans } = props;
  const kernel = view.environment['kernel'];
  const facts: [string, React.ReactNode][] = [
    [trans.__('Submission'), submissionName(view, trans)],
    [trans.__('Handed in'), exactTime(view.created_at)],
    [trans.__('By'), view.user],
    [
      trans.__('Files'),
      view.files.length
        ? view.files.map(file => (
            <div key={file.path}>
              {trans.__('%1 (%2)', file.path, bytes(file.size, trans))}
            </div>
          ))
        : view.name
    ],
    [
      trans.__('Parameters'),
      Object.entries(view.parameters).map(([name, value]) => (
        <div key={name}>
          <code>{`${name} = ${JSON.stringify(value)}`}</code>
        </div>
      ))
    ],
    [trans.__('Kernel'), typeof kernel === 'string' ? kernel : ''],
    [trans.__('Runs on'), view.profile ?? view.engine],
    [trans.__('Digest'), <code>{view.digest}</code>],
    [trans.__('Challenge version'), <code>{view.version}</code>]
  ];
  return (
    <dl className="jp-Challenge-facts">
      {facts
        .filter(([, value]) => (Array.isArray(value) ? value.length : value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
