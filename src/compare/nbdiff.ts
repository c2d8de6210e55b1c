// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Drawn by nbdime; loaded with the first comparison, so that a start does not carry it. */
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator } from '@jupyterlab/translation';
import { NotebookDiffModel } from 'nbdime/lib/diff/model';
import { NotebookDiffWidget } from 'nbdime/lib/diff/widget';
import { Panel } from '@lumino/widgets';

import 'nbdime/lib/common/collapsible.css';
import 'nbdime/lib/upstreaming/flexpanel.css';
import 'nbdime/lib/styles/variables.css';
import 'nbdime/lib/styles/common.css';
import 'nbdime/lib/styles/diff.css';

import type { INotebookDiff } from './compareapi';

/** What draws the two sides. */
export interface IDiffParts {
  editorFactory: CodeEditor.Factory;
  rendermime: IRenderMimeRegistry;
  translator: ITranslator;
  /** What the sides are called, for those who do not see them. */
  names: { first: string; second: string };
}

/** Two notebooks side by side, cell by cell. */
export class NotebookDiff extends Panel {
  /** Draw a diff; nothing in it is trusted. */
  constructor(parts: IDiffParts, { base, diff }: INotebookDiff) {
    super();
    this.addClass('nbdime-root');
    this.addClass('jp-Challenge-diff');
    this._names = parts.names;
    this._widget = new NotebookDiffWidget({
      model: new NotebookDiffModel(base, diff),
      rendermime: parts.rendermime,
      editorFactory: parts.editorFactory,
      translator: parts.translator,
      collapseIdentical: 3
    });
    this.addWidget(this._widget);
  }

  /** Draw the cells, one after the other. */
  async draw(): Promise<void> {
    await this._widget.init();
    if (!this.isDisposed) {
      this._name();
    }
  }

  /** Say what each side is, and that nobody writes there. */
  private _name(): void {
    const { first, second } = this._names;
    for (const editor of this.node.querySelectorAll('.cm-content')) {
      const isSecond = !!editor.closest(
        '.cm-diff-right-editor, .cm-merge-pane-added, .jp-Diff-addedchunk'
      );
      editor.setAttribute('aria-label', isSecond ? second : first);
      editor.setAttribute('aria-readonly', 'true');
    }
  }

  private _names: IDiffParts['names'];
  private _widget: NotebookDiffWidget;
}
