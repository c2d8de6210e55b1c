// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Comparison } from './comparison';
import { CommandIDs } from '../commandids';
import { Pages } from '../pages';
import { DOMAIN } from '../tokens';
import type { IViewOptions } from '../views';

/** Add the command that shows two submissions beside each other, and bring them back. */
export function addComparing(options: IViewOptions): void {
  const { app, model, parts, translator } = options;
  const { commands } = app;
  const trans = translator.load(DOMAIN);
  const pages = new Pages<Comparison>(options, {
    namespace: 'jupyter-challenge-compare',
    command: CommandIDs.compareSubmissions,
    args: page => ({ first: page.first, second: page.second }),
    name: page => `${page.first}-${page.second}`
  });
  commands.addCommand(CommandIDs.compareSubmissions, {
    label: trans.__('Compare Submissions'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          first: {
            type: 'string',
            description: trans.__('The id of the submission on the left')
          },
          second: {
            type: 'string',
            description: trans.__('The id of the submission on the right')
          }
        },
        required: ['first', 'second']
      }
    },
    execute: async args => {
      const first = String(args['first']);
      const second = String(args['second']);
      await pages.open(
        one => one.first === first && one.second === second,
        async () => {
          const { Comparison } = await import('./comparison');
          return new Comparison({
            first,
            second,
            model,
            commands,
            parts,
            translator
          });
        }
      );
    }
  });
}
