// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { Facts, Packages, Parameters, Scores } from './comparetables';
import { Notebooks } from './notebooks';
import { DrawnPage } from '../drawnpage';
import { compareIcon } from '../icons';
import { ErrorFace, Face, Loading } from '../marks';
import { RequestError } from '../request';
import type { INotebookParts } from '../run/executed';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import type { SubmissionView } from '../wire';
import { submissionName } from '../words';

/** Two submissions beside each other in the main area. */
export class Comparison extends DrawnPage {
  /** Make the page of two submissions. */
  constructor(private readonly options: Comparison.IOptions) {
    const { first, second, model, translator } = options;
    const trans = translator.load(DOMAIN);
    super({
      id: `jupyter-challenge-compare-${first}-${second}`,
      label: trans.__('Comparison'),
      icon: compareIcon,
      region: trans.__('Comparison'),
      className: 'jp-ChallengeCompare',
      model
    });
    this.first = first;
    this.second = second;
    this._trans = trans;
  }

  /** The submission on the left. */
  readonly first: string;

  /** The submission on the right. */
  readonly second: string;

  /** What the page shows now. */
  protected draw(): JSX.Element {
    return (
      <Both
        {...this.options}
        trans={this._trans}
        setTitle={label => {
          this.title.label = label;
        }}
      />
    );
  }

  private _trans: TranslationBundle;
}

/** A namespace for `Comparison` statics. */
export namespace Comparison {
  /** What is compared, and what draws it. */
  export interface IOptions {
    /** The id of the submission on the left. */
    first: string;
    /** The id of the submission on the right. */
    second: string;
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

interface IProps extends Comparison.IOptions {
  trans: TranslationBundle;
  setTitle: (label: string) => void;
}

function Both(props: IProps): JSX.Element {
  const { model, trans } = props;
  const first = model.submission(props.first);
  const second = model.submission(props.second);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  React.useEffect(() => {
    setError(null);
    model.wake();
    Promise.all(
      [props.first, props.second].map(id => model.loadSubmission(id))
    ).catch(reason => {
      if (!(reason instanceof RequestError)) {
        throw reason;
      }
      setError(reason);
    });
  }, [round]);
  const isBoth = first && second;
  React.useEffect(() => {
    if (isBoth) {
      props.setTitle(
        trans.__(
          '%1 %2 ↔ %3',
          second.challenge_title || second.challenge,
          submissionName(first, trans),
          submissionName(second, trans)
        )
      );
    }
  }, [isBoth]);
  if (!isBoth) {
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
  if (first.challenge !== second.challenge) {
    return (
      <Face
        title={trans.__(
          'These submissions belong to different challenges: %1 and %2',
          first.challenge_title || first.challenge,
          second.challenge_title || second.challenge
        )}
        text={trans.__('Choose two submissions to the same challenge.')}
      />
    );
  }
  return <Page {...props} views={[first, second]} />;
}

function Page(
  props: IProps & { views: [SubmissionView, SubmissionView] }
): JSX.Element {
  const { trans, views } = props;
  const [first, second] = views;
  return (
    <>
      <h1>
        {trans.__(
          '%1 · %2 and %3',
          second.challenge_title || second.challenge,
          submissionName(first, trans),
          submissionName(second, trans)
        )}
      </h1>
      {first.version !== second.version && (
        <p className="jp-Challenge-hint">
          {trans.__(
            'The challenge was published anew between the two: their scores may not be comparable.'
          )}
        </p>
      )}
      <div className="jp-Challenge-compareTop">
        <Scores {...props} />
        <Facts {...props} />
      </div>
      <Parameters {...props} />
      <Packages {...props} />
      <section aria-label={trans.__('Notebooks')}>
        <h2>{trans.__('Notebooks')}</h2>
        <Notebooks {...props} />
      </section>
    </>
  );
}
