import type { TranslationBundle } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import { BoardTable } from './boardtable';
import { Ago, ErrorFace, Face, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { BoardView, ChallengeView } from '../wire';

/** Rows that are asked for at a time. */
const PAGE = 100;

/** Pause after typing before the board is searched, in milliseconds. */
const PAUSE = 250;

interface IProps {
  model: IChallengeModel;
  view: ChallengeView;
  trans: TranslationBundle;
}

/** The board of a challenge: phase, public or private, search, pages. */
export function Leaderboard(props: IProps): JSX.Element {
  const { model, view, trans } = props;
  const [phaseId, setPhase] = React.useState(view.phase.id);
  const [board, setBoard] = React.useState<'public' | 'private'>('public');
  const [search, setSearch] = React.useState('');
  const [query, setQuery] = React.useState('');
  const [page, setPage] = React.useState<BoardView | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const [readAt, setReadAt] = React.useState('');
  const wanted = React.useRef(PAGE);
  const phase = view.phases.find(one => one.id === phaseId) ?? view.phase;

  const [debouncer] = React.useState(
    () => new Debouncer((text: string) => setQuery(text), PAUSE)
  );
  React.useEffect(() => () => debouncer.dispose(), [debouncer]);

  React.useEffect(() => {
    const onBoard = (_: IChallengeModel, challenge: string) => {
      if (challenge === view.id) {
        setRound(known => known + 1);
      }
    };
    model.boardChanged.connect(onBoard);
    return () => {
      model.boardChanged.disconnect(onBoard);
    };
  }, [model, view.id]);

  // The old rows stay until the new ones are there, so that nothing jumps.
  React.useEffect(() => {
    let isGone = false;
    const read = async () => {
      let whole: BoardView | null = null;
      let cursor: string | undefined;
      do {
        const next: BoardView = await model.api.board(
          view.id,
          phase.id,
          board,
          { cursor, limit: PAGE, q: query }
        );
        whole = whole
          ? { ...next, rows: [...whole.rows, ...next.rows], offset: 0 }
          : next;
        cursor = next.next ?? undefined;
      } while (cursor && whole.rows.length < wanted.current && !isGone);
      return whole;
    };
    read().then(
      whole => {
        if (!isGone) {
          setPage(whole);
          setError(null);
          setReadAt(new Date().toISOString());
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
  }, [view.id, phase.id, board, query, round]);

  const choose = (change: () => void) => {
    wanted.current = PAGE;
    setPage(null);
    change();
  };
  const more = () => {
    wanted.current += PAGE;
    setRound(round + 1);
  };
  const again = () => setRound(round + 1);

  return (
    <section className="jp-Challenge-board" aria-label={trans.__('Board')}>
      <div className="jp-Challenge-boardBar">
        {view.phases.length > 1 && (
          <select
            className="jp-mod-styled"
            aria-label={trans.__('Phase')}
            value={phase.id}
            onChange={event => choose(() => setPhase(event.target.value))}
          >
            {view.phases.map(one => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
          </select>
        )}
        {phase.has_private && (
          <div
            className="jp-Challenge-steps"
            role="group"
            aria-label={trans.__('Board')}
          >
            <button
              aria-pressed={board === 'public'}
              onClick={() => choose(() => setBoard('public'))}
            >
              {trans.__('Public')}
            </button>
            <button
              aria-pressed={board === 'private'}
              disabled={!phase.revealed && view.role === 'participant'}
              title={
                phase.revealed
                  ? ''
                  : trans.__('Opens when the phase reveals it')
              }
              onClick={() => choose(() => setBoard('private'))}
            >
              {trans.__('Private')}
            </button>
          </div>
        )}
        <span className="jp-Challenge-hint jp-Challenge-number">
          {page ? trans._n('1 team', '%1 teams', page.total) : ''}
        </span>
        <span className="jp-Challenge-hint jp-Challenge-updated">
          {readAt && !error && (
            <>
              {trans.__('updated')}
              <Ago time={readAt} model={model} trans={trans} />
            </>
          )}
          {error &&
            page &&
            trans.__('not up to date: the server does not answer')}
        </span>
        <span className="jp-Challenge-space" />
        <input
          type="search"
          className="jp-mod-styled"
          placeholder={trans.__('Search teams…')}
          aria-label={trans.__('Search teams')}
          value={search}
          onChange={event => {
            setSearch(event.target.value);
            void debouncer.invoke(event.target.value);
          }}
        />
        <a
          className="jp-Challenge-link"
          href={model.api.boardCsv(view.id, phase.id, board)}
          download
        >
          {trans.__('CSV')}
        </a>
      </div>
      {view.practice && (
        <p className="jp-Challenge-practice">
          {trans.__('Practice: scores here are your own word.')}
        </p>
      )}
      {error && !page ? (
        <ErrorFace error={error} trans={trans} retry={again} />
      ) : !page ? (
        <Loading trans={trans} />
      ) : page.rows.length === 0 ? (
        query ? (
          <Face
            title={trans.__('No team matches “%1”', query)}
            action={{
              label: trans.__('Show all'),
              run: () => {
                setSearch('');
                setQuery('');
              }
            }}
          />
        ) : (
          <Face
            title={trans.__('Nobody has a score yet')}
            text={trans.__('Submit a notebook and be the first.')}
          />
        )
      ) : (
        <BoardTable page={page} model={model} trans={trans} />
      )}
      {page?.next && (
        <button className="jp-Challenge-button jp-mod-styled" onClick={more}>
          {trans.__('Show more (%1 of %2)', page.rows.length, page.total)}
        </button>
      )}
    </section>
  );
}
