// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { ChallengeModel } from '../model';
import { ChallengePanel } from '../sidebar/panel';
import { SidebarState } from '../sidebar/sidebarstate';
import { Service } from './service';
import { submission } from './wireparts';

/** Longer than any pause of the feed. */
const AN_HOUR = 60 * 60 * 1000;

describe('ChallengePanel', () => {
  let service: Service;
  let model: ChallengeModel;
  let panel: ChallengePanel;

  beforeEach(() => {
    jest.useFakeTimers();
    service = new Service();
    model = new ChallengeModel({ api: service.api(), standby: 'never' });
    panel = new ChallengePanel({
      model,
      commands: new CommandRegistry(),
      state: new SidebarState(model),
      tracker: null,
      translator: nullTranslator
    });
  });

  afterEach(() => {
    panel.dispose();
    model.dispose();
    service.end();
    jest.useRealTimers();
  });

  /** Let timers come for an hour, and what they begin go on as far as it can. */
  const wait = () => jest.advanceTimersByTimeAsync(AN_HOUR);

  it('asks for nothing before somebody looks', async () => {
    panel.hide();
    Widget.attach(panel, document.body);
    await wait();
    expect(model.state).toBe('dormant');
    expect(service.asked).toEqual([]);
  });

  it('asks for nothing while it is hidden, and goes on when it is shown', async () => {
    Widget.attach(panel, document.body);
    await wait();
    expect(service.asked).toContain('changes');

    panel.hide();
    service.end(); // what was asked last is answered
    await wait();
    const asked = service.asked.length;
    await wait();
    expect(service.asked).toHaveLength(asked);

    panel.show();
    await wait();
    expect(service.asked.slice(asked)).toEqual(['changes']);
  });

  it('rests when it is taken away', async () => {
    Widget.attach(panel, document.body);
    await wait();
    expect(service.asked).toContain('changes');
    Widget.detach(panel);
    service.end();
    await wait();
    const asked = service.asked.length;
    await wait();
    expect(service.asked).toHaveLength(asked);
  });

  it('follows a run to its end although it is hidden, and then rests', async () => {
    Widget.attach(panel, document.body);
    await wait();
    model.accept(submission({ state: 'running' }));
    panel.hide();
    service.end();
    const asked = service.asked.length;
    await wait();
    expect(service.asked.slice(asked)).toContain('changes');

    service.tell(submission({ state: 'scored' }));
    await wait();
    expect(model.submission('s1')?.state).toBe('scored');
    const atEnd = service.asked.length;
    await wait();
    expect(service.asked).toHaveLength(atEnd);
  });
});
