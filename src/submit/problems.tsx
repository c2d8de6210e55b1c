// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Markdown } from '../marks';
import type { RequestError } from '../request';
import type { ChallengeView, ITableProblem } from '../wire';
import type { IObstacle, IWayOut } from './obstacles';

/** What prevents it, where else its button would be, each with the way out. */
export function ObstacleList(props: {
  obstacles: ReadonlyArray<IObstacle>;
  takeWayOut: (wayOut: IWayOut) => void;
}): JSX.Element {
  return (
    <div className="jp-Challenge-obstacles" role="status">
      {props.obstacles.map(({ message, hint, wayOut }) => (
        <div key={message} className="jp-Challenge-obstacle">
          <p>
            <strong>{message}</strong> {hint}
          </p>
          {wayOut && (
            <button
              type="button"
              className="jp-Challenge-button jp-mod-styled"
              onClick={() => props.takeWayOut(wayOut)}
            >
              {wayOut.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

/** What is wrong in a predictions file, by line. */
export function TableProblems(props: {
  problems: ReadonlyArray<ITableProblem>;
  failure: RequestError | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { trans } = props;
  const told = props.failure?.body.details?.['problems'];
  const problems = props.problems.length
    ? props.problems
    : Array.isArray(told)
      ? (told as ITableProblem[])
      : [];
  if (!problems.length) {
    return null;
  }
  return (
    <div className="jp-Challenge-differencesTable" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Line')}</th>
            <th scope="col">{trans.__('What is wrong')}</th>
          </tr>
        </thead>
        <tbody>
          {problems.map((one, index) => (
            <tr key={index}>
              <td className="jp-mod-number">{one.line ?? '–'}</td>
              <td>{one.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The terms of a challenge, to be accepted where one is. */
export function Terms(props: {
  view: ChallengeView;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
  accept: () => void;
  back: () => void;
}): JSX.Element {
  const { view, trans } = props;
  const heading = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => heading.current?.focus(), []);
  return (
    <section aria-label={trans.__('Terms of %1', view.title)}>
      <h3 ref={heading} tabIndex={-1}>
        {trans.__('Terms of %1', view.title)}
      </h3>
      <div className="jp-Challenge-termsText" tabIndex={0}>
        <Markdown source={view.terms ?? ''} rendermime={props.rendermime} />
      </div>
      <div className="jp-Challenge-termsActions">
        <button
          type="button"
          className="jp-Challenge-button jp-mod-styled"
          onClick={props.back}
        >
          {trans.__('Back')}
        </button>
        <button
          type="button"
          className="jp-Challenge-button jp-mod-styled jp-mod-accept"
          onClick={props.accept}
        >
          {trans.__('Accept and enter')}
        </button>
      </div>
    </section>
  );
}
