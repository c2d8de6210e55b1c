// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from '../api';
import type { ErrorBody } from '../wire';

/** A participant's folder that is being made or completed by the Jupyter server. */
export interface IGetJob {
  job: string;
  challenge: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** The file that is looked at or fetched now. */
  path: string;
  files: number;
  files_done: number;
  size: number;
  done: number;
  folder: string;
  notebook: string | null;
  new: string[];
  /** Files that the user changed and that were left as they are. */
  kept: string[];
  error: ErrorBody | null;
}

/** Typed calls about the participant's folder. */
export class GetApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** Begin to make or complete a folder, or join who does. */
  begin(challenge: string, folder: string | undefined): Promise<IGetJob> {
    return this.api.own('get', { challenge, folder });
  }

  /** How far it is. */
  job(id: string): Promise<IGetJob> {
    return this.api.own(`get/${id}`, undefined, 'GET');
  }

  /** Cancel it; what has arrived stays. */
  cancel(id: string): Promise<IGetJob> {
    return this.api.own(`get/${id}`, undefined, 'DELETE');
  }

  /** What is under way, perhaps since before a reload. */
  async underWay(): Promise<IGetJob[]> {
    const list = await this.api.own<{ items: IGetJob[] }>(
      'get',
      undefined,
      'GET'
    );
    return list.items;
  }
}
