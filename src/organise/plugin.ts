// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Folders } from './folders';
import { OrganiseIDs } from './organiseids';
import { addOrganiseViews } from './organiseviews';
import { addOrganising } from './organising';
import { CommandIDs } from '../commandids';
import { DOMAIN, IChallengeModel } from '../tokens';
import { pageToolbars } from '../toolbars';

/** What organisers do: publish, look at everything that was submitted, close, export. */
export const organise: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-challenge:organise',
  description: 'Lets organisers run a challenge.',
  autoStart: true,
  requires: [IChallengeModel],
  optional: [
    ILabShell,
    ILayoutRestorer,
    IFileBrowserFactory,
    ICommandPalette,
    IToolbarWidgetRegistry,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IChallengeModel,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    browsers: IFileBrowserFactory | null,
    palette: ICommandPalette | null,
    toolbars: IToolbarWidgetRegistry | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const language = translator ?? nullTranslator;
    const trans = language.load(DOMAIN);
    const folders = new Folders(browsers, language);
    const { commands } = app;
    addOrganising({ model, commands, folders, trans });
    addOrganiseViews(
      {
        app,
        fillToolbar: pageToolbars(toolbars, registry, language),
        labShell,
        model,
        restorer,
        translator: language
      },
      folders
    );
    const category = trans.__('Challenges');
    for (const command of [
      OrganiseIDs.createChallenge,
      CommandIDs.publishFolder
    ]) {
      palette?.addItem({ command, category });
    }
  }
};
