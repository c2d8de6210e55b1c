// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type {
  CodeEditor,
  IEditorMimeTypeService
} from '@jupyterlab/codeeditor';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookModel, StaticNotebook } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator } from '@jupyterlab/translation';

import { SealedSanitizer } from './sealed';
import { DOMAIN } from '../tokens';

/** What draws notebooks in this application. */
export interface INotebookParts {
  contentFactory: NotebookPanel.IContentFactory;
  editorFactory: CodeEditor.Factory;
  mimeTypeService: IEditorMimeTypeService;
  rendermime: IRenderMimeRegistry;
  translator: ITranslator;
}

/** What renders outputs of strangers: they neither run nor ask the network for anything. */
export function sealed(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  return rendermime.clone({
    sanitizer: new SealedSanitizer(rendermime.sanitizer)
  });
}

/** A notebook as it ran: drawn by JupyterLab, neither editable nor trusted. */
export class ExecutedNotebook extends StaticNotebook {
  /** Show `content` and mark the cell at `failing`, if there is one. */
  constructor(
    parts: INotebookParts,
    content: INotebookContent,
    failing: number | null
  ) {
    const isReadOnly = { readOnly: true };
    super({
      ...parts,
      rendermime: sealed(parts.rendermime),
      editorConfig: {
        code: { ...StaticNotebook.defaultEditorConfig.code, ...isReadOnly },
        markdown: {
          ...StaticNotebook.defaultEditorConfig.markdown,
          ...isReadOnly
        },
        raw: { ...StaticNotebook.defaultEditorConfig.raw, ...isReadOnly }
      },
      notebookConfig: {
        ...StaticNotebook.defaultNotebookConfig,
        scrollPastEnd: false,
        // Drawn cell after cell while nothing else is to be done.
        windowingMode: 'defer'
      }
    });
    this.addClass('jp-Challenge-notebook');
    const model = new NotebookModel();
    model.fromJSON(content);
    model.readOnly = true;
    this.model = model;
    this._ownModel = model;
    const trans = parts.translator.load(DOMAIN);
    this.widgets.forEach((cell, index) => {
      cell.readOnly = true;
      // Editors have no name of their own.
      void cell.ready.then(() =>
        cell.node
          .querySelector('.cm-content')
          ?.setAttribute('aria-label', trans.__('Code of cell %1', index + 1))
      );
    });
    if (failing !== null && failing < this.widgets.length) {
      this.widgets[failing].addClass('jp-mod-failing');
    }
  }

  /** Dispose of the model too: nobody else has it. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    const model = this._ownModel;
    super.dispose();
    model.dispose();
  }

  private _ownModel: NotebookModel;
}

/** A notebook of one cell of another. */
export function onlyCell(
  content: INotebookContent,
  index: number
): INotebookContent {
  return { ...content, cells: content.cells.slice(index, index + 1) };
}
