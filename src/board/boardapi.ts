// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Calls about boards. */
import type { Api } from '../api';
import type { BoardView, HistoryView } from '../wire';

/** Which of a phase's two boards. */
export type BoardName = 'public' | 'private';

/** Which board, and which of its teams in which order. */
export interface IBoardQuery {
  /** The challenge's id. */
  challenge: string;
  /** The phase's id. */
  phase: string;
  /** Public or private. */
  board: BoardName;
  /** Part of a team's name; empty for all. */
  search: string;
  /** The metric that orders the rows; empty for the rank. */
  sort: string;
}

/** Some rows of a board, from any place of its list. */
export function readBoard(
  api: Api,
  query: IBoardQuery,
  offset: number,
  limit: number
): Promise<BoardView> {
  const { challenge, phase, board, search, sort } = query;
  return api.read(path(challenge, 'boards', phase, board), {
    q: search,
    sort,
    offset,
    limit
  });
}

/** How my scores, my best and the leader's came to be. */
export function readHistory(
  api: Api,
  challenge: string,
  phase: string,
  board: BoardName
): Promise<HistoryView> {
  return api.read(path(challenge, 'history'), { phase, board });
}

/** The address of a board as CSV. */
export function boardCsv(
  api: Api,
  challenge: string,
  phase: string,
  board: BoardName
): string {
  return api.address(`${path(challenge, 'boards', phase, board)}.csv`);
}

function path(challenge: string, ...parts: string[]): string {
  return ['challenges', ...[challenge, ...parts].map(encodeURIComponent)].join(
    '/'
  );
}
