// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import type { IActors } from '../actions';
import type { IGetJob } from '../challenge/getapi';
import { getFolder } from '../challenge/getting';
import { errorFrom } from '../request';

const RUNNING: IGetJob = {
  job: 'j',
  challenge: 'iris',
  state: 'running',
  path: 'input/train.csv',
  files: 4,
  files_done: 1,
  size: 4_000_000,
  done: 1_000_000,
  folder: 'iris',
  notebook: null,
  new: [],
  kept: [],
  error: null
};
const DONE: IGetJob = {
  ...RUNNING,
  state: 'done',
  notebook: 'iris/starter.ipynb',
  kept: ['model.py']
};

describe('getFolder', () => {
  let answers: (IGetJob | Error)[];
  let asked: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    Notification.manager.dismiss();
    asked = [];
  });

  afterEach(() => jest.useRealTimers());

  const actors = () =>
    ({
      model: {
        challenges: [{ id: 'iris', title: 'Iris' }],
        api: {
          own: async (path: string, _: unknown, method = 'POST') => {
            asked.push(`${method} ${path}`);
            const next = answers.length > 1 ? answers.shift()! : answers[0];
            if (next instanceof Error) {
              throw next;
            }
            return next;
          }
        }
      },
      trans: nullTranslator.load('jupyter_challenge')
    }) as unknown as IActors;

  const shown = () => Notification.manager.notifications.map(one => one);

  it('says nothing of what is done at once', async () => {
    answers = [{ ...DONE, kept: [] }];
    const got = await getFolder(actors(), 'iris', 'iris');
    expect(got?.notebook).toBe('iris/starter.ipynb');
    expect(shown()).toEqual([]);
  });

  it('shows how far it is, survives a lost answer, and ends', async () => {
    answers = [
      RUNNING,
      errorFrom(0, ''),
      { ...RUNNING, done: 3_000_000, files_done: 2 },
      DONE
    ];
    const getting = getFolder(actors(), 'iris', 'iris');
    await jest.advanceTimersByTimeAsync(0);
    expect(shown()[0].message).toContain('1.0 MB of 4.0 MB, file 2 of 4');
    expect(shown()[0].options.progress).toBe(0.25);
    expect(shown()[0].options.actions).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect((await getting)?.state).toBe('done');
    const said = shown().map(one => one.message);
    expect(said).toContain('Iris is in the folder iris.');
    expect(said).toContain('You changed model.py, so it was left as it is.');
  });

  it('cancels, and offers to go on', async () => {
    answers = [RUNNING];
    const getting = getFolder(actors(), 'iris', 'iris');
    await jest.advanceTimersByTimeAsync(0);
    answers = [{ ...RUNNING, state: 'cancelled' }];
    shown()[0].options.actions![0].callback(new MouseEvent('click'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(await getting).toBeNull();
    expect(asked).toContain('DELETE get/j');
    expect(shown()[0].message).toContain('was cancelled');
    expect(shown()[0].options.actions!.map(one => one.label)).toEqual([
      'Go on'
    ]);
  });
});
