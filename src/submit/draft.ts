// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type {
  ChallengeView,
  IInspection,
  ProfileView,
  SubmissionKind
} from '../wire';

/** What is handed in: a notebook, or a predictions file. */
export interface ISubject {
  /** The path on the server's disk. */
  path: string;
  /** The path by which the contents manager knows it. */
  contentsPath: string;
  /** The file's name. */
  name: string;
  kind: SubmissionKind;
  /** Whether a try was asked for. */
  isTry: boolean;
}

/** What the user decides; it outlives the dialog. */
export interface IDraft {
  /** The challenge's id; null until one is known. */
  challenge: string | null;
  /** The files that travel; null for those that the notebook declares. */
  files: string[] | null;
  /** The compute profile's id; null for the default one. */
  profile: string | null;
  /** Texts of the fields of parameters that were touched. */
  parameters: Record<string, string>;
  note: string;
}

/** How the open document stands to its file. */
export interface IStanding {
  /** Whether it has changes that could not be saved. */
  isUnsaved: boolean;
  /** Whether the file cannot be written. */
  isReadOnly: boolean;
  /** Whether the file was changed since it was opened or saved here. */
  isNewerOnDisk: boolean;
  /** Whether it is not on the Jupyter server's disk. */
  isElsewhere: boolean;
}

/** A document that is as it is on disk. */
export const SETTLED: IStanding = {
  isUnsaved: false,
  isReadOnly: false,
  isNewerOnDisk: false,
  isElsewhere: false
};

/** What the servers said of what is handed in. */
export interface IFacts {
  inspection: IInspection;
  /** The challenge; null while none is chosen, or where it is not there any more. */
  view: ChallengeView | null;
  profiles: ProfileView[];
}

/** The profile that a draft means. */
export function profileOf(
  profiles: ReadonlyArray<ProfileView>,
  id: string | null
): ProfileView | undefined {
  return (
    profiles.find(one => one.id === id) ??
    profiles.find(one => one.default) ??
    profiles[0]
  );
}
