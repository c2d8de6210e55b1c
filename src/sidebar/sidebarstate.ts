// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IChallengeModel } from '../tokens';

/** Where the state is kept. */
const KEY = 'jupyter-challenge:sidebar';

/** What of the sidebar is as it was after a reload. */
export class SidebarState implements IDisposable {
  /** Begin with nothing filtered and every group as it is by itself. */
  constructor(private readonly model: IChallengeModel) {
    model.stateChanged.connect(this._save, this);
  }

  /** Emitted when the filter or a group changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The text that challenges are filtered by. */
  get filter(): string {
    return this._filter;
  }
  set filter(filter: string) {
    if (filter !== this._filter) {
      this._filter = filter;
      this._tell();
    }
  }

  /** Whether the state was disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Keep nothing any more. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Whether a group was opened, or closed, against what it is by itself. */
  isToggled(group: string): boolean {
    return this._toggled.has(group);
  }

  /** Open or close a group. */
  toggle(group: string): void {
    if (!this._toggled.delete(group)) {
      this._toggled.add(group);
    }
    this._tell();
  }

  /** Take over how it was, and keep from now on how it is. */
  async restore(database: IStateDB): Promise<void> {
    let kept: unknown;
    try {
      kept = await database.fetch(KEY);
    } catch {
      kept = undefined; // a sidebar as new is better than none
    }
    if (this.isDisposed) {
      return;
    }
    const { current, filter, toggled, isBusy } = (kept ?? {}) as IKept;
    if (typeof filter === 'string' && !this._filter) {
      this._filter = filter;
    }
    if (Array.isArray(toggled)) {
      toggled.forEach(group => this._toggled.add(group));
    }
    this._database = database;
    this._kept = JSON.stringify(kept ?? null);
    if (typeof current === 'string' && this.model.current === null) {
      this.model.current = current;
    }
    if (isBusy) {
      // A run was under way: whoever looks at the status bar wants to know what became of it.
      this.model.wake();
    }
    this._tell();
  }

  private _tell(): void {
    this._changed.emit();
    this._save();
  }

  private _save(): void {
    const { model } = this;
    if (!this._database || (model.state !== 'ready' && !model.current)) {
      return;
    }
    const state: IKept = {
      current: model.current,
      filter: this._filter,
      toggled: [...this._toggled],
      isBusy: model.active.length > 0
    };
    const kept = JSON.stringify(state);
    if (kept !== this._kept) {
      this._kept = kept;
      void this._database.save(KEY, state as ReadonlyPartialJSONObject);
    }
  }

  private _changed = new Signal<this, void>(this);
  private _database: IStateDB | null = null;
  private _filter = '';
  private _isDisposed = false;
  private _kept = '';
  private _toggled = new Set<string>();
}

interface IKept {
  current?: string | null;
  filter?: string;
  toggled?: string[];
  isBusy?: boolean;
}
