// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';

import type { SubmissionKind } from '../wire';
import type { IStanding } from './draft';
import { SETTLED } from './draft';
import type { WayOutKind } from './obstacles';

/** The notebook's metadata that says which challenge it belongs to. */
const METADATA_KEY = 'jupyter_challenge';

/** Milliseconds by which the times of one save may differ. */
const MARGIN = 500;

/** Where what is handed in comes from. */
export interface ISource {
  readonly contentsPath: string;
  readonly kind: SubmissionKind;
  /** The challenge and the files that it names itself. */
  readonly own: { challenge: string | null; files: string[] | null };
  /** Whether it is still there. */
  readonly isDisposed: boolean;
  /** Bring the file up to date, where that can be done, and say how it stands. */
  settle(): Promise<IStanding>;
  /** Take a way out. */
  take(wayOut: WayOutKind): Promise<void>;
  /** Write down the challenge that it belongs to and the files that travel with it. */
  claim(challenge: string, files: string[]): Promise<void>;
}

/** A file as it is on disk. */
export class FileSource implements ISource {
  /** Name a file of the contents manager's. */
  constructor(
    readonly contentsPath: string,
    private readonly contents: Contents.IManager
  ) {}

  readonly own = { challenge: null, files: null };
  readonly isDisposed = false;

  get kind(): SubmissionKind {
    return PathExt.extname(this.contentsPath).toLowerCase() === '.ipynb'
      ? 'notebook'
      : 'predictions';
  }

  async settle(): Promise<IStanding> {
    return {
      ...SETTLED,
      isElsewhere: isElsewhere(this.contents, this.contentsPath)
    };
  }

  async take(): Promise<void> {
    // A file on disk needs nothing that only a document can do.
  }

  async claim(): Promise<void> {
    // The Jupyter server does that for files that are not open.
  }
}

/** A notebook that is open. */
export class NotebookSource implements ISource {
  /** Name a notebook. */
  constructor(
    private readonly panel: NotebookPanel,
    private readonly contents: Contents.IManager,
    private readonly commands: CommandRegistry
  ) {}

  readonly kind = 'notebook';

  get contentsPath(): string {
    return this.panel.context.path;
  }

  get isDisposed(): boolean {
    return this.panel.isDisposed;
  }

  get own(): { challenge: string | null; files: string[] | null } {
    const ours = this.panel.content.model?.getMetadata(METADATA_KEY) as
      { challenge?: string; files?: string[] } | undefined;
    return { challenge: ours?.challenge ?? null, files: ours?.files ?? null };
  }

  async settle(): Promise<IStanding> {
    const { context } = this.panel;
    await context.ready;
    if (isElsewhere(this.contents, this.contentsPath)) {
      return { ...SETTLED, isElsewhere: true };
    }
    const isReadOnly = context.contentsModel?.writable === false;
    if (context.model.dirty && !isReadOnly) {
      await this._save();
    }
    const isUnsaved = context.model.dirty;
    return {
      ...SETTLED,
      isReadOnly,
      isUnsaved,
      isNewerOnDisk: !isUnsaved && (await this._isNewerOnDisk())
    };
  }

  async take(wayOut: WayOutKind): Promise<void> {
    const { context } = this.panel;
    switch (wayOut) {
      case 'save':
        await this._save();
        return;
      case 'save-as':
        await context.saveAs();
        return;
      case 'reload':
        await context.revert();
        return;
      case 'kernel':
        await this.commands.execute('notebook:change-kernel', {
          activate: true
        });
        return;
      default:
        return; // the form's own
    }
  }

  async claim(challenge: string, files: string[]): Promise<void> {
    const { context, content } = this.panel;
    const isReadOnly = context.contentsModel?.writable === false;
    const isSaid =
      this.own.challenge === challenge &&
      JSON.stringify(this.own.files ?? []) === JSON.stringify(files);
    if (isReadOnly || !content.model) {
      return;
    }
    if (!isSaid) {
      content.model.setMetadata(METADATA_KEY, { challenge, files });
    }
    if (context.model.dirty) {
      await this._save();
    }
  }

  /** Save; that it could not be done is JupyterLab's to say, and seen by what stays unsaved. */
  private async _save(): Promise<void> {
    try {
      await this.panel.context.save();
    } catch {
      return;
    }
  }

  private async _isNewerOnDisk(): Promise<boolean> {
    const { context } = this.panel;
    const known = Date.parse(context.contentsModel?.last_modified ?? '');
    if (context.model.collaborative || Number.isNaN(known)) {
      return false;
    }
    try {
      const onDisk = await this.contents.get(this.contentsPath, {
        content: false
      });
      return Date.parse(onDisk.last_modified) > known + MARGIN;
    } catch {
      return false; // what is not there any more, the server says
    }
  }
}

function isElsewhere(contents: Contents.IManager, path: string): boolean {
  const drive = contents.driveName(path);
  return drive !== '' && drive !== 'RTC';
}
