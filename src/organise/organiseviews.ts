// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IFolders } from './folders';
import { OrganiseIDs } from './organiseids';
import type { OrganiseDocument, OrganiseTab } from './organisedocument';
import type { PublishDocument } from './publishdocument';
import { CommandIDs } from '../commandids';
import { Pages } from '../pages';
import { DOMAIN } from '../tokens';
import type { IViewOptions } from '../views';

const TABS: ReadonlyArray<OrganiseTab> = ['submissions', 'versions', 'dates'];

/** Add the commands that show what organisers work with, and bring it back after a reload. */
export function addOrganiseViews(
  options: Pick<
    IViewOptions,
    'app' | 'fillToolbar' | 'labShell' | 'model' | 'restorer' | 'translator'
  >,
  folders: IFolders
): void {
  const { app, model, translator } = options;
  const { commands } = app;
  const trans = translator.load(DOMAIN);

  const documents = new Pages<OrganiseDocument>(options, {
    namespace: 'jupyter-challenge-organise',
    command: OrganiseIDs.organise,
    args: one => ({ challenge: one.challenge, tab: one.tab }),
    name: one => one.challenge
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
      const document = await documents.open(
        one => one.challenge === challenge,
        async () => {
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
          made.tabChanged.connect(() => documents.save(made));
          return made;
        }
      );
      document.tab = tab;
    }
  });

  const folderPages = new Pages<PublishDocument>(options, {
    namespace: 'jupyter-challenge-publish',
    command: CommandIDs.publishFolder,
    args: one => ({ path: one.path }),
    name: one => one.path
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
              trans.__('Select it, or open it and select none.'),
              typeof challenge === 'string'
                ? folders.lastOf(challenge)
                : undefined
            );
      if (path === null) {
        return;
      }
      const isIt = (page: PublishDocument) => page.path === path;
      folderPages.find(isIt)?.look();
      await folderPages.open(isIt, async () => {
        const { PublishDocument } = await import('./publishdocument');
        return new PublishDocument({
          path,
          model,
          commands,
          contents: app.serviceManager.contents,
          folders,
          translator
        });
      });
    }
  });
}
