// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';
import { Panel } from '@lumino/widgets';

/** What a cell of the Python package says besides its widget and its table. */
export const CELL_MIME = 'application/vnd.jupyter-challenge.cell+json';

const VIEW_MIME = 'application/vnd.jupyter.widget-view+json';
const STILL_MIME = 'text/html';

/** What the widget draws; before its program is there, its view is empty. */
const DRAWN = '.jp-ChallengeCell';

/** How long a widget may take to come before its table is shown, in milliseconds. */
const PATIENCE = 400;

/** The longest pause between two looks for the notebook's widgets, in milliseconds. */
const LONGEST_PAUSE = 10_000;

/**
 * Shows the widget of a board or of scores where it lives, and its table where it does not.
 *
 * #### Notes
 * JupyterLab chooses one of an output's forms and stays with it. Of a widget whose kernel has
 * gone, and which was not saved with the notebook, it could then only say that it is lost.
 */
export class CellRenderer extends Panel implements IRenderMime.IRenderer {
  constructor() {
    super();
    this.addClass('jp-ChallengeCellOutput');
  }

  /** Dispose of the widget and its table. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    window.clearTimeout(this._timer);
    window.clearTimeout(this._again);
    this._observer?.disconnect();
    super.dispose();
  }

  /** Show an output, or what it has become. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._model = model;
    if (this.isAttached) {
      await this._render();
    }
  }

  /** The widget's own renderer belongs to the notebook, which is known from here on. */
  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    void this._render();
  }

  private async _render(): Promise<void> {
    const model = this._model;
    const rendermime = Private.rendermimeOf(this);
    if (!model || !rendermime || model === this._rendered) {
      return;
    }
    this._rendered = model;
    if (!this._still) {
      this._still = rendermime.createRenderer(STILL_MIME);
      this._still.hide();
      this.addWidget(this._still);
    }
    const view = model.data[VIEW_MIME];
    const id = (view as ReadonlyPartialJSONObject | undefined)?.model_id;
    if (id !== this._id) {
      this._id = id;
      this._factory = undefined;
      this._follow(null, model);
      if (typeof id === 'string') {
        this._seek(rendermime, model, PATIENCE);
      }
    }
    await this._still.renderModel(model);
  }

  /**
   * Make the widget's renderer anew when the notebook has another kind of it.
   *
   * #### Notes
   * The one from before the kernel was found never hears of the kernel, and a registry of
   * renderers does not tell that it has changed.
   */
  private _seek(
    rendermime: IRenderMimeRegistry,
    model: IRenderMime.IMimeModel,
    pause: number
  ): void {
    window.clearTimeout(this._again);
    if (this.isDisposed || this._isLive) {
      return;
    }
    const factory = rendermime.getFactory(VIEW_MIME);
    if (factory && factory !== this._factory) {
      this._factory = factory;
      this._follow(rendermime.createRenderer(VIEW_MIME), model);
    }
    this._again = window.setTimeout(
      () => this._seek(rendermime, model, Math.min(2 * pause, LONGEST_PAUSE)),
      pause
    );
  }

  /** Show a widget from when it comes until it goes. */
  private _follow(
    live: IRenderMime.IRenderer | null,
    model: IRenderMime.IMimeModel
  ): void {
    this._observer?.disconnect();
    this._live?.dispose();
    this._live = live;
    window.clearTimeout(this._timer);
    if (!live) {
      this._timer = window.setTimeout(() => this._wait(), PATIENCE);
      return;
    }
    live.hide();
    this.addWidget(live);
    this._observer = new MutationObserver(() => this._choose());
    this._observer.observe(live.node, { childList: true, subtree: true });
    this._timer = window.setTimeout(() => this._wait(), PATIENCE);
    // It writes into what it is given once the widget is closed, and that would be saved. Of a
    // widget that never comes it may wait for ever.
    void live.renderModel({
      trusted: model.trusted,
      data: JSONExt.deepCopy(model.data),
      metadata: model.metadata,
      setData: () => undefined
    });
  }

  /** The widget has drawn itself, and not only words about there being none. */
  private get _isLive(): boolean {
    return !!this._live?.node.querySelector(DRAWN);
  }

  private _wait(): void {
    this._hasWaited = true;
    this._choose();
  }

  private _choose(): void {
    const isLive = this._isLive;
    this._hasWaited = this._hasWaited || isLive;
    this._live?.setHidden(!isLive);
    this._still?.setHidden(isLive || !this._hasWaited);
  }

  private _again = 0;
  private _factory: IRenderMime.IRendererFactory | undefined;
  private _hasWaited = false;
  private _id: unknown = null;
  private _live: IRenderMime.IRenderer | null = null;
  private _model: IRenderMime.IMimeModel | null = null;
  private _observer: MutationObserver | null = null;
  private _rendered: IRenderMime.IMimeModel | null = null;
  private _still: IRenderMime.IRenderer | null = null;
  private _timer = 0;
}

/** Show the Python package's cells in every notebook. */
export function addCells(rendermime: IRenderMimeRegistry): void {
  rendermime.addFactory(
    {
      // A notebook that is not trusted shows the table, cleaned, as any other HTML.
      safe: false,
      mimeTypes: [CELL_MIME],
      createRenderer: () => new CellRenderer()
    },
    // Before the widget's own, which has -10.
    -20
  );
}

/** A namespace for private functions. */
namespace Private {
  /** The renderers of the notebook that a widget is in. */
  export function rendermimeOf(widget: Widget): IRenderMimeRegistry | null {
    for (let each = widget.parent; each; each = each.parent) {
      const { rendermime } = each as { rendermime?: IRenderMimeRegistry };
      if (rendermime) {
        return rendermime;
      }
    }
    return null;
  }
}
