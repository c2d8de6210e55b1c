// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { StateDB } from '@jupyterlab/statedb';

import { ChallengeModel } from '../model';
import { SidebarState } from '../sidebar/sidebarstate';
import { Service } from './service';
import { submission } from './wireparts';

describe('SidebarState', () => {
  let database: StateDB;
  const made: ChallengeModel[] = [];

  /** A page that was just loaded. */
  const page = async () => {
    const service = new Service();
    const model = new ChallengeModel({
      api: service.api(),
      standby: 'never'
    });
    made.push(model);
    const state = new SidebarState(model);
    await state.restore(database);
    return { model, state, service };
  };

  beforeEach(() => {
    database = new StateDB();
  });

  afterEach(() => {
    made.splice(0).forEach(model => model.dispose());
  });

  it('is after a reload as it was before', async () => {
    const before = await page();
    before.model.current = 'iris';
    before.state.filter = 'ir';
    before.state.toggle('ended');
    const after = await page();
    expect(after.model.current).toBe('iris');
    expect(after.state.filter).toBe('ir');
    expect(after.state.isToggled('ended')).toBe(true);
    expect(after.service.asked).toEqual([]);
  });

  it('asks after a run that was under way', async () => {
    const before = await page();
    before.model.current = 'iris';
    before.model.accept(submission({ state: 'running' }));
    const after = await page();
    expect(after.model.state).toBe('loading');
  });

  it('begins anew where nothing can be read', async () => {
    database = {
      fetch: () => Promise.reject(new Error('broken')),
      save: () => Promise.resolve()
    } as unknown as StateDB;
    const { model, state } = await page();
    expect(model.current).toBeNull();
    expect(state.filter).toBe('');
  });
});
