// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import { RequestError } from '../request';
import type { BoardView, StandingView } from '../wire';

/** Rows that are asked for at a time. */
export const PAGE = 100;

/** Pages that are kept: enough to scroll back and forth, few enough to forget. */
const KEEP = 40;

/** Reads rows of a board from a place of its list. */
export type ReadRows = (offset: number, limit: number) => Promise<BoardView>;

/**
 * The rows of one board, read page by page as they come into sight.
 *
 * #### Notes
 * What was read stays until something newer is there, so that nothing jumps: `refresh` reads the
 * pages in sight again and puts them in place together; the others are read again when they are
 * next in sight.
 */
export class BoardRows implements IDisposable {
  /** Make a board of which nothing was read yet. */
  constructor(private readonly read: ReadRows) {}

  /** The board's head as last read: its metrics, how many rows, my row; null before that. */
  get head(): BoardView | null {
    return this._head;
  }

  /** When rows were last read, in milliseconds. */
  get readAt(): number {
    return this._readAt;
  }

  /** Why rows could not be read; null once they were. */
  get error(): RequestError | null {
    return this._error;
  }

  /** Emitted when anything above, or a row, is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the rows were let go of. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Take no more answers. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** The row at a place of the list, if it was read. */
  row(index: number): StandingView | undefined {
    return this._pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
  }

  /** Have the rows from `first` to before `end` read, where they were not or are out of date. */
  async show(first: number, end: number): Promise<void> {
    const last = Math.max(first, Math.min(end, this._head?.total ?? end) - 1);
    this._inSight = [];
    for (let page = Math.floor(first / PAGE); page * PAGE <= last; page++) {
      this._inSight.push(page);
    }
    const missing = this._inSight.filter(
      page => !this._pages.has(page) || this._stale.has(page)
    );
    await this._readPages(missing.filter(page => !this._asked.has(page)));
  }

  /** Read what is in sight again; the rest when it comes into sight. */
  async refresh(): Promise<void> {
    for (const page of this._pages.keys()) {
      this._stale.add(page);
    }
    // What is under way was asked before the news.
    this._round += 1;
    this._asked.clear();
    await this._readPages(this._inSight);
  }

  private async _readPages(pages: number[]): Promise<void> {
    if (!pages.length || this.isDisposed) {
      return;
    }
    const round = this._round;
    pages.forEach(page => this._asked.add(page));
    try {
      const answers = await Promise.all(
        pages.map(page => this.read(page * PAGE, PAGE))
      );
      if (this.isDisposed || round !== this._round) {
        return;
      }
      answers.forEach((answer, index) => {
        this._pages.delete(pages[index]);
        this._pages.set(pages[index], answer);
        this._stale.delete(pages[index]);
      });
      this._head = answers[answers.length - 1];
      this._error = null;
      this._readAt = Date.now();
      this._forget();
    } catch (error) {
      if (!(error instanceof RequestError)) {
        throw error;
      }
      if (this.isDisposed || round !== this._round) {
        return;
      }
      this._error = error;
    }
    pages.forEach(page => this._asked.delete(page));
    this._changed.emit();
  }

  private _forget(): void {
    for (const page of this._pages.keys()) {
      if (this._pages.size <= KEEP) {
        return;
      }
      if (!this._inSight.includes(page)) {
        this._pages.delete(page);
        this._stale.delete(page);
      }
    }
  }

  private _asked = new Set<number>();
  private _changed = new Signal<this, void>(this);
  private _error: RequestError | null = null;
  private _head: BoardView | null = null;
  private _inSight: number[] = [0];
  private _isDisposed = false;
  private _pages = new Map<number, BoardView>();
  private _readAt = 0;
  private _round = 0;
  private _stale = new Set<number>();
}
