import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Poll } from '@lumino/polling';

import type { Api } from './api';
import { isOlder, mergeSubmission, toRead } from './merge';
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
import { isOver } from './words';

/** Pause between an answer of the feed and the next question, and the longest after failures. */
const FEED_PAUSE = 200;
const FEED_BACKOFF = 15 * 1000;

/** How often elapsed and relative times are drawn again. */
const TICK_BUSY = 1000;
const TICK_IDLE = 30 * 1000;

/** Challenges and submissions, kept current by the change feed. */
export class ChallengeModel implements IChallengeModel, IDisposable {
  /** Make a model that sleeps until it is woken. */
  constructor(options: ChallengeModel.IOptions) {
    this.api = options.api;
    this.settings = options.settings ?? new ChallengeSettings();
    this.settings.changed.connect(() => this._stateChanged.emit(), this);
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
    return this._me;
  }

  /** Every challenge that the user may see. */
  get challenges(): ReadonlyArray<ChallengeSummary> {
    return this._challenges;
  }

  /** My submissions and tries that are not over, newest first. */
  get active(): ReadonlyArray<SubmissionView> {
    return [...this._submissions.values()]
      .filter(one => one.mine && !isOver(one))
      .sort((a, b) => b.created_at.localeCompare(a.created_at));
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
    this._feed.dispose();
    this._clock.dispose();
    Signal.clearData(this);
  }

  /** Ask the service for the first time. */
  wake(): void {
    if (this._state === 'dormant') {
      this._state = 'loading';
      this._stateChanged.emit();
      void this._feed.start();
    }
  }

  /** Follow the service from now on, as somebody looks. */
  attend(who: object): void {
    if (!this.isDisposed) {
      this._attending.add(who);
      this.wake();
      this._setPace();
    }
  }

  /** Rest once nobody looks any more and no run is under way. */
  leave(who: object): void {
    if (this._attending.delete(who) && !this.isDisposed) {
      this._restUnlessWanted();
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
    // The feed may be waiting out its back-off.
    if (this._feed.state.phase === 'rejected') {
      await this._feed.refresh();
    }
  }

  /** The whole challenge, if it was read already; reads it otherwise. */
  challenge(id: string): ChallengeView | undefined {
    const known = this._views.get(id);
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
    const list = this._lists.get(challenge);
    const expected = [...this._expected.values()]
      .filter(one => one.submission.challenge === challenge)
      // What came in meanwhile under its name is most likely this one.
      .filter(
        one =>
          !list?.some(
            other =>
              other.name === one.submission.name && !one.known.has(other.id)
          )
      )
      .map(one => one.submission);
    return expected.length ? [...expected, ...(list ?? [])] : list;
  }

  /** A submission that was read already. */
  submission(id: string): SubmissionView | undefined {
    return this._submissions.get(id);
  }

  /** Read a submission. */
  async loadSubmission(id: string): Promise<SubmissionView> {
    const submission = await this.api.submission(id);
    this.accept(submission);
    return this._submissions.get(id) ?? submission;
  }

  /** Read a challenge and my submissions to it. */
  async loadChallenge(id: string): Promise<ChallengeView> {
    const known = this._lists.get(id) ?? [];
    const [view, page] = await Promise.all([
      this.api.challenge(id),
      newest(this.api, id, known.length)
    ]);
    this._views.set(id, view);
    this._refused.delete(id);
    let list: ReadonlyArray<SubmissionView> = (
      this._lists.get(id) ?? []
    ).filter(
      // What was accepted while the answer was under way is newer than the answer.
      one => !isOver(one)
    );
    for (const one of page.items) {
      list = mergeSubmission(list, one);
    }
    this._older.set(id, page.next ?? null);
    for (const one of list) {
      this._submissions.set(one.id, one);
    }
    this._lists.set(id, list);
    this._setPace();
    this._stateChanged.emit();
    return view;
  }

  /** Whether the service has older submissions of mine than those that were read. */
  hasMoreSubmissions(challenge: string): boolean {
    return !!this._older.get(challenge);
  }

  /** Read the next page of my submissions. */
  async loadMoreSubmissions(challenge: string): Promise<void> {
    const cursor = this._older.get(challenge);
    if (!cursor) {
      return;
    }
    const page = await this.api.submissions(challenge, {
      cursor,
      limit: LONGEST_PAGE
    });
    if (this.isDisposed || this._older.get(challenge) !== cursor) {
      return; // the list was read anew meanwhile
    }
    let list = this._lists.get(challenge) ?? [];
    for (const one of page.items) {
      list = mergeSubmission(list, one);
      this._submissions.set(one.id, one);
    }
    this._lists.set(challenge, list);
    this._older.set(challenge, page.next ?? null);
    this._stateChanged.emit();
  }

  /** Show a submission that the service has not answered yet, until it is disposed. */
  expect(submission: SubmissionView): IDisposable {
    const list = this._lists.get(submission.challenge) ?? [];
    const known = new Set(list.map(one => one.id));
    this._expected.set(submission.id, { submission, known });
    this._stateChanged.emit();
    return new DisposableDelegate(() => {
      this._expected.delete(submission.id);
      if (!this.isDisposed) {
        this._stateChanged.emit();
      }
    });
  }

  /** Take over what an action of the user or the feed made of a submission. */
  accept(submission: SubmissionView): void {
    if (this.isDisposed) {
      return;
    }
    const known = this._submissions.get(submission.id);
    if (known && isOlder(submission, known)) {
      return;
    }
    this._submissions.set(submission.id, submission);
    if (submission.mine) {
      const list = this._lists.get(submission.challenge) ?? [];
      this._lists.set(submission.challenge, mergeSubmission(list, submission));
    }
    this._setPace();
    this._submissionChanged.emit(submission);
    this._stateChanged.emit();
  }

  /** Whether somebody looks, or waits for a run to end. */
  private get _isWanted(): boolean {
    return this._attending.size > 0 || this.active.length > 0;
  }

  /** Ask for nothing while nobody wants to know; what is known stays. */
  private _restUnlessWanted(): void {
    // The first answer is for whoever woke the model.
    if (!this._isWanted && this._state !== 'loading') {
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
    try {
      if (this._after === null) {
        // First the place in the feed, then what it is about, so that nothing falls between.
        const start = await this.api.changes(null);
        await this._readAll();
        this._after = start.next;
      } else {
        const changes = await this.api.changes(this._after);
        await this._apply(changes);
        this._after = changes.next;
      }
    } catch (error) {
      this._failed(error);
      throw error;
    }
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
    this._challenges = await this.api.challenges();
    await Promise.all(
      [...read.challenges]
        .filter(id => this._views.has(id))
        .map(id => this.loadChallenge(id).catch(ignoreGone))
    );
    for (const id of read.boards) {
      this._boardChanged.emit(id);
    }
    this._stateChanged.emit();
  }

  private async _readAll(): Promise<void> {
    this._refused.clear();
    [this._me, this._challenges] = await Promise.all([
      this.api.me(),
      this.api.challenges()
    ]);
    const wanted = new Set(this._views.keys());
    if (this._current) {
      wanted.add(this._current);
    }
    await Promise.all(
      [...wanted].map(id => this.loadChallenge(id).catch(ignoreGone))
    );
    const open = [...this._submissions.values()].filter(one => !isOver(one));
    await Promise.all(
      open.map(one => this.loadSubmission(one.id).catch(ignoreGone))
    );
    this._state = 'ready';
    this._error = null;
    for (const id of this._views.keys()) {
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

  /** Draw times again every second only while a run is under way; wake up who rests. */
  private _setPace(): void {
    if (!this._isWanted || this._state === 'dormant') {
      return;
    }
    const isBusy = [...this._submissions.values()].some(one => !isOver(one));
    const interval = isBusy ? TICK_BUSY : TICK_IDLE;
    if (this._clock.frequency.interval !== interval) {
      this._clock.frequency = { ...this._clock.frequency, interval };
      void this._clock.refresh();
    }
    void this._clock.start();
    void this._feed.start();
  }

  private _attending = new Set<object>();
  private _after: number | null = null;
  private _boardChanged = new Signal<this, string>(this);
  private _challenges: ReadonlyArray<ChallengeSummary> = [];
  private _clock: Poll;
  private _current: string | null = null;
  private _error: RequestError | null = null;
  private _expected = new Map<
    string,
    { submission: SubmissionView; known: ReadonlySet<string> }
  >();
  private _feed: Poll;
  private _following: Promise<void> | null = null;
  private _isDisposed = false;
  private _lists = new Map<string, ReadonlyArray<SubmissionView>>();
  private _loading = new Set<string>();
  private _me: Me | null = null;
  private _older = new Map<string, string | null>();
  private _refused = new Map<string, RequestError>();
  private _state: ModelState = 'dormant';
  private _stateChanged = new Signal<this, void>(this);
  private _submissionChanged = new Signal<this, SubmissionView>(this);
  private _submissions = new Map<string, SubmissionView>();
  private _ticked = new Signal<this, void>(this);
  private _views = new Map<string, ChallengeView>();
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
