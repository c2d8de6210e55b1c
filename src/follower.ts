// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Api } from './api';
import type { Changes } from './wire';

/** Pause between an answer of the feed and the next question, and the longest after failures. */
const FEED_PAUSE = 200;
const FEED_BACKOFF = 15 * 1000;

/** How often elapsed and relative times are drawn again. */
const TICK_BUSY = 1000;
const TICK_IDLE = 30 * 1000;

/** Asks the service what changed, as long as somebody wants to know, and gives the time. */
export class Follower implements IDisposable {
  /** Make a follower that sleeps until it is woken. */
  constructor(private readonly options: Follower.IOptions) {
    this._feed = new Poll({
      auto: false,
      factory: () => this._followOnce(),
      frequency: { interval: FEED_PAUSE, backoff: 3, max: FEED_BACKOFF },
      name: 'jupyter-challenge:feed',
      standby: options.standby ?? 'when-hidden'
    });
    this._feed.ticked.connect(() => this._restUnlessWanted(), this);
    this._clock = new Poll({
      auto: false,
      factory: async () => this._ticked.emit(),
      frequency: { interval: TICK_IDLE, backoff: false },
      name: 'jupyter-challenge:clock',
      standby: 'when-hidden'
    });
  }

  /** Emitted every second while a run is under way, else twice a minute. */
  get ticked(): ISignal<this, void> {
    return this._ticked;
  }

  /** Whether the follower was disposed. */
  get isDisposed(): boolean {
    return this._feed.isDisposed;
  }

  /** Ask no more. */
  dispose(): void {
    this._feed.dispose();
    this._clock.dispose();
    Signal.clearData(this);
  }

  /** Ask for the first time. */
  wake(): void {
    this._isAwake = true;
    void this._feed.start();
  }

  /** Follow from now on, as somebody looks. */
  attend(who: object): void {
    this._attending.add(who);
    this.setPace();
  }

  /** Rest once nobody looks any more and no run is under way. */
  leave(who: object): void {
    if (this._attending.delete(who)) {
      this._restUnlessWanted();
    }
  }

  /** Ask at once where the feed waits out its back-off. */
  async hurry(): Promise<void> {
    if (this._feed.state.phase === 'rejected') {
      await this._feed.refresh();
    }
  }

  /** Give the time every second only while a run is under way; wake up who rests. */
  setPace(): void {
    if (!this._isWanted || !this._isAwake) {
      return;
    }
    const interval = this.options.isBusy() ? TICK_BUSY : TICK_IDLE;
    if (this._clock.frequency.interval !== interval) {
      this._clock.frequency = { ...this._clock.frequency, interval };
      void this._clock.refresh();
    }
    void this._clock.start();
    void this._feed.start();
  }

  /** Whether somebody looks, or waits for a run to end. */
  private get _isWanted(): boolean {
    return this._attending.size > 0 || this.options.isAwaited();
  }

  /** Ask for nothing while nobody wants to know. */
  private _restUnlessWanted(): void {
    // The first answer is for whoever woke the follower.
    if (!this._isWanted && !this.options.isFirst()) {
      void this._feed.stop();
      void this._clock.stop();
    }
  }

  /** Follow the feed; a question that is still open from before a rest is not asked twice. */
  private _followOnce(): Promise<void> {
    this._following ??= this._follow().finally(() => {
      this._following = null;
    });
    return this._following;
  }

  private async _follow(): Promise<void> {
    const { api, readAll, apply, failed, answered } = this.options;
    try {
      if (this._after === null) {
        // First the place in the feed, then what it is about, so that nothing falls between.
        const start = await api.changes(null);
        await readAll();
        this._after = start.next;
      } else {
        const changes = await api.changes(this._after);
        await apply(changes);
        this._after = changes.next;
      }
    } catch (error) {
      failed(error);
      throw error;
    }
    answered();
  }

  private _after: number | null = null;
  private _attending = new Set<object>();
  private _clock: Poll;
  private _feed: Poll;
  private _following: Promise<void> | null = null;
  private _isAwake = false;
  private _ticked = new Signal<this, void>(this);
}

/** A namespace for `Follower` statics. */
export namespace Follower {
  /** Who is asked, and who is told. */
  export interface IOptions {
    /** Typed calls to the service. */
    api: Pick<Api, 'changes'>;
    /** When the feed rests; 'never' in tests. */
    standby?: Poll.Standby;
    /** Whether the first answer is still to come. */
    isFirst: () => boolean;
    /** Whether a run of the user is under way. */
    isAwaited: () => boolean;
    /** Whether any run is under way whose time goes on. */
    isBusy: () => boolean;
    /** Read everything. */
    readAll: () => Promise<void>;
    /** Read what a piece of the feed is about. */
    apply: (changes: Changes) => Promise<void>;
    /** The service did not answer. */
    failed: (error: unknown) => void;
    /** The service answered. */
    answered: () => void;
  }
}
