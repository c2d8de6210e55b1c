// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import type { BoardView } from '../wire';
import { Row, classOf } from './boardrow';
import type { BoardRows } from './boardrows';
import type { IColumn } from './columns';
import { leastWidth } from './columns';
import type { ISight } from './sight';
import { rowsToDraw, scrollFor, sideOf } from './sight';

/** Height of a row in heights of its text. */
const ROW_EM = 2.3;

/** Pause of the scroll bar before rows are asked for, in milliseconds. */
const PAUSE = 50;

/** Rows for which there is always room, and for how many more, so that a new team moves nothing. */
const LEAST_ROWS = 5;
const MORE_ROWS = 2;

interface IPlace extends ISight {
  /** At which edge my row is, if it is out of sight. */
  side: 'above' | 'below' | null;
}

interface IProps {
  head: BoardView;
  rows: BoardRows;
  columns: ReadonlyArray<IColumn>;
  now: number;
  trans: TranslationBundle;
  /** Whether the rows are those of what was asked for before. */
  isOld: boolean;
  sort: (metric: string) => void;
  open?: (submission: string) => void;
  /** Called with what brings my row into sight. */
  setJump?: (jump: (() => void) | null) => void;
}

/**
 * The rows of a board, of which only those in sight are drawn; mine always is.
 *
 * #### Notes
 * My row stands at the upper or lower edge while its place is beyond it; it takes its height from
 * the empty room there, so that nothing moves when it comes and goes.
 */
export function BoardTable(props: IProps): JSX.Element {
  const { head, rows, columns, now, trans, open } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const [rowHeight, setRowHeight] = React.useState(30);
  const at = head.mine_at ?? null;
  // Chosen once: what comes later scrolls.
  const [room] = React.useState(() =>
    Math.max(LEAST_ROWS, head.total + MORE_ROWS)
  );

  const latest = React.useRef(rows);
  latest.current = rows;
  const [asking] = React.useState(
    () =>
      new Debouncer((first: number, end: number) => {
        void latest.current.show(first, end);
      }, PAUSE)
  );
  React.useEffect(() => () => asking.dispose(), [asking]);

  // Drawn anew only when other rows come into sight, not at each move of the scroll bar.
  const [sight, setSight] = React.useState<IPlace>({
    ...rowsToDraw(0, 600, rowHeight, head.total),
    side: at === null ? 'below' : sideOf(at, 0, 600, rowHeight)
  });
  const look = React.useCallback(() => {
    const node = box.current;
    if (!node || node.clientHeight === 0) {
      return;
    }
    const height = Math.max(rowHeight, node.clientHeight - rowHeight);
    const { first, end } = rowsToDraw(
      node.scrollTop,
      height,
      rowHeight,
      head.total
    );
    // Outside the list, as where a search does not find it, mine stands below.
    const side =
      at === null ? 'below' : sideOf(at, node.scrollTop, height, rowHeight);
    setSight(known =>
      known.first === first && known.end === end && known.side === side
        ? known
        : { first, end, side }
    );
  }, [rowHeight, head.total, at]);

  React.useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const size = parseFloat(getComputedStyle(node).fontSize) || 13;
    setRowHeight(Math.round(size * ROW_EM));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(node);
    return () => observer.disconnect();
  }, [look]);

  // Another search or order begins at its top; news of the same rows leave one where one is.
  React.useLayoutEffect(() => {
    if (box.current) {
      box.current.scrollTop = 0;
    }
  }, [rows]);

  const first = Math.min(sight.first, Math.max(0, head.total - 1));
  const end = Math.min(sight.end, head.total);
  React.useEffect(() => {
    void asking.invoke(first, end);
  }, [asking, rows, first, end]);

  const jump = React.useCallback(() => {
    const node = box.current;
    if (node && at !== null) {
      node.scrollTop = scrollFor(at, node.clientHeight - rowHeight, rowHeight);
      node.focus({ preventScroll: true });
    }
  }, [at, rowHeight]);
  const { setJump } = props;
  React.useEffect(() => {
    setJump?.(at === null ? null : jump);
    return () => setJump?.(null);
  }, [setJump, jump, at]);

  const { side } = sight;
  const pinned = head.mine && side && (
    <Row
      row={head.mine}
      index={at}
      columns={columns}
      now={now}
      trans={trans}
      open={open}
    />
  );
  const above = first - (pinned && side === 'above' ? 1 : 0);
  const below =
    head.total - end - (pinned && side === 'below' && at !== null ? 1 : 0);
  const drawn = [];
  for (let index = first; index < end; index++) {
    drawn.push(
      <Row
        key={index}
        row={rows.row(index)}
        index={index}
        columns={columns}
        now={now}
        trans={trans}
        open={open}
      />
    );
  }
  const style = {
    '--jp-challenge-row': `${rowHeight}px`,
    height: `${(room + 1) * rowHeight}px`
  } as React.CSSProperties;
  return (
    <div
      ref={box}
      className={`jp-Challenge-tableBox${props.isOld ? ' jp-mod-old' : ''}`}
      role="region"
      aria-busy={props.isOld}
      aria-label={trans.__('Rows of the board')}
      tabIndex={0}
      style={style}
      onScroll={look}
    >
      <table
        className="jp-Challenge-table jp-ChallengeBoard-table"
        aria-rowcount={head.total + 1}
        style={{ minWidth: `${leastWidth(columns)}ch` }}
      >
        <caption className="jp-Challenge-unseen">
          {trans.__('%1, %2', head.title, head.phase_title)}
        </caption>
        <colgroup>
          {columns.map(column => (
            <col
              key={column.id}
              className={classOf(column)}
              style={column.width ? { width: `${column.width}ch` } : undefined}
            />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(column => (
              <Title key={column.id} {...props} column={column} />
            ))}
          </tr>
        </thead>
        {pinned && side === 'above' && (
          <tbody className="jp-mod-pinned jp-mod-above">{pinned}</tbody>
        )}
        <Gap rows={above} height={rowHeight} />
        <tbody>{drawn}</tbody>
        <Gap rows={below} height={rowHeight} />
        {pinned && side === 'below' && (
          <tfoot className="jp-mod-pinned jp-mod-below">{pinned}</tfoot>
        )}
      </table>
    </div>
  );
}

/** The room of rows that are not drawn. */
function Gap(props: { rows: number; height: number }): JSX.Element {
  return (
    <tbody aria-hidden="true" className="jp-Challenge-gap">
      {props.rows > 0 && (
        <tr style={{ height: `${props.rows * props.height}px` }} />
      )}
    </tbody>
  );
}

/** A column's title; that of a metric orders the rows by it. */
function Title(props: IProps & { column: IColumn }): JSX.Element {
  const { head, column, trans } = props;
  const { metric } = column;
  const by = head.sort ?? '';
  const isOrder = metric ? (by ? metric.name === by : metric.ranked) : false;
  const isDown = metric?.direction === 'maximize';
  const text = (
    <>
      {column.title}
      {isOrder && <span aria-hidden="true">{isDown ? ' ▾' : ' ▴'}</span>}
    </>
  );
  return (
    <th
      scope="col"
      className={classOf(column)}
      title={column.caption || undefined}
      aria-sort={isOrder ? (isDown ? 'descending' : 'ascending') : undefined}
    >
      {metric && head.metrics.length > 1 ? (
        <button
          className="jp-Challenge-order"
          aria-label={trans.__('Order the rows by %1', column.title)}
          onClick={() => props.sort(metric.ranked ? '' : metric.name)}
        >
          {text}
        </button>
      ) : (
        text
      )}
    </th>
  );
}
