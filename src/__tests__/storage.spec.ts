// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import type { IStorage, TokenState } from '../storage/storagemodel';
import { StorageModel } from '../storage/storagemodel';
import { stateText } from '../storage/storagestatus';
import { tellWhenSignedOut } from '../storage/telling';

const trans = nullTranslator.load('jupyter_challenge');

/** A Jupyter server whose tokens are as a test says. */
class Server {
  states: TokenState[] = ['fresh'];
  asked: string[] = [];
  opened: string[] = [];
  back: (() => void) | null = null;
  isAway = false;

  model(): StorageModel {
    return new StorageModel({
      api: {
        own: async <T>(path: string, _: unknown, method?: string) => {
          this.asked.push(`${method} ${path}`);
          if (this.isAway) {
            throw new Error('no answer');
          }
          return this._said() as T;
        }
      },
      open: address => void this.opened.push(address),
      whenBack: then => {
        this.back = then;
        return () => (this.back = null);
      },
      standby: 'never'
    });
  }

  private _said(): IStorage {
    return {
      tokens: this.states.map((state, at) => ({
        name: `token-${at}`,
        state,
        until: null,
        message: `It is ${state}.`
      })),
      sign_in: '/hub/oauth_login?next=/hub/home'
    };
  }
}

describe('StorageModel', () => {
  let server: Server;
  let model: StorageModel;

  beforeEach(() => {
    server = new Server();
    model = server.model();
  });

  afterEach(() => {
    model.dispose();
    Notification.dismiss();
  });

  it.each<[TokenState[], string]>([
    [[], 'well'],
    [['fresh', 'waiting'], 'well'],
    [['fresh', 'refused'], 'refused'],
    [['refused', 'away'], 'away'],
    [['away', 'signed_out', 'fresh'], 'signed_out']
  ])('is as bad as the worst of its tokens: %j', async (states, expected) => {
    server.states = states;
    await model.retry();

    expect(model.state).toBe(expected);
    expect(model.missing.map(token => token.state)).toEqual(
      states.filter(state => state === expected)
    );
  });

  it('opens the sign-in and asks again for whoever comes back', async () => {
    server.states = ['signed_out'];
    await model.retry();
    model.signIn();
    expect(server.opened).toEqual(['/hub/oauth_login?next=/hub/home']);

    server.states = ['fresh'];
    server.back!();
    await new Promise<void>(done => model.stateChanged.connect(() => done()));

    expect(model.state).toBe('well');
    expect(server.asked.filter(one => one === 'POST storage')).toHaveLength(2);
    expect(server.back).toBeNull();
  });

  it('goes on as it was when the server does not answer', async () => {
    server.states = ['signed_out'];
    await model.retry();
    server.isAway = true;
    await model.retry();

    expect(model.state).toBe('signed_out');
  });

  it('tells once that the sign-in ended, and that it is mended', async () => {
    tellWhenSignedOut(model, trans);
    server.states = ['signed_out'];
    await model.retry();
    server.states = ['signed_out', 'fresh'];
    await model.retry();
    const told = Notification.manager.notifications.map(one => one.message);
    server.states = ['fresh', 'fresh'];
    await model.retry();
    const then = Notification.manager.notifications.map(one => one.message);

    expect(told).toHaveLength(1);
    expect(told[0]).toContain('sign-in for storage has expired');
    expect(then).toEqual(['Storage is there again.']);
  });

  it('takes back what it told when the sign-in is no longer what is wrong', async () => {
    tellWhenSignedOut(model, trans);
    server.states = ['signed_out', 'fresh'];
    await model.retry();
    server.states = ['fresh', 'refused'];
    await model.retry();

    expect(Notification.manager.notifications).toEqual([]);
  });

  it('asks nothing once it was disposed', async () => {
    model.dispose();
    const before = server.asked.length;
    await new Promise(done => setTimeout(done, 20));

    expect(server.asked).toHaveLength(before);
  });
});

describe('stateText', () => {
  it('has words for every state but the good one', () => {
    expect(stateText('signed_out', trans)).toBe('Storage: sign-in expired');
    expect(stateText('away', trans)).toBe('Storage: no answer');
    expect(stateText('refused', trans)).toBe('Storage: not for you');
    expect(stateText('well', trans)).toBe('');
  });
});
