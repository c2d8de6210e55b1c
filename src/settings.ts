// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** When a notification says that a run has ended. */
export type NotifyWhen = 'always' | 'hidden' | 'never';

/** What the user chose, complete. */
export interface ISettingValues {
  /** When a notification says that a run has ended. */
  readonly notify: NotifyWhen;
  /** Whether the run's page opens after Submit. */
  readonly openRun: boolean;
  /** Whether logs follow their end when they are opened. */
  readonly followLogs: boolean;
  /** Whether the status bar shows a run that is under way. */
  readonly showStatus: boolean;
  /** Whether Submit asks before it hands in what is ready. */
  readonly confirmSubmit: boolean;
}

/** The settings, as every view reads them. */
export interface IChallengeSettings {
  /** What the user chose, complete. */
  readonly values: ISettingValues;

  /** Emitted when the user chose something else. */
  readonly changed: ISignal<this, ISettingValues>;
}

/** What holds where the settings say nothing, or cannot be read. */
export const DEFAULTS: ISettingValues = {
  notify: 'always',
  openRun: false,
  followLogs: true,
  showStatus: true,
  confirmSubmit: true
};

/** The settings as they are in the registry; the defaults until they were read. */
export class ChallengeSettings implements IChallengeSettings, IDisposable {
  /** What the user chose, complete. */
  get values(): ISettingValues {
    return this._values;
  }

  /** Emitted when the user chose something else. */
  get changed(): ISignal<this, ISettingValues> {
    return this._changed;
  }

  /** Whether the settings were disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop listening to the registry. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Read the settings from now on; where they cannot be read, the defaults stay. */
  async load(registry: ISettingRegistry, plugin: string): Promise<void> {
    let settings: ISettingRegistry.ISettings;
    try {
      settings = await registry.load(plugin);
    } catch (error) {
      console.warn('The settings of challenges could not be read:', error);
      return;
    }
    if (!this.isDisposed) {
      settings.changed.connect(this._read, this);
      this._read(settings);
    }
  }

  private _read(settings: ISettingRegistry.ISettings): void {
    const chosen = settings.composite as Partial<ISettingValues>;
    const values = { ...DEFAULTS, ...chosen };
    if (JSON.stringify(values) !== JSON.stringify(this._values)) {
      this._values = values;
      this._changed.emit(values);
    }
  }

  private _changed = new Signal<this, ISettingValues>(this);
  private _isDisposed = false;
  private _values = DEFAULTS;
}
