// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Contents } from '@jupyterlab/services';

import { outside } from '../challenge/outside';

const LISTED: Record<string, string[]> = {
  '': ['sunshine', 'plain'],
  plain: ['deep'],
  'plain/deep': [],
  sunshine: ['challenge.yaml', 'data'],
  'sunshine/data': ['train.csv', 'inner'],
  'sunshine/data/inner': ['challenge.yaml']
};

const contents = {
  // Without being asked for it, Lab's own brings no content.
  get: async (path: string, options?: Contents.IFetchOptions) => {
    const names = LISTED[path];
    if (!names) {
      throw new Error(`${path} is gone`);
    }
    const content = options?.content ? names.map(name => ({ name })) : null;
    return { content } as Contents.IModel;
  }
};

it.each([
  ['', ''],
  ['plain/deep', 'plain/deep'],
  ['sunshine', ''],
  ['sunshine/data', ''],
  ['sunshine/data/inner', ''],
  ['gone/deep', 'gone/deep']
])('begins outside of what is published: %s', async (here, begin) => {
  expect(await outside(contents, here)).toBe(begin);
});
