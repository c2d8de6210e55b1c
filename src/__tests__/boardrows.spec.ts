// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { BoardRows, PAGE } from '../board/boardrows';
import { columnsOf, leastWidth } from '../board/columns';
import { rowsToDraw, scrollFor, sideOf } from '../board/sight';
import { errorFrom } from '../request';
import type { BoardView } from '../wire';
import { nullTranslator } from '@jupyterlab/translation';

/** A service with teams whose names say of which round of scores they are. */
class Board {
  constructor(public total: number) {}

  readonly asked: number[] = [];
  round = 0;
  fails = false;
  /** Answers wait for this where it is set. */
  gate: Promise<void> | null = null;

  read = async (offset: number, limit: number): Promise<BoardView> => {
    this.asked.push(offset);
    const { round } = this;
    await this.gate;
    if (this.fails) {
      throw errorFrom(0, '');
    }
    const size = Math.max(0, Math.min(limit, this.total - offset));
    return {
      title: 'Tiny',
      board: 'public',
      metrics: [],
      total: this.total,
      offset,
      rows: Array.from({ length: size }, (_, n) => ({
        rank: offset + n + 1,
        team: { id: `${offset + n}`, name: `team ${offset + n}, ${round}` }
      }))
    } as unknown as BoardView;
  };
}

const name = (rows: BoardRows, index: number) => rows.row(index)?.team.name;

describe('the rows of a board', () => {
  it('are read page by page, each once', async () => {
    const board = new Board(1000);
    const rows = new BoardRows(board.read);
    await rows.show(0, 30);
    await rows.show(10, 60);
    expect(board.asked).toEqual([0]);
    await rows.show(PAGE - 5, PAGE + 30);
    expect(board.asked).toEqual([0, PAGE]);
    expect(name(rows, PAGE + 3)).toBe('team 103, 0');
    expect(name(rows, 5 * PAGE)).toBeUndefined();
  });

  it('are read from any place', async () => {
    const board = new Board(1000);
    const rows = new BoardRows(board.read);
    await rows.show(0, 30);
    await rows.show(730, 760);
    expect(board.asked).toEqual([0, 700]);
    expect(name(rows, 731)).toBe('team 731, 0');
    expect(name(rows, 1)).toBe('team 1, 0');
  });

  it('are not asked for twice while an answer is under way', async () => {
    const board = new Board(300);
    const rows = new BoardRows(board.read);
    await Promise.all([rows.show(0, 20), rows.show(5, 25)]);
    expect(board.asked).toEqual([0]);
  });

  it('stay until newer ones are there', async () => {
    const board = new Board(300);
    const rows = new BoardRows(board.read);
    await rows.show(90, 120);
    let open = () => {};
    board.gate = new Promise(resolve => {
      open = resolve;
    });
    board.round = 1;
    const seen: (string | undefined)[] = [];
    rows.changed.connect(() => seen.push(name(rows, 95), name(rows, 105)));
    const refreshed = rows.refresh();
    expect(name(rows, 95)).toBe('team 95, 0');
    open();
    await refreshed;
    // Both pages in sight came at once.
    expect(seen).toEqual(['team 95, 1', 'team 105, 1']);
  });

  it('are read again after news only once they are in sight', async () => {
    const board = new Board(1000);
    const rows = new BoardRows(board.read);
    await rows.show(0, 30);
    await rows.show(500, 530);
    board.round = 1;
    board.asked.length = 0;
    await rows.refresh();
    expect(board.asked).toEqual([500]);
    expect(name(rows, 3)).toBe('team 3, 0');
    await rows.show(0, 30);
    expect(board.asked).toEqual([500, 0]);
    expect(name(rows, 3)).toBe('team 3, 1');
  });

  it('take no answer that was asked for before the news', async () => {
    const board = new Board(300);
    const rows = new BoardRows(board.read);
    let open = () => {};
    board.gate = new Promise(resolve => {
      open = resolve;
    });
    const first = rows.show(0, 30);
    board.gate = null;
    board.round = 1;
    await rows.refresh();
    open();
    await first;
    expect(name(rows, 3)).toBe('team 3, 1');
  });

  it('stay when the service does not answer, and say so', async () => {
    const board = new Board(300);
    const rows = new BoardRows(board.read);
    await rows.show(0, 30);
    board.fails = true;
    await rows.refresh();
    expect(rows.error?.kind).toBe('offline');
    expect(name(rows, 3)).toBe('team 3, 0');
    board.fails = false;
    await rows.refresh();
    expect(rows.error).toBeNull();
  });

  it('forget those far away, and never those in sight', async () => {
    const board = new Board(10_000);
    const rows = new BoardRows(board.read);
    for (let first = 0; first < 10_000; first += PAGE) {
      await rows.show(first, first + 20);
    }
    expect(name(rows, 0)).toBeUndefined();
    expect(name(rows, 9_905)).toBe('team 9905, 0');
    await rows.show(0, 20);
    expect(name(rows, 0)).toBe('team 0, 0');
  });

  it('tell nothing any more once they are let go of', async () => {
    const board = new Board(300);
    const rows = new BoardRows(board.read);
    const listener = jest.fn();
    rows.changed.connect(listener);
    const asked = rows.show(0, 30);
    rows.dispose();
    await asked;
    expect(listener).not.toHaveBeenCalled();
    expect(rows.head).toBeNull();
  });
});

describe('what is in sight', () => {
  it('is drawn with some rows beyond it', () => {
    const { first, end } = rowsToDraw(30_000, 300, 30, 10_000);
    expect(first).toBeLessThanOrEqual(1000 - 6);
    expect(end).toBeGreaterThanOrEqual(1010 + 6);
    expect(end - first).toBeLessThan(30);
  });

  it('ends with the list', () => {
    expect(rowsToDraw(0, 300, 30, 4)).toEqual({ first: 0, end: 4 });
    expect(rowsToDraw(9e9, 300, 30, 4)).toEqual({ first: 3, end: 4 });
    expect(rowsToDraw(0, 300, 30, 0)).toEqual({ first: 0, end: 0 });
  });

  it('does not change with every pixel', () => {
    const different = new Set(
      Array.from({ length: 90 }, (_, n) =>
        JSON.stringify(rowsToDraw(3000 + n, 300, 30, 10_000))
      )
    );
    expect(different.size).toBeLessThanOrEqual(4);
  });

  it('knows at which edge a row is', () => {
    expect(sideOf(5, 300, 300, 30)).toBe('above');
    expect(sideOf(10, 300, 300, 30)).toBeNull();
    expect(sideOf(19, 300, 300, 30)).toBeNull();
    expect(sideOf(20, 300, 300, 30)).toBe('below');
  });

  it('has a row in it after a jump', () => {
    for (const index of [0, 3, 5000, 9999]) {
      const top = scrollFor(index, 300, 30);
      expect(sideOf(index, top, 300, 30)).toBeNull();
    }
  });
});

describe('columns', () => {
  const trans = nullTranslator.load('');
  const head = {
    board: 'public',
    total: 87,
    metrics: [
      { name: 'a', label: 'Accuracy', direction: 'maximize', ranked: true },
      { name: 'l', label: 'Log loss', direction: 'minimize', ranked: false }
    ]
  } as unknown as BoardView;

  it('are those that there is something for', () => {
    const kinds = (...has: [boolean, boolean]) =>
      columnsOf(head, ...has, trans).map(one => one.id);
    expect(kinds(false, false)).toEqual([
      'rank',
      'team',
      'metric-a',
      'metric-l',
      'entries',
      'last'
    ]);
    expect(kinds(true, true).slice(0, 4)).toEqual([
      'rank',
      'interval',
      'move',
      'team'
    ]);
  });

  it('keep rank, team and score where there is little room', () => {
    const columns = columnsOf(head, true, true, trans);
    expect(columns.filter(one => !one.minor).map(one => one.id)).toEqual([
      'rank',
      'team',
      'metric-a'
    ]);
    expect(leastWidth(columns)).toBeLessThan(40);
  });
});
