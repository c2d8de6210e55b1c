// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import { ErrorFace, Face, Loading } from '../marks';
import type { IChallengeModel } from '../tokens';
import type { BoardView, ChallengeView } from '../wire';
import type { BoardName, IBoardQuery } from './boardapi';
import { readBoard } from './boardapi';
import { BoardBar } from './boardbar';
import { BoardRows, PAGE } from './boardrows';
import { BoardTable } from './boardtable';
import { columnsOf } from './columns';
import { History } from './history';

/** Pause after typing before the board is searched, in milliseconds. */
const PAUSE = 150;

interface IProps {
  model: IChallengeModel;
  view: ChallengeView;
  trans: TranslationBundle;
  /** Opens the run of a submission, where that can be done. */
  open?: (submission: string) => void;
}

/** The board of a challenge: phase, public or private, search, rows, and the scores over time. */
export function Leaderboard(props: IProps): JSX.Element {
  const { model, view, trans, open } = props;
  const [query, setQuery] = React.useState<IBoardQuery>({
    challenge: view.id,
    phase: view.phase.id,
    board: 'public',
    search: '',
    sort: ''
  });
  const [search, setSearch] = React.useState('');
  const [jump, setJump] = React.useState<(() => void) | null>(null);
  const { shown, wanted } = useRows(model, query);
  const head = shown?.head ?? null;
  const error = wanted.error ?? shown?.error ?? null;
  const phase = view.phases.find(one => one.id === query.phase) ?? view.phase;

  const change = React.useCallback(
    (part: Partial<IBoardQuery>) => setQuery(known => ({ ...known, ...part })),
    []
  );
  const [debouncer] = React.useState(
    () => new Debouncer((text: string) => change({ search: text }), PAUSE)
  );
  React.useEffect(() => () => debouncer.dispose(), [debouncer]);
  const keepJump = React.useCallback(
    (run: (() => void) | null) => setJump(() => run),
    []
  );
  const find = (text: string) => {
    setSearch(text);
    void debouncer.invoke(text.trim());
  };
  return (
    <section className="jp-Challenge-board" aria-label={trans.__('Board')}>
      <BoardBar
        model={model}
        view={view}
        phase={phase}
        board={query.board}
        head={head}
        readAt={shown?.readAt ?? 0}
        isOld={!!error && !!head}
        search={search}
        trans={trans}
        jump={jump}
        setPhase={id => change({ phase: id, board: 'public', sort: '' })}
        setBoard={(board: BoardName) => change({ board })}
        setSearch={find}
      />
      {error && !head ? (
        <ErrorFace
          error={error}
          trans={trans}
          retry={() => void wanted.refresh()}
        />
      ) : !shown || !head ? (
        <Loading trans={trans} />
      ) : (
        <>
          {head.total > 0 ? (
            <Rows
              {...props}
              head={head}
              rows={shown}
              isOld={shown !== wanted}
              sort={metric => change({ sort: metric })}
              setJump={keepJump}
            />
          ) : query.search ? (
            <Face
              title={trans.__('No team matches “%1”', query.search)}
              action={{ label: trans.__('Show all'), run: () => find('') }}
            />
          ) : (
            <Face
              title={trans.__('Nobody has a score yet')}
              text={trans.__('Submit a notebook and be the first.')}
            />
          )}
          {(head.total > 0 || query.search) && (
            <History
              model={model}
              challenge={view.id}
              phase={phase.id}
              board={query.board}
              trans={trans}
              open={open}
            />
          )}
        </>
      )}
    </section>
  );
}

/** The table, whose times are told anew with the model's clock. */
function Rows(
  props: IProps & {
    head: BoardView;
    rows: BoardRows;
    isOld: boolean;
    sort: (metric: string) => void;
    setJump: (jump: (() => void) | null) => void;
  }
): JSX.Element {
  const { head, rows, model, trans } = props;
  // A column that is there stays, wherever one scrolls.
  const had = React.useRef({ moves: false, intervals: false });
  const has = had.current;
  has.moves ||=
    head.board === 'private' ||
    head.rows.some(row => typeof row.move === 'number');
  has.intervals ||= head.rows.some(row => typeof row.rank_low === 'number');
  const columns = React.useMemo(
    () => columnsOf(head, has.moves, has.intervals, trans),
    [
      head.phase,
      head.board,
      String(head.total).length,
      has.moves,
      has.intervals
    ]
  );
  return (
    <UseSignal signal={model.clock}>
      {() => (
        <BoardTable
          key={`${head.phase} ${head.board}`}
          {...props}
          columns={columns}
          rows={rows}
          // In steps, so that a running clock does not draw every row each second.
          now={Math.floor(Date.now() / 30_000) * 30_000}
        />
      )}
    </UseSignal>
  );
}

/** The rows of a query; those of the one before stay until the new ones are there. */
function useRows(
  model: IChallengeModel,
  query: IBoardQuery
): { shown: BoardRows | null; wanted: BoardRows } {
  const [, setRound] = React.useState(0);
  const shown = React.useRef<BoardRows | null>(null);
  const wanted = React.useMemo(
    () =>
      new BoardRows((offset, limit) =>
        readBoard(model.api, query, offset, limit)
      ),
    [model, query]
  );
  React.useEffect(() => {
    const onBoard = (_: IChallengeModel, challenge: string) => {
      if (challenge === query.challenge) {
        void wanted.refresh();
      }
    };
    const onRows = () => {
      if (wanted.head && shown.current !== wanted) {
        shown.current?.dispose();
        shown.current = wanted;
      }
      setRound(known => known + 1);
    };
    wanted.changed.connect(onRows);
    model.boardChanged.connect(onBoard);
    void wanted.show(0, PAGE);
    return () => {
      model.boardChanged.disconnect(onBoard);
      wanted.changed.disconnect(onRows);
      if (shown.current !== wanted) {
        wanted.dispose();
      }
    };
  }, [model, wanted]);
  React.useEffect(() => () => shown.current?.dispose(), []);
  return { shown: shown.current, wanted };
}
