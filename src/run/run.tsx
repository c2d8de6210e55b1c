// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import type { INotebookParts } from './executed';
import { DrawnPage } from '../drawnpage';
import { Elapsed, ErrorFace, ErrorLine, Loading, StateMark } from '../marks';
import { RequestError } from '../request';
import { Detail } from './rundetail';
import { Outcome } from './outcome';
import { StepGraph } from './graph';
import { RunFacts } from './runfacts';
import { RunNext } from './runnext';
import { took } from '../time';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import type { StepName, SubmissionView } from '../wire';
import { isOver, submissionName } from '../words';

/** A run in the main area. */
export class RunPage extends DrawnPage {
  /** Make the page of the submission with this id. */
  constructor(private readonly options: RunPage.IOptions) {
    const { submission, model, translator } = options;
    const trans = translator.load(DOMAIN);
    super({
      id: `jupyter-challenge-run-${submission}`,
      label: trans.__('Run'),
      region: trans.__('Run'),
      className: 'jp-ChallengeRun',
      model
    });
    this.submission = submission;
    this._trans = trans;
  }

  /** The submission that is shown. */
  readonly submission: string;

  /** What the page shows now. */
  protected draw(): JSX.Element {
    return (
      <Run
        {...this.options}
        trans={this._trans}
        setTitle={(label, caption) => {
          this.title.label = label;
          this.title.caption = caption;
        }}
      />
    );
  }

  private _trans: TranslationBundle;
}

/** A namespace for `RunPage` statics. */
export namespace RunPage {
  /** What a run's page shows and who acts for it. */
  export interface IOptions {
    /** The submission's id. */
    submission: string;
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** What draws notebooks; null where the application has none. */
    parts: INotebookParts | null;
    /** The application's language. */
    translator: ITranslator;
  }
}

interface IRunProps extends RunPage.IOptions {
  trans: TranslationBundle;
  setTitle: (label: string, caption: string) => void;
}

function Run(props: IRunProps): JSX.Element {
  const { model, trans } = props;
  const submission = model.submission(props.submission);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  React.useEffect(() => {
    setError(null);
    model.wake();
    model.loadSubmission(props.submission).catch(reason => {
      if (!(reason instanceof RequestError)) {
        throw reason;
      }
      const isOffline = reason.kind === 'offline';
      if (!isOffline || !model.submission(props.submission)) {
        setError(reason);
      }
      // Thus the model knows it too, and notices when there are answers again.
      return isOffline ? model.refresh() : undefined;
    });
  }, [props.submission, round]);
  const isAnswered = model.error === null;
  const wasAnswered = React.useRef(isAnswered);
  React.useEffect(() => {
    if (isAnswered && !wasAnswered.current && error) {
      setRound(round + 1);
    }
    wasAnswered.current = isAnswered;
  }, [isAnswered]);
  React.useEffect(() => {
    if (submission) {
      props.setTitle(
        trans.__(
          '%1 %2',
          submission.challenge_title || submission.challenge,
          submissionName(submission, trans)
        ),
        trans.__('The run of %1', submission.name)
      );
    }
  }, [submission?.id]);
  if (!submission) {
    return error ? (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => setRound(round + 1)}
      />
    ) : (
      <Loading trans={trans} />
    );
  }
  const unanswered = model.error ?? error;
  return (
    <>
      <div className="jp-Challenge-runOffline" role="status">
        {unanswered && (
          <ErrorLine
            error={unanswered}
            trans={trans}
            retry={() => {
              void model.refresh();
              setRound(round + 1);
            }}
          />
        )}
      </div>
      <Loaded {...props} view={submission} />
    </>
  );
}

function Loaded(props: IRunProps & { view: SubmissionView }): JSX.Element {
  const { model, commands, trans, view } = props;
  const [chosen, setChosen] = React.useState<StepName | null>(null);
  const running =
    view.steps.find(step => step.state === 'running') ??
    view.steps.find(step => step.state === 'failed');
  const step = chosen ?? running?.name ?? 'run';
  return (
    <>
      <div className="jp-Challenge-runHeader">
        <div className="jp-Challenge-runTitle">
          <h1>
            {trans.__(
              '%1 · %2',
              view.challenge_title || view.challenge,
              submissionName(view, trans)
            )}
          </h1>
          <p className="jp-Challenge-hint">
            {[view.name, view.phase_title, view.team.name, view.note]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <div className="jp-Challenge-runState" aria-live="polite">
          <StateMark state={view.state} trans={trans} withWord={true} />
        </div>
        <span className="jp-Challenge-runTime">
          {isOver(view) ? (
            typeof view.seconds === 'number' && (
              <span className="jp-Challenge-number">
                {took(view.seconds, trans)}
              </span>
            )
          ) : (
            <Elapsed since={view.started_at ?? view.created_at} model={model} />
          )}
        </span>
        <span className="jp-Challenge-runActions">
          {!isOver(view) && (
            <button
              className="jp-Challenge-button jp-mod-styled jp-mod-warn"
              onClick={() =>
                void commands.execute(CommandIDs.cancelRun, {
                  submission: view.id
                })
              }
            >
              {trans.__('Cancel')}
            </button>
          )}
          {view.kind === 'notebook' && (
            <button
              className="jp-Challenge-button jp-mod-styled"
              title={trans.__(
                'Open a copy of the notebook as it was handed in'
              )}
              onClick={() =>
                void commands.execute(CommandIDs.openNotebook, {
                  submission: view.id
                })
              }
            >
              {trans.__('Open notebook')}
            </button>
          )}
        </span>
      </div>
      <div className="jp-Challenge-runTop">
        <StepGraph
          steps={view.steps}
          selected={step}
          select={setChosen}
          model={model}
          trans={trans}
        />
        <Outcome model={model} commands={commands} trans={trans} view={view} />
      </div>
      <RunFacts model={model} trans={trans} view={view} />
      <RunNext model={model} commands={commands} trans={trans} view={view} />
      <Detail
        {...props}
        view={view}
        step={step}
        wasChosen={chosen !== null}
        select={setChosen}
      />
    </>
  );
}
