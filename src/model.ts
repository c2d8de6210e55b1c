// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { Poll } from '@lumino/polling';

import type { Api } from './api';
import { Follower } from './follower';
import { Known } from './known';
import { toRead } from './merge';
import { LONGEST_PAGE, newest } from './newest';
import { RequestError } from './request';
import type { IChallengeSettings } from './settings';
import { ChallengeSettings } from './settings';
import type { IChallengeModel, ModelState } from './tokens';
import type {
  Changes,
  ChallengeSummary,
  ChallengeView,
  Me,
  SubmissionView
} from './wire';

/** Challenges and submissions, kept current by the change feed. */
export class ChallengeModel implements IChallengeModel, IDisposable {
  /** Make a model that sleeps until it is woken. */
  constructor(options: ChallengeModel.IOptions) {
    this.api = options.api;
    this.settings = options.settings ?? new ChallengeSettings();
    this.settings.changed.connect(() => this._stateChanged.emit(), this);
    this._follower = new Follower({
      api: options.api,
      standby: options.standby,
      isFirst: () => this._state === 'loading',
      isAwaited: () => this.active.length > 0,
      isBusy: () => this._known.open.length > 0,
      readAll: () => this._readAll(),
      apply: changes => this._apply(changes),
      failed: error => this._failed(error),
      answered: () => this._answered()
    });
    this._follower.ticked.connect(() => this._ticked.emit(), this);
  }

  /** Typed calls to the service. */
  readonly api: Api;

  /** What the user chose in the settings. */
  readonly settings: IChallengeSettings;

  /** Whether there is something to show yet. */
  get state(): ModelState {
    return this._state;
  }

  /** Why the service last failed to answer. */
  get error(): RequestError | null {
    return this._error;
  }

  /** Who is signed in. */
  get me(): Me | null {
    return this._known.me;
  }

  /** Every challenge that the user may see. */
  get challenges(): ReadonlyArray<ChallengeSummary> {
    return this._known.challenges;
  }

  /** My submissions and tries that are not over, newest first. */
  get active(): ReadonlyArray<SubmissionView> {
    return this._known.active;
  }

  /** The challenge that the sidebar shows. */
  get current(): string | null {
    return this._current;
  }
  set current(id: string | null) {
    if (id !== this._current) {
      this._current = id;
      this._stateChanged.emit();
    }
  }

  /** Emitted whenever anything above changed. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Emitted with every news of a submission. */
  get submissionChanged(): ISignal<this, SubmissionView> {
    return this._submissionChanged;
  }

  /** Emitted when standings of a challenge changed. */
  get boardChanged(): ISignal<this, string> {
    return this._boardChanged;
  }

  /** Emitted every second while a run is under way, else twice a minute. */
  get clock(): ISignal<this, void> {
    return this._ticked;
  }

  /** Whether the model was disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Let go of the feed and the listeners. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._follower.dispose();
    Signal.clearData(this);
  }

  /** Ask the service for the first time. */
  wake(): void {
    if (this._state === 'dormant') {
      this._state = 'loading';
      this._stateChanged.emit();
      this._follower.wake();
    }
  }

  /** Follow the service from now on, as somebody looks. */
  attend(who: object): void {
    if (!this.isDisposed) {
      this.wake();
      this._follower.attend(who);
    }
  }

  /** Rest once nobody looks any more and no run is under way. */
  leave(who: object): void {
    if (!this.isDisposed) {
      this._follower.leave(who);
    }
  }

  /** Read everything again, at once. */
  async refresh(): Promise<void> {
    this.wake();
    try {
      await this._readAll();
    } catch (error) {
      this._failed(error);
    }
    await this._follower.hurry();
  }

  /** The whole challenge, if it was read already; reads it otherwise. */
  challenge(id: string): ChallengeView | undefined {
    const known = this._known.challenge(id);
    const isAsked = this._loading.has(id) || this._refused.has(id);
    if (!known && !isAsked && this._state === 'ready') {
      this._loading.add(id);
      this.loadChallenge(id)
        .catch(error => {
          if (!(error instanceof RequestError)) {
            throw error;
          }
          this._refused.set(id, error);
          this._stateChanged.emit();
        })
        .finally(() => this._loading.delete(id));
    }
    return known;
  }

  /** Why a challenge could not be read; it is not asked for again before a refresh. */
  refusal(id: string): RequestError | undefined {
    return this._refused.get(id);
  }

  /** My submissions and tries, newest first, if they were read already. */
  submissions(challenge: string): ReadonlyArray<SubmissionView> | undefined {
    return this._known.submissions(challenge);
  }

  /** A submission that was read already. */
  submission(id: string): SubmissionView | undefined {
    return this._known.submission(id);
  }

  /** Read a submission. */
  async loadSubmission(id: string): Promise<SubmissionView> {
    const submission = await this.api.submission(id);
    this.accept(submission);
    return this._known.submission(id) ?? submission;
  }

  /** Read a challenge and my submissions to it. */
  async loadChallenge(id: string): Promise<ChallengeView> {
    const [view, page] = await Promise.all([
      this.api.challenge(id),
      newest(this.api, id, this._known.count(id))
    ]);
    this._known.hold(view, page);
    this._refused.delete(id);
    this._follower.setPace();
    this._stateChanged.emit();
    return view;
  }

  /** Whether the service has older submissions of mine than those that were read. */
  hasMoreSubmissions(challenge: string): boolean {
    return this._known.older(challenge) !== null;
  }

  /** Read the next page of my submissions. */
  async loadMoreSubmissions(challenge: string): Promise<void> {
    const cursor = this._known.older(challenge);
    if (!cursor) {
      return;
    }
    const page = await this.api.submissions(challenge, {
      cursor,
      limit: LONGEST_PAGE
    });
    if (this.isDisposed || this._known.older(challenge) !== cursor) {
      return; // the list was read anew meanwhile
    }
    this._known.extend(challenge, page);
    this._stateChanged.emit();
  }

  /** Show a submission that the service has not answered yet, until it is disposed. */
  expect(submission: SubmissionView): IDisposable {
    this._known.expect(submission);
    this._stateChanged.emit();
    return new DisposableDelegate(() => {
      this._known.forget(submission);
      if (!this.isDisposed) {
        this._stateChanged.emit();
      }
    });
  }

  /** Take over what an action of the user or the feed made of a submission. */
  accept(submission: SubmissionView): void {
    if (this.isDisposed || !this._known.accept(submission)) {
      return;
    }
    this._follower.setPace();
    this._submissionChanged.emit(submission);
    this._stateChanged.emit();
  }

  private _answered(): void {
    if (this._error) {
      this._error = null;
      this._refused.clear();
      this._stateChanged.emit();
    }
  }

  private async _apply(changes: Changes): Promise<void> {
    if (changes.reset) {
      return this._readAll();
    }
    if (!changes.changes.length) {
      return;
    }
    const read = toRead(changes.changes);
    await Promise.all(
      [...read.submissions].map(id => this.loadSubmission(id).catch(ignoreGone))
    );
    this._known.challenges = await this.api.challenges();
    await Promise.all(
      [...read.challenges]
        .filter(id => this._known.challenge(id))
        .map(id => this.loadChallenge(id).catch(ignoreGone))
    );
    for (const id of read.boards) {
      this._boardChanged.emit(id);
    }
    this._stateChanged.emit();
  }

  private async _readAll(): Promise<void> {
    this._refused.clear();
    [this._known.me, this._known.challenges] = await Promise.all([
      this.api.me(),
      this.api.challenges()
    ]);
    const wanted = new Set(this._known.views);
    if (this._current) {
      wanted.add(this._current);
    }
    await Promise.all(
      [...wanted].map(id => this.loadChallenge(id).catch(ignoreGone))
    );
    await Promise.all(
      this._known.open.map(one => this.loadSubmission(one.id).catch(ignoreGone))
    );
    this._state = 'ready';
    this._error = null;
    for (const id of this._known.views) {
      this._boardChanged.emit(id);
    }
    this._stateChanged.emit();
  }

  private _failed(error: unknown): void {
    if (this.isDisposed) {
      return;
    }
    if (!(error instanceof RequestError)) {
      throw error;
    }
    this._error = error;
    if (this._state === 'loading') {
      this._state = 'failed';
    }
    this._stateChanged.emit();
  }

  private _boardChanged = new Signal<this, string>(this);
  private _current: string | null = null;
  private _error: RequestError | null = null;
  private _follower: Follower;
  private _isDisposed = false;
  private _known = new Known();
  private _loading = new Set<string>();
  private _refused = new Map<string, RequestError>();
  private _state: ModelState = 'dormant';
  private _stateChanged = new Signal<this, void>(this);
  private _submissionChanged = new Signal<this, SubmissionView>(this);
  private _ticked = new Signal<this, void>(this);
}

/** What is gone, or was taken from the user's sight, is simply not shown any more. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof RequestError) || error.status !== 404) {
    throw error;
  }
}

/** A namespace for `ChallengeModel` statics. */
export namespace ChallengeModel {
  /** What a model is made of. */
  export interface IOptions {
    /** Typed calls to the service. */
    api: Api;
    /** What the user chose; the defaults when left out. */
    settings?: IChallengeSettings;
    /** When the feed rests; 'never' in tests. */
    standby?: Poll.Standby;
  }
}
