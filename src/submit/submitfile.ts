// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { NotebookPanel } from '@jupyterlab/notebook';

import type { IActors } from '../actions';
import { tell } from '../tell';
import { handIn } from './handingin';
import { FileSource, NotebookSource } from './sources';

/** Hand in a notebook that is open, or try it, after asking how. */
export async function submitNotebook(
  actors: IActors,
  panel: NotebookPanel,
  options: { isTry: boolean; challenge?: string }
): Promise<void> {
  const { contents, commands } = actors;
  if (panel.content.model) {
    await handIn(
      actors,
      new NotebookSource(panel, contents, commands),
      options
    );
  }
}

/** Hand in a file as it is on disk, after asking how: a notebook, or predictions. */
export async function submitFile(
  actors: IActors,
  path: string,
  options: { isTry?: boolean; challenge?: string } = {}
): Promise<void> {
  const { contents, trans } = actors;
  // What is open may say more than what is on disk.
  const open = actors.tracker?.find(
    panel => contents.localPath(panel.context.path) === path
  );
  const asked = { isTry: options.isTry ?? false, challenge: options.challenge };
  try {
    await (open
      ? submitNotebook(actors, open, asked)
      : handIn(actors, new FileSource(path, contents), asked));
  } catch (error) {
    tell(error, trans);
  }
}
