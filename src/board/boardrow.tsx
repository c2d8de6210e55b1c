// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ago, exactTime } from '../time';
import type { StandingView } from '../wire';
import { rankText } from '../words';
import type { IColumn } from './columns';

/** What a row is drawn from. */
export interface IRowProps {
  /** The row; undefined until it was read. */
  row: StandingView | undefined;
  /** Its place in the list; null for one that is not in it. */
  index: number | null;
  /** The board's columns. */
  columns: ReadonlyArray<IColumn>;
  /** When times are told as seen from, in milliseconds. */
  now: number;
  /** Texts. */
  trans: TranslationBundle;
  /** Opens the run of a submission, where that can be done. */
  open?: (submission: string) => void;
}

/** A team's row; one that was not read yet keeps its place. */
export const Row = React.memo(function Row(props: IRowProps): JSX.Element {
  const { row, index, columns } = props;
  const classes = [
    row?.mine ? 'jp-mod-mine' : '',
    row?.baseline ? 'jp-mod-baseline' : ''
  ];
  return (
    <tr
      className={classes.join(' ').trim() || undefined}
      aria-current={row?.mine ? 'true' : undefined}
      aria-rowindex={index === null ? undefined : index + 2}
      aria-busy={row ? undefined : true}
      data-team={row?.team.name}
    >
      {columns.map(column =>
        column.kind === 'team' ? (
          <th key={column.id} scope="row" title={row?.team.name}>
            {row && <Team {...props} row={row} />}
          </th>
        ) : (
          <td key={column.id} className={cellClassOf(column)}>
            {row ? cell({ ...props, row, column }) : '…'}
          </td>
        )
      )}
    </tr>
  );
});

/** The classes of a column's cells. */
export function classOf(column: IColumn): string {
  const minor = column.minor ? ` jp-mod-minor${column.minor}` : '';
  return column.kind === 'team'
    ? ''
    : `${column.kind === 'move' ? '' : 'jp-mod-number'}${minor}`.trim();
}

/** The same, and whether what it holds may be longer than it is wide. */
function cellClassOf(column: IColumn): string {
  const isLong = column.kind === 'metric' || column.kind === 'last';
  return `${classOf(column)}${isLong ? ' jp-mod-cut' : ''}`;
}

type ICellProps = IRowProps & { row: StandingView };

function Team(props: ICellProps): JSX.Element {
  const { row, trans } = props;
  return (
    <>
      {row.mine ? trans.__('%1 (you)', row.team.name) : row.team.name}
      {row.baseline && (
        <span className="jp-Challenge-baseline" title={row.baseline}>
          {trans.__('baseline')}
        </span>
      )}
    </>
  );
}

/** What a cell holds; no component of its own, as a board has hundreds. */
function cell(props: ICellProps & { column: IColumn }): React.ReactNode {
  const { row, column, now, trans, open } = props;
  switch (column.kind) {
    case 'rank':
      return rankText(row);
    case 'interval':
      return intervalText(row);
    case 'move':
      return <Move row={row} trans={trans} />;
    case 'metric': {
      const shown = row.display[column.metric!.name] ?? '–';
      const { submission } = row;
      return open && submission && column.metric!.ranked ? (
        <button
          className="jp-Challenge-link"
          title={trans.__('Show the run that counts')}
          onClick={() => open(submission)}
        >
          {shown}
        </button>
      ) : (
        shown
      );
    }
    case 'entries':
      return row.entries;
    case 'last':
      return (
        <time dateTime={row.last_at} title={exactTime(row.last_at)}>
          {ago(row.last_at, now, trans)}
        </time>
      );
    case 'team':
      return null;
  }
}

/** The range in which a rank lies; empty where that is not known. */
function intervalText(row: StandingView): string {
  const { rank_low, rank_high } = row;
  return typeof rank_low !== 'number' || typeof rank_high !== 'number'
    ? ''
    : rank_low === rank_high
      ? `${rank_low}`
      : `${rank_low}–${rank_high}`;
}

/** Ranks won or lost: since yesterday, or against the public board. */
function Move(props: {
  row: StandingView;
  trans: TranslationBundle;
}): JSX.Element {
  const { row, trans } = props;
  const before = row.public_rank;
  const isReveal = typeof before === 'number';
  const move = isReveal ? before - row.rank : (row.move ?? null);
  if (move === null) {
    return <></>;
  }
  const title = isReveal
    ? trans.__('Rank %1 on the public board', before)
    : move === 0
      ? trans.__('No change since yesterday')
      : move > 0
        ? trans.__('%1 up since yesterday', move)
        : trans.__('%1 down since yesterday', -move);
  return (
    <span
      className={`jp-Challenge-move jp-mod-${move > 0 ? 'up' : move < 0 ? 'down' : 'same'}`}
      title={title}
    >
      <span aria-hidden="true">
        {move === 0 ? '=' : `${move > 0 ? '▲' : '▼'}${Math.abs(move)}`}
      </span>
      <span className="jp-Challenge-unseen">{title}</span>
    </span>
  );
}
