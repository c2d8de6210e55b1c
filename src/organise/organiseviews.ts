import { WidgetTracker } from '@jupyterlab/apputils';

import type { IFolders } from './folders';
import { OrganiseIDs } from './organiseids';
import type { OrganiseDocument, OrganiseTab } from './organisedocument';
import type { PublishDocument } from './publishdocument';
import { attendWhileVisible } from '../attention';
import { CommandIDs } from '../commandids';
import { bringToFront } from '../front';
import { DOMAIN } from '../tokens';
import type { IViewOptions } from '../views';

const TABS: ReadonlyArray<OrganiseTab> = ['submissions', 'versions', 'dates'];

/** Add the commands that show what organisers work with, and bring it back after a reload. */
export function addOrganiseViews(
  options: Pick<
    IViewOptions,
    'app' | 'labShell' | 'model' | 'restorer' | 'translator'
  >,
  folders: IFolders
): void {
  const { app, labShell, model, restorer, translator } = options;
  const { commands, shell } = app;
  const trans = translator.load(DOMAIN);
  const area = labShell ? 'main' : 'down';

  const documents = new WidgetTracker<OrganiseDocument>({
    namespace: 'jupyter-challenge-organise'
  });
  commands.addCommand(OrganiseIDs.organise, {
    label: trans.__('Organise Challenge'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          challenge: {
            type: 'string',
            description: trans.__('The id of the challenge')
          },
          tab: {
            type: 'string',
            description: trans.__('The page to show'),
            enum: [...TABS]
          }
        },
        required: ['challenge']
      }
    },
    execute: async args => {
      const challenge = String(args['challenge']);
      const tab = TABS.find(one => one === args['tab']) ?? 'submissions';
      let document = documents.find(one => one.challenge === challenge);
      if (document) {
        document.tab = tab;
      } else {
        // Drawn when it is first wanted: it is no part of a start.
        const { OrganiseDocument } = await import('./organisedocument');
        const made = new OrganiseDocument({
          challenge,
          tab,
          model,
          commands,
          folders,
          translator
        });
        made.tabChanged.connect(() => void documents.save(made));
        made.toggleClass('jp-mod-down', !labShell);
        attendWhileVisible(model, made);
        shell.add(made, area, { type: 'Challenge' });
        await documents.add(made);
        document = made;
      }
      bringToFront(shell, document);
    }
  });

  const folderPages = new WidgetTracker<PublishDocument>({
    namespace: 'jupyter-challenge-publish'
  });
  commands.addCommand(CommandIDs.publishFolder, {
    label: trans.__('Publish a Challenge Folder…'),
    caption: trans.__('See what publishing a folder changes, then publish it'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description: trans.__('The folder; it is asked for when left out')
          },
          challenge: {
            type: 'string',
            description: trans.__(
              'The challenge whose last folder is offered first'
            )
          }
        }
      }
    },
    execute: async args => {
      const challenge = args['challenge'];
      const path =
        typeof args['path'] === 'string' && args['path']
          ? args['path']
          : await folders.choose(
              trans.__('Which folder holds challenge.yaml?'),
              typeof challenge === 'string'
                ? folders.lastOf(challenge)
                : undefined
            );
      if (path === null) {
        return;
      }
      let page = folderPages.find(one => one.path === path);
      if (page) {
        page.look();
      } else {
        const { PublishDocument } = await import('./publishdocument');
        page = new PublishDocument({
          path,
          model,
          commands,
          folders,
          translator
        });
        page.toggleClass('jp-mod-down', !labShell);
        attendWhileVisible(model, page);
        shell.add(page, area, { type: 'Challenge' });
        await folderPages.add(page);
      }
      bringToFront(shell, page);
    }
  });

  if (restorer) {
    void restorer.restore(documents, {
      command: OrganiseIDs.organise,
      args: one => ({ challenge: one.challenge, tab: one.tab }),
      name: one => one.challenge
    });
    void restorer.restore(folderPages, {
      command: CommandIDs.publishFolder,
      args: one => ({ path: one.path }),
      name: one => one.path
    });
  }
}
