// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IActors } from './actions';
import { Api } from './api';
import { resumeDownloads } from './challenge/getting';
import { addCells } from './cells/cellrenderer';
import { CommandIDs } from './commandids';
import { addCommands } from './commands';
import { challengeIcon } from './icons';
import { ChallengeModel } from './model';
import { RunNotifier } from './notify';
import { organise } from './organise/plugin';
import { translateSchema } from './schematexts';
import { ChallengeSettings } from './settings';
import { ChallengePanel } from './sidebar/panel';
import { SidebarState } from './sidebar/sidebarstate';
import { storage } from './storage/plugin';
import { addStatusItem } from './statusitem';
import { DOMAIN, IChallengeModel } from './tokens';
import { VIEWS, pageToolbars, toolbarFiller } from './toolbars';
import { addViews, isRunInSight } from './views';

/** The plugin whose schema holds settings, menus, shortcuts and toolbar buttons. */
const ACTIONS = 'jupyter-challenge:plugin';

/** What the extension knows of the service. */
const model: JupyterFrontEndPlugin<IChallengeModel> = {
  id: 'jupyter-challenge:model',
  description: 'Provides challenges and submissions, kept current.',
  autoStart: true,
  provides: IChallengeModel,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const settings = new ChallengeSettings();
    if (registry) {
      translateSchema(
        registry,
        ACTIONS,
        (translator ?? nullTranslator).load(DOMAIN)
      );
      void settings.load(registry, ACTIONS);
    }
    return new ChallengeModel({
      api: new Api(app.serviceManager.serverSettings),
      settings
    });
  }
};

/** What one can do with a notebook and a challenge. */
const actions: JupyterFrontEndPlugin<void> = {
  id: ACTIONS,
  description: 'Submits notebooks to challenges and tries them.',
  autoStart: true,
  requires: [IChallengeModel, IRenderMimeRegistry],
  optional: [
    INotebookTracker,
    IFileBrowserFactory,
    ICommandPalette,
    IStateDB,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    challenges: IChallengeModel,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    browsers: IFileBrowserFactory | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const language = translator ?? nullTranslator;
    const trans = language.load(DOMAIN);
    const { commands } = app;
    const actors: IActors = {
      model: challenges,
      commands,
      notifier: new RunNotifier(challenges, commands, trans, submission =>
        isRunInSight(app, submission)
      ),
      rendermime,
      contents: app.serviceManager.contents,
      browsers,
      tracker,
      state,
      trans,
      translator: language
    };
    addCommands(actors, tracker);
    resumeDownloads(actors);
    const category = trans.__('Challenges');
    for (const command of [
      CommandIDs.submit,
      CommandIDs.tryOut,
      CommandIDs.showPanel,
      CommandIDs.addExample,
      CommandIDs.refresh
    ]) {
      palette?.addItem({ command, category });
    }
    for (const name of ['digits', 'shower']) {
      palette?.addItem({
        command: CommandIDs.addExample,
        category,
        args: { name }
      });
    }
  }
};

/** The plugin whose schema has the sidebar's toolbar. */
const SIDEBAR = 'jupyter-challenge:sidebar';

/** The sidebar. */
const sidebar: JupyterFrontEndPlugin<void> = {
  id: SIDEBAR,
  description: 'Shows challenges and submissions in the sidebar.',
  autoStart: true,
  requires: [IChallengeModel],
  optional: [
    ILayoutRestorer,
    IStateDB,
    INotebookTracker,
    IToolbarWidgetRegistry,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    challenges: IChallengeModel,
    restorer: ILayoutRestorer | null,
    database: IStateDB | null,
    tracker: INotebookTracker | null,
    toolbars: IToolbarWidgetRegistry | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const language = translator ?? nullTranslator;
    const state = new SidebarState(challenges);
    if (database) {
      void state.restore(database);
    }
    const panel = new ChallengePanel({
      model: challenges,
      commands: app.commands,
      state,
      tracker,
      translator: language
    });
    toolbarFiller({
      registry: toolbars,
      settings: registry,
      plugin: SIDEBAR,
      factory: 'ChallengePanel',
      translator: language
    })(panel);
    app.shell.add(panel, 'left', { rank: 450, type: 'Challenges' });
    restorer?.add(panel, panel.id);
    app.commands.addCommand(CommandIDs.showPanel, {
      label: language.load(DOMAIN).__('Show Challenges'),
      icon: challengeIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        challenges.wake();
        app.shell.activateById(panel.id);
      }
    });
  }
};

/** What opens in the main area. */
const views: JupyterFrontEndPlugin<void> = {
  id: VIEWS,
  description: 'Shows runs, boards and comparisons.',
  autoStart: true,
  requires: [IChallengeModel, IRenderMimeRegistry],
  optional: [
    ILabShell,
    ILayoutRestorer,
    NotebookPanel.IContentFactory,
    IEditorServices,
    IToolbarWidgetRegistry,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    challenges: IChallengeModel,
    rendermime: IRenderMimeRegistry,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    contentFactory: NotebookPanel.IContentFactory | null,
    editors: IEditorServices | null,
    toolbars: IToolbarWidgetRegistry | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const language = translator ?? nullTranslator;
    addViews({
      app,
      fillToolbar: pageToolbars(toolbars, registry, language),
      labShell,
      model: challenges,
      parts:
        contentFactory && editors
          ? {
              contentFactory,
              editorFactory: editors.factoryService.newInlineEditor,
              mimeTypeService: editors.mimeTypeService,
              rendermime,
              translator: language
            }
          : null,
      rendermime,
      restorer,
      translator: language
    });
  }
};

/** A run that is under way, in the status bar. */
const status: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-challenge:status',
  description: 'Shows a run that is under way in the status bar.',
  autoStart: true,
  requires: [IChallengeModel],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    challenges: IChallengeModel,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (statusBar) {
      addStatusItem(
        statusBar,
        challenges,
        app.commands,
        (translator ?? nullTranslator).load(DOMAIN)
      );
    }
  }
};

/** What `Leaderboard` and `ScoreHistory` of the Python package show. */
const cells: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-challenge:cells',
  description:
    'Shows boards and scores in notebooks, also those whose kernel has gone.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry) =>
    addCells(rendermime)
};

export { IChallengeModel } from './tokens';
export default [
  model,
  actions,
  sidebar,
  views,
  organise,
  status,
  cells,
  storage
];
