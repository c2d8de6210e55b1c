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
    await drawn(() => page.node.querySelector('.jp-Challenge-graph') !== null);
  });

  afterEach(() => {
    page.dispose();
    model.dispose();
    service.end();
  });

  /** Wait until the page shows it; React draws when the browser has time, not with a timer. */
  const drawn = (isShown: () => boolean) =>
    new Promise<void>(resolve => {
      const check = () => {
        if (isShown()) {
          observer.disconnect();
          resolve();
        }
      };
      const observer = new MutationObserver(check);
      observer.observe(page.node, {
        characterData: true,
        childList: true,
        subtree: true
      });
      check();
    });

  const line = () => page.node.querySelector('.jp-Challenge-runOffline')!;

  it('says above the steps that the server does not answer, until it does', async () => {
    expect(line().getAttribute('role')).toBe('status');
    expect(line().textContent).toBe('');

    service.isAway = true;
    await model.refresh();
    await drawn(() =>
      line().textContent!.includes('The Jupyter server does not answer.')
    );
    expect(page.node.querySelector('.jp-Challenge-graph')).not.toBeNull();

    service.isAway = false;
    line().querySelector('button')!.click();
    await drawn(() => line().textContent === '');
    expect(model.error).toBeNull();
  });
});
