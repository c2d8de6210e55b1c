// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from '../api';
import type { IPage, ProfileView } from '../wire';

/** Typed calls of handing in. */
export class SubmitApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** The compute profiles of a challenge, with the packages of one kernel. */
  async profiles(
    challenge: string,
    kernel: string | null
  ): Promise<ProfileView[]> {
    const page = await this.api.read<IPage<ProfileView>>('profiles', {
      challenge,
      // The name of no kernel: nobody's packages are read.
      kernel: kernel ?? '-'
    });
    return page.items;
  }
}
