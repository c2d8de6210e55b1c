// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Short names for what travels on the wire; `schema.ts` is generated from the service. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type BaselineView = Schemas['BaselineView'];
export type BoardView = Schemas['BoardView'];
export type Change = Schemas['Change'];
export type Changes = Schemas['Changes'];
export type ChallengeSummary = Schemas['ChallengeSummary'];
export type ChallengeView = Schemas['ChallengeView'];
export type ErrorBody = Schemas['ErrorBody'];
export type FailureView = Schemas['FailureView'];
export type EnvironmentView = Schemas['EnvironmentView'];
export type HistoryPoint = Schemas['HistoryPoint'];
export type HistoryStep = Schemas['HistoryStep'];
export type HistoryView = Schemas['HistoryView'];
export type LogChunk = Schemas['LogChunk'];
export type Me = Schemas['Me'];
export type MetricView = Schemas['MetricView'];
export type PhaseView = Schemas['PhaseView'];
export type ProfileView = Schemas['ProfileView'];
export type QuotaView = Schemas['QuotaView'];
export type ScoreView = Schemas['ScoreView'];
export type StandingView = Schemas['StandingView'];
export type StepName = Schemas['StepName'];
export type StepState = Schemas['StepState'];
export type StepView = Schemas['StepView'];
export type SubmissionKind = Schemas['SubmissionKind'];
export type SubmissionState = Schemas['SubmissionState'];
export type SubmissionView = Schemas['SubmissionView'];

/** One page of a list. */
export interface IPage<T> {
  items: T[];
  next?: string | null;
  total?: number | null;
}

/** A file that would travel with a notebook. */
export interface ITravellingFile {
  path: string;
  size: number | null;
  missing: boolean;
  /** The name that it travels by: its own, or that of the folder it is in. */
  declared: string;
}

/** Something that stands against handing a file in. */
export interface IProblem {
  code: 'entry' | 'no_code' | 'no_kernel' | 'file' | 'limit' | 'table';
  message: string;
  hint: string;
  /** The declared file that it is about. */
  path: string | null;
}

/** Something wrong in a predictions file. */
export interface ITableProblem {
  line: number | null;
  message: string;
}

/** What the Jupyter server read of a kernel's environment. */
export interface ICapturedEnvironment {
  display_name?: string;
  language?: string;
  version?: string;
  packages?: Record<string, string>;
  problem?: string;
}

/** What the Jupyter server says about a notebook before it is submitted. */
export interface IInspection {
  path: string;
  kind: SubmissionKind;
  challenge: string | null;
  files: ITravellingFile[];
  declared: string[];
  kernel: string | null;
  language: string | null;
  parameters: Record<string, unknown>;
  environment: ICapturedEnvironment;
  size: number;
  problems: IProblem[];
  table: ITableProblem[];
  writable: boolean;
}

/** What the Jupyter server is told to submit. */
export interface ISubmitRequest {
  path: string;
  challenge: string;
  phase?: string;
  is_try: boolean;
  files?: string[];
  parameters?: Record<string, unknown>;
  profile?: string;
  note?: string;
  idempotency_key: string;
}
