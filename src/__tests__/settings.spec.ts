// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';

import { ChallengeSettings, DEFAULTS } from '../settings';
import schema from '../../schema/plugin.json';

/** What a registry keeps of the settings; a test changes it. */
class Kept {
  composite: Record<string, unknown> = {};
  changed = new Signal<this, void>(this);

  choose(values: Record<string, unknown>): void {
    this.composite = values;
    this.changed.emit();
  }

  registry(): ISettingRegistry {
    return { load: async () => this } as unknown as ISettingRegistry;
  }
}

describe('ChallengeSettings', () => {
  it('has the defaults of the schema', () => {
    const inSchema = Object.fromEntries(
      Object.entries(schema.properties).map(([name, { default: value }]) => [
        name,
        value
      ])
    );
    expect(DEFAULTS).toEqual(inSchema);
  });

  it('acts on a change at once, and on nothing else', async () => {
    const kept = new Kept();
    const settings = new ChallengeSettings();
    const told: string[] = [];
    settings.changed.connect((_, values) => told.push(values.notify));
    await settings.load(kept.registry(), 'plugin');
    kept.choose({ notify: 'never' });
    kept.choose({ notify: 'never' });
    expect(told).toEqual(['never']);
    expect(settings.values).toEqual({ ...DEFAULTS, notify: 'never' });
  });

  it('goes on with the defaults where there are no settings', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const settings = new ChallengeSettings();
    await settings.load(
      {
        load: () => Promise.reject(new Error('no schema'))
      } as unknown as ISettingRegistry,
      'plugin'
    );
    expect(settings.values).toEqual(DEFAULTS);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});
