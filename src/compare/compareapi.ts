// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { INotebookContent } from '@jupyterlab/nbformat';
import type { IDiffEntry } from 'nbdime/lib/diff/diffentries';

import type { Api } from '../api';

/** A notebook and what makes another of it. */
export interface INotebookDiff {
  base: INotebookContent;
  diff: IDiffEntry[];
}

/** Typed calls of a comparison. */
export class CompareApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** How the notebooks of two submissions differ; with outputs: as they ran. */
  notebooks(
    first: string,
    second: string,
    outputs: boolean
  ): Promise<INotebookDiff> {
    return this.api.own('compare', { first, second, outputs });
  }
}
