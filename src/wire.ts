/** Short names for what travels on the wire; `schema.ts` is generated from the service. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type BoardView = Schemas['BoardView'];
export type Change = Schemas['Change'];
export type Changes = Schemas['Changes'];
export type ChallengeSummary = Schemas['ChallengeSummary'];
export type ChallengeView = Schemas['ChallengeView'];
export type ErrorBody = Schemas['ErrorBody'];
export type FailureView = Schemas['FailureView'];
export type EnvironmentView = Schemas['EnvironmentView'];
export type LogChunk = Schemas['LogChunk'];
export type Me = Schemas['Me'];
export type PhaseView = Schemas['PhaseView'];
export type ProfileView = Schemas['ProfileView'];
export type QuotaView = Schemas['QuotaView'];
export type ScoreView = Schemas['ScoreView'];
export type StandingView = Schemas['StandingView'];
export type StepName = Schemas['StepName'];
export type StepState = Schemas['StepState'];
export type StepView = Schemas['StepView'];
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
}

/** What the Jupyter server says about a notebook before it is submitted. */
export interface IInspection {
  path: string;
  challenge: string | null;
  files: ITravellingFile[];
  kernel: string | null;
  language: string | null;
  parameters: Record<string, unknown>;
  environment: Record<string, unknown>;
  size: number;
  problems: string[];
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

/** A participant's folder that was made. */
export interface IFolder {
  folder: string;
  notebook: string | null;
  kept?: string[];
}
