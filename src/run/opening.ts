// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { RunApi } from './runapi';
import { CommandIDs } from '../commandids';
import { tell } from '../tell';
import { DOMAIN } from '../tokens';
import type { IViewOptions } from '../views';

/** Add the command that opens the notebook of a submission, to go on from there. */
export function addOpening(options: IViewOptions): void {
  const { app, model, translator } = options;
  const { commands } = app;
  const trans = translator.load(DOMAIN);
  commands.addCommand(CommandIDs.openNotebook, {
    label: trans.__('Open Notebook of a Submission'),
    caption: trans.__('Open a copy of the notebook as it was handed in'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          submission: {
            type: 'string',
            description: trans.__('The id of the submission')
          }
        },
        required: ['submission']
      }
    },
    execute: async args => {
      try {
        const { path } = await new RunApi(model.api).copy(
          String(args['submission'])
        );
        await commands.execute('docmanager:open', { path });
      } catch (error) {
        tell(error, trans);
      }
    }
  });
}
