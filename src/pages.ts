// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { MainAreaWidget } from '@jupyterlab/apputils';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { attendWhileVisible } from './attention';
import { bringToFront } from './front';
import type { IViewOptions } from './views';

/** The pages of one kind in the main area: one for each thing that they show. */
export class Pages<T extends MainAreaWidget> {
  /** Keep track of pages, and bring them back after a reload. */
  constructor(
    private readonly options: Pick<
      IViewOptions,
      'app' | 'fillToolbar' | 'labShell' | 'model' | 'restorer'
    >,
    kind: Pages.IKind<T>
  ) {
    this._tracker = new WidgetTracker<T>({ namespace: kind.namespace });
    void options.restorer?.restore(this._tracker, {
      command: kind.command,
      args: kind.args,
      name: kind.name
    });
  }

  /** The page that is open already. */
  find(is: (page: T) => boolean): T | undefined {
    return this._tracker.find(is);
  }

  /** Show the page that is open already, or else open one. */
  async open(is: (page: T) => boolean, make: () => Promise<T>): Promise<T> {
    const { app, fillToolbar, labShell, model } = this.options;
    let page = this.find(is);
    if (!page) {
      page = await make();
      fillToolbar(page);
      page.toggleClass('jp-mod-down', !labShell);
      attendWhileVisible(model, page);
      // Notebook 7 has one document in its main area; there, pages go below it.
      app.shell.add(page, labShell ? 'main' : 'down', { type: 'Challenge' });
      await this._tracker.add(page);
    }
    bringToFront(app.shell, page);
    return page;
  }

  /** Remember what a page shows now. */
  save(page: T): void {
    void this._tracker.save(page);
  }

  private _tracker: WidgetTracker<T>;
}

/** A namespace for `Pages` statics. */
export namespace Pages {
  /** What tells one kind of pages from another. */
  export interface IKind<T> {
    /** The name of the tracker. */
    namespace: string;
    /** The command that opens a page. */
    command: string;
    /** The arguments that open this page again. */
    args: (page: T) => ReadonlyPartialJSONObject;
    /** What no two pages have in common. */
    name: (page: T) => string;
  }
}
