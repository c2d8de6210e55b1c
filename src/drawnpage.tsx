// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { MainAreaWidget } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { challengeIcon } from './icons';
import type { IChallengeModel } from './tokens';

/** A page in the main area that React draws, and draws again when the model changed. */
export abstract class DrawnPage extends MainAreaWidget<ReactWidget> {
  /** Make a page. */
  constructor(options: DrawnPage.IPage) {
    // Nothing is drawn before the page is attached, when the class below it is complete.
    const content = ReactWidget.create(
      <UseSignal signal={options.model.stateChanged}>
        {() => this.draw()}
      </UseSignal>
    );
    super({ content });
    content.addClass('jp-Challenge');
    content.addClass(options.className);
    content.node.setAttribute('role', 'region');
    content.node.setAttribute('aria-label', options.region);
    content.node.tabIndex = 0;
    this.id = options.id;
    this.addClass('jp-ChallengePage');
    // Until somebody puts something into it: see toolbars.ts.
    this.toolbar.hide();
    this.toolbar.node.setAttribute('aria-label', options.region);
    this.title.icon = options.icon ?? challengeIcon;
    this.title.closable = true;
    this.title.label = options.label;
    this.title.caption = options.caption ?? '';
  }

  /** What the page shows now. */
  protected abstract draw(): JSX.Element;
}

/** A namespace for `DrawnPage` statics. */
export namespace DrawnPage {
  /** What every page in the main area has. */
  export interface IPage {
    /** The id of the widget, of which there is one for each thing that can be shown. */
    id: string;
    /** The name in the tab. */
    label: string;
    /** What the tab's tooltip says; nothing when left out. */
    caption?: string;
    /** The mark in the tab; that of challenges when left out. */
    icon?: LabIcon;
    /** The name of the region, for who does not see it. */
    region: string;
    /** The class that styles what is drawn. */
    className: string;
    /** Whose changes draw the page again. */
    model: IChallengeModel;
  }
}

/** A page in the main area that has tabs of its own. */
export abstract class TabbedPage<T extends string> extends DrawnPage {
  /** Make a page that shows one of its tabs. */
  constructor(options: DrawnPage.IPage & { tab: T }) {
    super(options);
    this._tab = options.tab;
  }

  /** The tab that is shown. */
  get tab(): T {
    return this._tab;
  }
  set tab(tab: T) {
    if (tab !== this._tab) {
      this._tab = tab;
      this._tabChanged.emit(tab);
    }
  }

  /** Emitted when another tab is shown. */
  get tabChanged(): ISignal<this, T> {
    return this._tabChanged;
  }

  /** What the page shows now. */
  protected draw(): JSX.Element {
    return (
      <UseSignal signal={this._tabChanged}>{() => this.drawTab()}</UseSignal>
    );
  }

  /** What the page shows with its tab. */
  protected abstract drawTab(): JSX.Element;

  private _tab: T;
  private _tabChanged = new Signal<this, T>(this);
}
