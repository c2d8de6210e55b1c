// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { URLExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { ServerConnection } from '@jupyterlab/services';

import { downloadUrl, requestAPI } from './request';
import type {
  Changes,
  ChallengeSummary,
  ChallengeView,
  IInspection,
  IPage,
  ISubmitRequest,
  LogChunk,
  Me,
  StepName,
  SubmissionView
} from './wire';

/**
 * Seconds that the feed waits for a change before it answers that there is none.
 *
 * #### Notes
 * At least and at most, by chance: those who were woken together ask again at different times.
 * Proxies end what is silent for a minute.
 */
const FEED_LEAST = 40;
const FEED_MOST = 54;

const JSON_HEADERS = { 'Content-Type': 'application/json' };

export type Query = Record<
  string,
  string | number | boolean | null | undefined
>;

/** Typed calls to the service and to the Jupyter server's own routes. */
export class Api {
  /** Call the server that these settings name. */
  constructor(private readonly settings: ServerConnection.ISettings) {}

  /** Who is signed in, and where the service runs. */
  me(): Promise<Me> {
    return this._get('me');
  }

  /** All challenges that the user may see. */
  challenges(): Promise<ChallengeSummary[]> {
    return this._all('challenges', {});
  }

  /** One challenge with all its pages. */
  challenge(id: string): Promise<ChallengeView> {
    return this._get(`challenges/${encodeURIComponent(id)}`);
  }

  /** Enter a challenge, accepting the terms with this digest. */
  enter(id: string, termsDigest: string | null): Promise<ChallengeView> {
    return this._send('PUT', `challenges/${encodeURIComponent(id)}/entry`, {
      terms_digest: termsDigest
    });
  }

  /** A page of my submissions and tries in a challenge, newest first. */
  submissions(
    challenge: string,
    options: { cursor?: string | null; limit: number }
  ): Promise<IPage<SubmissionView>> {
    return this._get('submissions', { challenge, team: 'mine', ...options });
  }

  /** One submission with its latest run. */
  submission(id: string): Promise<SubmissionView> {
    return this._get(`submissions/${encodeURIComponent(id)}`);
  }

  /** Cancel a submission that is not over. */
  cancel(id: string): Promise<SubmissionView> {
    return this._send('POST', `submissions/${encodeURIComponent(id)}/cancel`);
  }

  /** Choose a submission for the private board, or take the choice back. */
  select(id: string, selected: boolean): Promise<SubmissionView> {
    return this._send(
      selected ? 'PUT' : 'DELETE',
      `submissions/${encodeURIComponent(id)}/selection`
    );
  }

  /** A piece of a step's log from a byte offset. */
  log(id: string, step: StepName, offset: number): Promise<LogChunk> {
    return this._get(`submissions/${encodeURIComponent(id)}/logs/${step}`, {
      offset
    });
  }

  /** The address of the notebook as run. */
  notebookUrl(id: string): string {
    return this._url(`submissions/${encodeURIComponent(id)}/notebook`);
  }

  /** The address of a file that the challenge hands out. */
  fileUrl(challenge: string, path: string): string {
    const parts = path.split('/').map(encodeURIComponent).join('/');
    return this._url(
      `challenges/${encodeURIComponent(challenge)}/files/${parts}`
    );
  }

  /** What changed after a point; waits for the next change. Without a point: where the feed is. */
  changes(after: number | null): Promise<Changes> {
    if (after === null) {
      return this._get('changes');
    }
    const timeout = FEED_LEAST + Math.random() * (FEED_MOST - FEED_LEAST);
    return this._get('changes', { after, timeout: timeout.toFixed(1) });
  }

  /** What would travel with a notebook: its declared files, or these instead; and whether it may. */
  inspect(
    path: string,
    files: string[] | null = null,
    challenge: string | null = null
  ): Promise<IInspection> {
    const query = {
      path,
      ...(files === null ? {} : { files: JSON.stringify(files) }),
      ...(challenge === null ? {} : { challenge })
    };
    return requestAPI(
      `inspect${URLExt.objectToQueryString(query)}`,
      this.settings
    );
  }

  /** Submit a notebook of the Jupyter server's, or try it. */
  submit(request: ISubmitRequest): Promise<SubmissionView> {
    return this._own('submit', request);
  }

  /** Publish a challenge that comes with the package; iris, if none is named. */
  publishExample(name?: string): Promise<ChallengeView> {
    return this._own('example', name ? { name } : {});
  }

  /** The notebook as run. */
  executed(submission: string): Promise<INotebookContent> {
    return this._own('open', { submission });
  }

  /** Read what another room's calls name. */
  read<T>(path: string, query: Query = {}): Promise<T> {
    return this._get(path, query);
  }

  /** Change what another room's calls name. */
  send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this._send(method, path, body);
  }

  /** Ask one of the Jupyter server's own routes. */
  own<T>(path: string, body: unknown, method = 'POST'): Promise<T> {
    return this._own(path, body, method);
  }

  /** The address of a download of the service's. */
  address(path: string): string {
    return this._url(path);
  }

  private _url(path: string): string {
    return downloadUrl(`api/v1/${path}`, this.settings);
  }

  private _get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter(
      ([, value]) => value !== undefined && value !== null && value !== ''
    );
    const text = URLExt.objectToQueryString(
      Object.fromEntries(given.map(([key, value]) => [key, String(value)]))
    );
    return requestAPI(
      `api/v1/${path}${given.length ? text : ''}`,
      this.settings
    );
  }

  private async _all<T>(path: string, query: Query): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null | undefined;
    do {
      const page: IPage<T> = await this._get(path, { ...query, cursor });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor);
    return items;
  }

  private _send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return requestAPI(`api/v1/${path}`, this.settings, {
      method,
      headers: JSON_HEADERS,
      body: JSON.stringify(body ?? {})
    });
  }

  private _own<T>(path: string, body: unknown, method = 'POST'): Promise<T> {
    return requestAPI(path, this.settings, {
      method,
      ...(body === undefined
        ? {}
        : { headers: JSON_HEADERS, body: JSON.stringify(body) })
    });
  }
}
