import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

/** The challenges plugin. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-challenge:plugin',
  description: 'Machine-learning challenges in JupyterLab.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => undefined
};

export default plugin;
