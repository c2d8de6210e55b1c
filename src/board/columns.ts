// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The columns of a board: which there are, how wide, and in which order they give way. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { BoardView, MetricView } from '../wire';

/** What a column shows. */
export type ColumnKind =
  'rank' | 'interval' | 'move' | 'team' | 'metric' | 'entries' | 'last';

/** A column. */
export interface IColumn {
  /** What it shows. */
  kind: ColumnKind;
  /** A name that no other column has. */
  id: string;
  /** Its title. */
  title: string;
  /** What the title means, for those who hover it. */
  caption: string;
  /** Width in characters; null takes what is left. */
  width: number | null;
  /** Whether it gives way first (2), then (1), or never (0) where there is little room. */
  minor: 0 | 1 | 2;
  /** The metric of a metric's column. */
  metric?: MetricView;
}

/** Room of a cell besides its text, in characters. */
const ROOM = 3;

/** The columns of a board. */
export function columnsOf(
  head: BoardView,
  hasMoves: boolean,
  hasIntervals: boolean,
  trans: TranslationBundle
): IColumn[] {
  const digits = String(head.total).length;
  const columns: IColumn[] = [
    {
      kind: 'rank',
      id: 'rank',
      title: trans.__('Rank'),
      caption: trans.__('Tied teams share a range of ranks'),
      width: Math.max(5, 2 * digits + 1) + ROOM,
      minor: 0
    }
  ];
  if (hasIntervals) {
    columns.push({
      kind: 'interval',
      id: 'interval',
      title: trans.__('Rank, 95 %'),
      caption: trans.__(
        'The rank lies in this range with 95 % confidence, by the standard errors of all scores'
      ),
      width: Math.max(11, 2 * digits + 1) + ROOM,
      minor: 2
    });
  }
  if (hasMoves) {
    columns.push({
      kind: 'move',
      id: 'move',
      title: trans.__('Move'),
      caption:
        head.board === 'private'
          ? trans.__('Ranks won or lost against the public board')
          : trans.__('Ranks won or lost since yesterday'),
      width: Math.max(5, digits + 1) + ROOM,
      minor: 1
    });
  }
  columns.push({
    kind: 'team',
    id: 'team',
    title: trans.__('Team'),
    caption: '',
    width: null,
    minor: 0
  });
  for (const metric of head.metrics) {
    columns.push({
      kind: 'metric',
      id: `metric-${metric.name}`,
      title: metric.label,
      caption:
        metric.direction === 'maximize'
          ? trans.__('More is better')
          : trans.__('Less is better'),
      width: Math.min(18, Math.max(metric.label.length + 2, 9)) + ROOM,
      minor: metric.ranked ? 0 : 2,
      metric
    });
  }
  columns.push(
    {
      kind: 'entries',
      id: 'entries',
      title: trans.__('Entries'),
      caption: trans.__('Submissions with a score'),
      width: 8 + ROOM,
      minor: 2
    },
    {
      kind: 'last',
      id: 'last',
      title: trans.__('Last'),
      caption: trans.__('When the team last handed in what has a score'),
      width: 10 + ROOM,
      minor: 1
    }
  );
  return columns;
}

/** The width below which a board scrolls sideways, in characters. */
export function leastWidth(columns: ReadonlyArray<IColumn>): number {
  return columns.reduce(
    (sum, column) => sum + (column.minor ? 0 : (column.width ?? 10)),
    0
  );
}
