// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { attendWhileVisible } from '../attention';
import { ChallengeModel } from '../model';
import { RunPage } from '../run/run';
import { Service } from './service';
import { submission } from './wireparts';

describe('RunPage', () => {
  let service: Service;
  let model: ChallengeModel;
  let page: RunPage;

  beforeEach(() => {
    service = new Service();
    model = new ChallengeModel({ api: service.api(), standby: 'never' });
    service.known.set(
      's1',
      submission({ state: 'scored', feedback: 'class_only' })
    );
  });

  const open = () => {
    page = new RunPage({
      submission: 's1',
      model,
      commands: new CommandRegistry(),
      parts: null,
      translator: nullTranslator
    });
    attendWhileVisible(model, page);
    Widget.attach(page, document.body);
  };

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

  const isWhole = () => page.node.querySelector('.jp-Challenge-graph') !== null;

  const line = () => page.node.querySelector('.jp-Challenge-runOffline')!;

  it('says above the steps that the server does not answer, until it does', async () => {
    open();
    await drawn(isWhole);
    expect(line().getAttribute('role')).toBe('status');
    expect(line().textContent).toBe('');

    service.isAway = true;
    await model.refresh();
    await drawn(() =>
      line().textContent!.includes('The Jupyter server does not answer.')
    );
    expect(isWhole()).toBe(true);

    service.isAway = false;
    line().querySelector('button')!.click();
    await drawn(() => line().textContent === '');
    expect(model.error).toBeNull();
  });

  it('opened while the server does not answer, comes by itself once it does', async () => {
    service.isAway = true;
    open();
    await drawn(() => page.node.textContent!.includes('Try again'));
    expect(isWhole()).toBe(false);

    service.isAway = false;
    await drawn(isWhole); // the feed's first pause after a failure is below a second
    expect(page.node.textContent).not.toContain('does not answer');
  });

  it('of a run that tells its class alone has neither log nor notebook', async () => {
    const failure = {
      failure_class: 'cell_error' as const,
      fault: 'participant' as const,
      sentence: 'A cell raised an error.',
      detail: '',
      hint: 'Run the notebook from top to bottom.'
    };
    service.known.set(
      's1',
      submission({
        state: 'failed',
        failure,
        feedback: 'class_only',
        has_notebook: true
      })
    );
    open();
    await drawn(isWhole);
    expect(page.node.textContent).toContain('cell_error');
    expect(page.node.textContent).toContain('What was handed in');
    expect(page.node.querySelector('[role=tab]')).toBeNull();
  });

  it.each([
    [{ wait_seconds: 0 }, '2 in line, starts now'],
    [{ wait_seconds: 50 }, '2 in line, starts within about 50 s'],
    [{ wait_seconds: 170 }, '2 in line, starts within about 3 min'],
    // Until the service says it of the submission itself.
    [{}, '2 in line, starts within about 20 min'],
    [{ wait_seconds: 0, interruptions: 1 }, 'had to make way, 2 in line'],
    [
      { wait_seconds: 170, interruptions: 1 },
      'had to make way, 2 in line, about 3 min'
    ],
    [{ interruptions: 2 }, 'had to make way, 2 in line, about 20 min']
  ])('says the place in the queue and the wait: %j', async (said, text) => {
    service.wait = 1200;
    service.known.set(
      's1',
      submission({ state: 'queued', position: 2, ...said })
    );
    open();
    const queue = () =>
      page.node.querySelector('.jp-Challenge-runFacts dd')?.textContent;
    await drawn(() => queue() === text);
  });

  it('says in which image it ran, in short and whole', async () => {
    const image = `registry.example.org:5000/team/model@sha256:${'5a'.repeat(32)}`;
    service.known.set('s1', submission({ state: 'scored', image }));
    open();
    await drawn(() => page.node.textContent!.includes('Image'));
    expect(page.node.querySelector(`code[title="${image}"]`)?.textContent).toBe(
      'model@5a5a5a5a5a5a…'
    );
  });
});
