import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Ago } from '../marks';
import type { IChallengeModel } from '../tokens';
import type { BoardView, StandingView } from '../wire';
import { rankText } from '../words';

interface IProps {
  page: BoardView;
  model: IChallengeModel;
  trans: TranslationBundle;
}

/** The rows of a board; mine is marked and stays in sight. */
export function BoardTable(props: IProps): JSX.Element {
  const { page, trans } = props;
  const hasMoves = page.rows.some(row => typeof row.move === 'number');
  const isListed = page.rows.some(row => row.mine);
  return (
    <div className="jp-Challenge-tableBox" tabIndex={0}>
      <table className="jp-Challenge-table">
        <caption className="jp-Challenge-unseen">
          {trans.__('%1, %2', page.title, page.phase_title)}
        </caption>
        <thead>
          <tr>
            <th scope="col" className="jp-mod-number">
              {trans.__('Rank')}
            </th>
            {hasMoves && <th scope="col">{trans.__('Move')}</th>}
            <th scope="col">{trans.__('Team')}</th>
            {page.metrics.map(metric => (
              <th
                key={metric.name}
                scope="col"
                className="jp-mod-number"
                aria-sort={
                  metric.ranked
                    ? metric.direction === 'maximize'
                      ? 'descending'
                      : 'ascending'
                    : undefined
                }
                title={
                  metric.direction === 'maximize'
                    ? trans.__('More is better')
                    : trans.__('Less is better')
                }
              >
                {metric.label}
                {metric.ranked && (
                  <span aria-hidden="true">
                    {metric.direction === 'maximize' ? ' ▾' : ' ▴'}
                  </span>
                )}
              </th>
            ))}
            <th scope="col" className="jp-mod-number">
              {trans.__('Entries')}
            </th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Last')}
            </th>
          </tr>
        </thead>
        <tbody>
          {page.rows.map(row => (
            <Row key={row.team.id} {...props} row={row} hasMoves={hasMoves} />
          ))}
        </tbody>
        {page.mine && !isListed && (
          <tfoot>
            <Row {...props} row={page.mine} hasMoves={hasMoves} />
          </tfoot>
        )}
      </table>
    </div>
  );
}

function Row(
  props: IProps & { row: StandingView; hasMoves: boolean }
): JSX.Element {
  const { row, page, model, trans, hasMoves } = props;
  return (
    <tr
      className={row.mine ? 'jp-mod-mine' : ''}
      aria-current={row.mine ? 'true' : undefined}
      data-team={row.team.name}
    >
      <td className="jp-mod-number">{rankText(row)}</td>
      {hasMoves && (
        <td>
          <Move move={row.move ?? null} trans={trans} />
        </td>
      )}
      <th scope="row">
        {row.mine ? trans.__('%1 (you)', row.team.name) : row.team.name}
      </th>
      {page.metrics.map(metric => (
        <td key={metric.name} className="jp-mod-number">
          {row.display[metric.name] ?? '–'}
        </td>
      ))}
      <td className="jp-mod-number">{row.entries}</td>
      <td className="jp-mod-number">
        <Ago time={row.last_at} model={model} trans={trans} />
      </td>
    </tr>
  );
}

/** Ranks won or lost since yesterday. */
function Move(props: {
  move: number | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { move, trans } = props;
  if (move === null) {
    return <></>;
  }
  if (move === 0) {
    return <span title={trans.__('No change since yesterday')}>=</span>;
  }
  return (
    <span
      className={`jp-Challenge-move jp-mod-${move > 0 ? 'up' : 'down'}`}
      title={
        move > 0
          ? trans.__('%1 up since yesterday', move)
          : trans.__('%1 down since yesterday', -move)
      }
    >
      {move > 0 ? '▲' : '▼'}
      {Math.abs(move)}
    </span>
  );
}
