// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from '../api';
import type { components } from '../schema';
import type { ChallengeView, IPage, SubmissionView } from '../wire';

type Schemas = components['schemas'];

export type ChallengeOverview = Schemas['ChallengeOverview'];
export type Effect = Schemas['Effect'];
export type FieldChange = Schemas['FieldChange'];
export type FileChange = Schemas['FileChange'];
export type FailureCount = Schemas['FailureCount'];
export type FolderProblem = Schemas['FolderProblem'];
export type PublishPreview = Schemas['PublishPreview'];
export type VersionChanges = Schemas['VersionChanges'];
export type VersionView = Schemas['VersionView'];

/** Dates of a phase; what is left out stays. */
export interface IPhaseDates {
  id: string;
  starts_at?: string | null;
  ends_at?: string | null;
  reveals_at?: string | null;
}

/** Which submissions of a challenge are wanted; an empty field does not narrow. */
export interface ISubmissionFilter {
  q: string;
  state: string;
  phase: string;
  failure: string;
  fault: string;
  kind: 'submissions' | 'tries' | 'both';
}

/** A folder that was made from the template. */
export interface INewFolder {
  folder: string;
  files: string[];
}

/** Typed calls that only organisers make. */
export class OrganiserApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** A challenge in numbers. */
  overview(challenge: string): Promise<ChallengeOverview> {
    return this.api.read(`${this._path(challenge)}/overview`);
  }

  /** The published versions, newest first. */
  async versions(challenge: string): Promise<VersionView[]> {
    const page = await this.api.read<IPage<VersionView>>(
      `${this._path(challenge)}/versions`
    );
    return page.items;
  }

  /** What a version changed of the one before it. */
  changes(challenge: string, digest: string): Promise<VersionChanges> {
    return this.api.read(`${this._path(challenge)}/versions/${digest}/changes`);
  }

  /** The address of a version's challenge.yaml. */
  specUrl(challenge: string, digest: string): string {
    return this.api.address(
      `${this._path(challenge)}/versions/${digest}/challenge.yaml`
    );
  }

  /** One page of all teams' submissions, newest first. */
  submissions(
    challenge: string,
    filter: ISubmissionFilter,
    cursor: string | null,
    limit: number
  ): Promise<IPage<SubmissionView>> {
    const { kind, ...rest } = filter;
    return this.api.read('submissions', {
      ...rest,
      challenge,
      team: 'all',
      tries: kind === 'both' ? null : kind === 'tries',
      cursor,
      limit
    });
  }

  /** Close a challenge for submissions, or open it again. */
  close(challenge: string, closed: boolean): Promise<ChallengeView> {
    return this.api.send('PATCH', this._path(challenge), { closed });
  }

  /** Make an older version the current one again, in place of the one that was looked at. */
  makeCurrent(
    challenge: string,
    digest: string,
    instead_of: string
  ): Promise<ChallengeView> {
    return this.api.send('PATCH', this._path(challenge), {
      version: digest,
      instead_of
    });
  }

  /** What other dates would change. */
  previewDates(
    challenge: string,
    phases: IPhaseDates[]
  ): Promise<PublishPreview> {
    return this.api.send('POST', `${this._path(challenge)}/dates/preview`, {
      phases
    });
  }

  /** Give phases the dates that were looked at, as a new version. */
  setDates(
    challenge: string,
    phases: IPhaseDates[],
    looked: PublishPreview
  ): Promise<ChallengeView> {
    return this.api.send('PATCH', this._path(challenge), {
      phases,
      instead_of: looked.current
    });
  }

  /** What publishing a folder would change. */
  preview(folder: string): Promise<PublishPreview> {
    return this.api.own('publish', { folder, preview: true });
  }

  /** Publish a folder as it was looked at. */
  publish(folder: string, looked: PublishPreview): Promise<ChallengeView> {
    return this.api.own('publish', { folder, looked });
  }

  /** Make a working challenge folder. */
  create(folder: string, title: string): Promise<INewFolder> {
    return this.api.own('create', { folder, title });
  }

  /** Write the published dates into a folder's challenge.yaml. */
  writeDates(
    challenge: string,
    folder: string
  ): Promise<{ path: string; changed: boolean }> {
    return this.api.own('dates', { challenge, folder });
  }

  /** Save all that was submitted as a zip in a folder. */
  export(
    challenge: string,
    folder: string
  ): Promise<{ path: string; size: number }> {
    return this.api.own('export', { challenge, folder });
  }

  private _path(challenge: string): string {
    return `challenges/${encodeURIComponent(challenge)}`;
  }
}
