// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { InputDialog } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { outside } from '../challenge/outside';
import { DOMAIN } from '../tokens';

/** Asks for folders of the Jupyter server's, and remembers which challenge came from where. */
export interface IFolders {
  /** Ask for a folder, with a word about what it is for; null when the user changed their mind. */
  choose(title: string, label: string, begin?: string): Promise<string | null>;

  /** The folder in sight, where new things go. */
  readonly current: string;

  /** The folder in sight, or the nearest above it that no challenge is published from. */
  outside(): Promise<string>;

  /** The folder that a challenge was last published from. */
  lastOf(challenge: string): string | undefined;

  /** Remember where a challenge was published from. */
  remember(challenge: string, folder: string): void;
}

/** Folders by the file browser's dialog; by a line of text where there is no file browser. */
export class Folders implements IFolders {
  /** Make one for an application. */
  constructor(
    private readonly browsers: IFileBrowserFactory | null,
    private readonly translator: ITranslator
  ) {
    this._trans = translator.load(DOMAIN);
  }

  /** The folder in sight. */
  get current(): string {
    const model = this.browsers?.tracker.currentWidget?.model;
    return model ? model.manager.services.contents.localPath(model.path) : '';
  }

  /** The folder in sight, or the nearest above it that no challenge is published from. */
  async outside(): Promise<string> {
    const model = this.browsers?.tracker.currentWidget?.model;
    return model
      ? outside(model.manager.services.contents, this.current)
      : this.current;
  }

  /** Ask for a folder. */
  async choose(
    title: string,
    label: string,
    begin?: string
  ): Promise<string | null> {
    const browser = this.browsers?.tracker.currentWidget;
    if (!browser) {
      const answer = await InputDialog.getText({
        title,
        label: this._trans.__('Path of the folder'),
        text: begin ?? ''
      });
      return answer.button.accept ? rooted(answer.value ?? '') : null;
    }
    const { manager } = browser.model;
    const answer = await FileDialog.getExistingDirectory({
      manager,
      title,
      label,
      defaultPath: begin ?? this.current,
      translator: this.translator
    });
    const found = answer.value?.[0];
    return answer.button.accept && found
      ? rooted(manager.services.contents.localPath(found.path))
      : null;
  }

  /** The folder that a challenge was last published from. */
  lastOf(challenge: string): string | undefined {
    return this._last.get(challenge);
  }

  /** Remember where a challenge was published from. */
  remember(challenge: string, folder: string): void {
    this._last.set(challenge, folder);
  }

  private _last = new Map<string, string>();
  private _trans: TranslationBundle;
}

/** The server's own folder has an empty path in the file browser. */
function rooted(path: string): string {
  return path.replace(/^\/+|\/+$/g, '') || '/';
}
