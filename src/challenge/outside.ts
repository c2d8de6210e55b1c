// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';

const SPEC = 'challenge.yaml';

/**
 * The folder, or the nearest above it that no challenge is published from.
 *
 * #### Notes
 * All that lies in an organiser's folder is published with it, so new folders begin outside.
 */
export async function outside(
  contents: Pick<Contents.IManager, 'get'>,
  folder: string
): Promise<string> {
  let found = folder;
  let each = folder;
  while (each) {
    const above = PathExt.dirname(each);
    if (await holdsSpec(contents, each)) {
      found = above;
    }
    each = above;
  }
  return found;
}

/** Whether a challenge is published from a folder. */
export async function holdsSpec(
  contents: Pick<Contents.IManager, 'get'>,
  folder: string
): Promise<boolean> {
  try {
    const { content } = await contents.get(folder, {
      type: 'directory',
      content: true
    });
    return (content as Contents.IModel[]).some(({ name }) => name === SPEC);
  } catch {
    return false; // a folder that is gone or may not be read
  }
}
