// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ErrorFace, Loading } from '../marks';
import { RequestError } from '../request';
import { exactTime } from '../time';
import type { IChallengeModel } from '../tokens';
import type { HistoryView } from '../wire';
import type { BoardName } from './boardapi';
import { readHistory } from './boardapi';
import { HistoryPlot } from './historyplot';

interface IProps {
  model: IChallengeModel;
  /** The challenge's id. */
  challenge: string;
  /** The phase's id. */
  phase: string;
  board: BoardName;
  trans: TranslationBundle;
  /** Opens the run of a submission, where that can be done. */
  open?: (submission: string) => void;
}

/** Scores over time, kept current: a plot of fixed height, and the same as a table. */
export function History(props: IProps): JSX.Element {
  const { model, challenge, phase, board, trans } = props;
  const [found, setFound] = React.useState<{
    of: string;
    history: HistoryView;
    readAt: number;
  } | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const wanted = `${challenge} ${phase} ${board}`;

  React.useEffect(() => {
    const onBoard = (_: IChallengeModel, changed: string) => {
      if (changed === challenge) {
        setRound(known => known + 1);
      }
    };
    model.boardChanged.connect(onBoard);
    return () => {
      model.boardChanged.disconnect(onBoard);
    };
  }, [model, challenge]);

  React.useEffect(() => {
    let isGone = false;
    readHistory(model.api, challenge, phase, board).then(
      history => {
        if (!isGone) {
          setFound({ of: wanted, history, readAt: Date.now() });
          setError(null);
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
  }, [model, wanted, round]);

  const isThere = found?.of === wanted;
  return (
    <section
      className="jp-Challenge-history"
      aria-label={trans.__('Scores over time')}
    >
      <Legend {...props} history={found?.history ?? null} />
      {isThere ? (
        <HistoryPlot
          history={found.history}
          until={found.readAt}
          trans={trans}
          open={props.open}
        />
      ) : (
        <div className="jp-Challenge-plot jp-mod-waiting">
          {error ? (
            <ErrorFace
              error={error}
              trans={trans}
              retry={() => setRound(round + 1)}
            />
          ) : (
            <Loading trans={trans} />
          )}
        </div>
      )}
      {isThere && <HistoryTable {...props} history={found.history} />}
    </section>
  );
}

/** What the shapes of the plot mean. */
function Legend(props: {
  history: HistoryView | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { history, trans } = props;
  const isMine = !history || history.points.length > 0;
  return (
    <div className="jp-Challenge-plotHead">
      <h2>{trans.__('Scores over time')}</h2>
      <span className="jp-Challenge-hint">
        {history &&
          (history.metric.direction === 'maximize'
            ? trans.__('%1: more is better', history.metric.label)
            : trans.__('%1: less is better', history.metric.label))}
      </span>
      <span className="jp-Challenge-space" />
      {isMine && (
        <>
          <Sign kind="entry">{trans.__('my entries')}</Sign>
          <Sign kind="best">{trans.__('my best')}</Sign>
        </>
      )}
      <Sign kind="leader">{trans.__('the leader’s best')}</Sign>
    </div>
  );
}

function Sign(props: {
  kind: 'entry' | 'best' | 'leader';
  children: React.ReactNode;
}): JSX.Element {
  const { kind } = props;
  return (
    <span className="jp-Challenge-plotSign">
      <svg width={18} height={10} aria-hidden="true">
        {kind === 'entry' ? (
          <g className="jp-Challenge-plotPoint">
            <circle className="jp-Challenge-plotMark" cx={9} cy={5} r={3.5} />
          </g>
        ) : (
          <polyline
            className={`jp-Challenge-plotLine jp-mod-${kind}`}
            points="0,5 18,5"
          />
        )}
      </svg>
      {props.children}
    </span>
  );
}

/** The same as a table, for those who do not see the plot or want its numbers. */
function HistoryTable(props: IProps & { history: HistoryView }): JSX.Element {
  const { history, trans, open } = props;
  const [isOpen, setOpen] = React.useState(false);
  return (
    <details
      className="jp-Challenge-historyTable"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('Show as a table')}</summary>
      {isOpen && <HistoryRows history={history} trans={trans} open={open} />}
    </details>
  );
}

function HistoryRows(
  props: Pick<IProps, 'trans' | 'open'> & { history: HistoryView }
): JSX.Element {
  const { history, trans, open } = props;
  const { points, metric } = history;
  return (
    <>
      {points.length > 0 && (
        <table className="jp-Challenge-table">
          <caption>{trans.__('My entries')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Submission')}</th>
              <th scope="col" className="jp-mod-number">
                {metric.label}
              </th>
              <th scope="col">{trans.__('Handed in')}</th>
              <th scope="col">{trans.__('Mark')}</th>
            </tr>
          </thead>
          <tbody>
            {[...points].reverse().map(point => (
              <tr key={point.submission}>
                <th scope="row">
                  {open ? (
                    <button
                      className="jp-Challenge-link"
                      onClick={() => open(point.submission)}
                    >
                      {trans.__('#%1', point.number)}
                    </button>
                  ) : (
                    trans.__('#%1', point.number)
                  )}
                </th>
                <td className="jp-mod-number">{point.display}</td>
                <td>{exactTime(point.at)}</td>
                <td>
                  {point.is_best
                    ? trans.__('best')
                    : point.counts
                      ? trans.__('counts')
                      : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table className="jp-Challenge-table">
        <caption>{trans.__('The leader’s best')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Since')}</th>
            <th scope="col" className="jp-mod-number">
              {metric.label}
            </th>
          </tr>
        </thead>
        <tbody>
          {[...history.leader].reverse().map(step => (
            <tr key={`${step.at} ${step.display}`}>
              <th scope="row">{exactTime(step.at)}</th>
              <td className="jp-mod-number">{step.display}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
