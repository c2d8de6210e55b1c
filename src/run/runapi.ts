// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from '../api';
import type { IPage, ProfileView, StepName } from '../wire';

/** A copy of a notebook that was handed in. */
export interface ICopy {
  path: string;
}

/** Typed calls of a run's page. */
export class RunApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** Compute profiles with their queues. */
  profiles(challenge: string): Promise<IPage<ProfileView>> {
    return this.api.read('profiles', { challenge });
  }

  /** Put the notebook that was handed in beside the user's own. */
  copy(submission: string): Promise<ICopy> {
    return this.api.own('copy', { submission });
  }

  /** A step's whole log, piece by piece. */
  async wholeLog(submission: string, step: StepName): Promise<string[]> {
    const pieces: string[] = [];
    let offset = 0;
    for (;;) {
      const chunk = await this.api.log(submission, step, offset);
      if (chunk.text === '') {
        return pieces;
      }
      pieces.push(chunk.text);
      offset = chunk.next;
    }
  }
}
