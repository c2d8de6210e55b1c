// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Widget } from '@lumino/widgets';
import { TabPanel } from '@lumino/widgets';

/**
 * Bring a page to the front.
 *
 * #### Notes
 * Notebook 7 opens the area below the notebook, and leaves it at the tab that was there.
 */
export function bringToFront(
  shell: JupyterFrontEnd.IShell,
  page: Widget
): void {
  shell.activateById(page.id);
  for (let each = page.parent; each; each = each.parent) {
    if (each instanceof TabPanel) {
      each.currentWidget = page;
    }
  }
}
