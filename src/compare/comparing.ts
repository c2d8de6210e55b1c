import { WidgetTracker } from '@jupyterlab/apputils';

import type { Comparison } from './comparison';
import { attendWhileVisible } from '../attention';
import { CommandIDs } from '../commandids';
import { bringToFront } from '../front';
import { DOMAIN } from '../tokens';
import type { IViewOptions } from '../views';

/** Add the command that shows two submissions beside each other, and bring them back. */
export function addComparing(options: IViewOptions): void {
  const { app, labShell, model, parts, restorer, translator } = options;
  const { commands, shell } = app;
  const trans = translator.load(DOMAIN);
  const tracker = new WidgetTracker<Comparison>({
    namespace: 'jupyter-challenge-compare'
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
      let page = tracker.find(
        one => one.first === first && one.second === second
      );
      if (!page) {
        const { Comparison } = await import('./comparison');
        page = new Comparison({
          first,
          second,
          model,
          commands,
          parts,
          translator
        });
        page.toggleClass('jp-mod-down', !labShell);
        attendWhileVisible(model, page);
        shell.add(page, labShell ? 'main' : 'down', { type: 'Challenge' });
        await tracker.add(page);
      }
      bringToFront(shell, page);
    }
  });
  if (restorer) {
    void restorer.restore(tracker, {
      command: CommandIDs.compareSubmissions,
      args: page => ({ first: page.first, second: page.second }),
      name: page => `${page.first}-${page.second}`
    });
  }
}
