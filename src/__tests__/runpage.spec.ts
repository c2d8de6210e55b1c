import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { ChallengeModel } from '../model';
import { RunPage } from '../run/run';
import { Service } from './service';
import { submission } from './wireparts';

describe('RunPage', () => {
  let service: Service;
  let model: ChallengeModel;
  let page: RunPage;

  beforeEach(async () => {
    jest.useFakeTimers();
    service = new Service();
    model = new ChallengeModel({ api: service.api(), standby: 'never' });
    service.known.set(
      's1',
      submission({ state: 'scored', feedback: 'class_only' })
    );
    page = new RunPage({
      submission: 's1',
      model,
      commands: new CommandRegistry(),
      parts: null,
      translator: nullTranslator
    });
    Widget.attach(page, document.body);
    await jest.advanceTimersByTimeAsync(1000);
  });

  afterEach(() => {
    page.dispose();
    model.dispose();
    service.end();
    jest.useRealTimers();
  });

  const line = () => page.node.querySelector('.jp-Challenge-runOffline')!;

  it('says above the steps that the server does not answer, until it does', async () => {
    expect(line().getAttribute('role')).toBe('status');
    expect(line().textContent).toBe('');

    service.isAway = true;
    await model.refresh();
    await jest.advanceTimersByTimeAsync(1000);
    expect(line().textContent).toContain('The Jupyter server does not answer.');
    expect(page.node.querySelector('.jp-Challenge-graph')).not.toBeNull();

    service.isAway = false;
    line().querySelector('button')!.click();
    await jest.advanceTimersByTimeAsync(1000);
    expect(line().textContent).toBe('');
  });
});
