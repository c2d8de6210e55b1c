// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { Api } from './api';
import type { RequestError } from './request';
import type { IChallengeSettings } from './settings';
import type {
  ChallengeSummary,
  ChallengeView,
  Me,
  SubmissionView
} from './wire';

/** The translation domain. */
export const DOMAIN = 'jupyter_challenge';

/** The pages of a challenge in the main area. */
export type ChallengeTab = 'about' | 'data' | 'board' | 'rules';

/** What the model knows of the service. */
export type ModelState = 'dormant' | 'loading' | 'ready' | 'failed';

/** Challenges and submissions as the service last told them, kept current by its feed. */
export interface IChallengeModel {
  /** Typed calls to the service. */
  readonly api: Api;

  /** What the user chose in the settings. */
  readonly settings: IChallengeSettings;

  /** Whether there is something to show yet. */
  readonly state: ModelState;

  /** Why the service last failed to answer; null once it answers again. */
  readonly error: RequestError | null;

  /** Who is signed in; null until the service has said so. */
  readonly me: Me | null;

  /** Every challenge that the user may see. */
  readonly challenges: ReadonlyArray<ChallengeSummary>;

  /** My submissions and tries that are not over, newest first. */
  readonly active: ReadonlyArray<SubmissionView>;

  /** The challenge that the sidebar shows; null while it shows the list. */
  current: string | null;

  /** Emitted whenever anything above changed. */
  readonly stateChanged: ISignal<this, void>;

  /** Emitted with every news of a submission. */
  readonly submissionChanged: ISignal<this, SubmissionView>;

  /** Emitted when standings of a challenge changed. */
  readonly boardChanged: ISignal<this, string>;

  /** Emitted every second while a run is under way, else twice a minute. */
  readonly clock: ISignal<this, void>;

  /** Ask the service for the first time; does nothing when it was asked before. */
  wake(): void;

  /** Follow the service from now on, as somebody looks; see `attendWhileVisible`. */
  attend(who: object): void;

  /** Rest once nobody looks any more and no run is under way. */
  leave(who: object): void;

  /** Read everything again. */
  refresh(): Promise<void>;

  /** The whole challenge, if it was read already; reads it otherwise. */
  challenge(id: string): ChallengeView | undefined;

  /** Why a challenge could not be read; it is not asked for again before a refresh. */
  refusal(id: string): RequestError | undefined;

  /** My submissions and tries, newest first, if they were read already. */
  submissions(challenge: string): ReadonlyArray<SubmissionView> | undefined;

  /** Whether the service has older submissions of mine than those that were read. */
  hasMoreSubmissions(challenge: string): boolean;

  /** Read the next page of my submissions. */
  loadMoreSubmissions(challenge: string): Promise<void>;

  /** A submission that was read already. */
  submission(id: string): SubmissionView | undefined;

  /** Read a submission. */
  loadSubmission(id: string): Promise<SubmissionView>;

  /** Read a challenge and my submissions to it. */
  loadChallenge(id: string): Promise<ChallengeView>;

  /** Show a submission that the service has not answered yet, until it is disposed. */
  expect(submission: SubmissionView): IDisposable;

  /** Take over what an action of the user made of a submission. */
  accept(submission: SubmissionView): void;
}

/** The model of challenges and submissions. */
export const IChallengeModel = new Token<IChallengeModel>(
  'jupyter-challenge:IChallengeModel',
  'Challenges, submissions and standings, kept current by the change feed.'
);
