// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { ChallengeModel } from '../model';
import { Service } from './service';
import { submission } from './wireparts';

describe('ChallengeModel', () => {
  let service: Service;
  let model: ChallengeModel;

  beforeEach(() => {
    service = new Service();
    model = new ChallengeModel({ api: service.api(), standby: 'never' });
  });

  afterEach(() => {
    model.dispose();
    service.end();
  });

  /** Wait for a state that signals announce. */
  const until = (isReached: () => boolean) =>
    new Promise<void>(resolve => {
      const check = () => {
        if (isReached()) {
          model.stateChanged.disconnect(check);
          resolve();
        }
      };
      model.stateChanged.connect(check);
      check();
    });

  it('asks for nothing until it is woken', () => {
    expect(model.state).toBe('dormant');
    expect(service.asked).toEqual([]);
  });

  it('asks once for a challenge that cannot be read, and again with a refresh', async () => {
    service.refuses = 'challenge iris';
    model.wake();
    await until(() => model.state === 'ready');
    expect(model.challenge('iris')).toBeUndefined();
    await until(() => model.refusal('iris') !== undefined);
    expect(model.challenge('iris')).toBeUndefined();
    const asked = () => service.asked.filter(one => one === 'challenge iris');
    expect(asked()).toHaveLength(1);
    expect(model.error).toBeNull();

    service.refuses = null;
    await model.refresh();
    expect(model.refusal('iris')).toBeUndefined();
    model.challenge('iris');
    await until(() => model.challenge('iris') !== undefined);
    expect(asked()).toHaveLength(2);
  });

  it('asks for its place in the feed before it reads', async () => {
    model.wake();
    await until(() => model.state === 'ready');
    expect(service.asked[0]).toBe('start');
    expect(model.challenges).toHaveLength(1);
  });

  it('reads what the feed names and tells it', async () => {
    model.attend(service);
    await until(() => model.state === 'ready');
    await model.loadChallenge('iris');
    const told: string[] = [];
    model.submissionChanged.connect((_, one) => told.push(one.state));
    await service.followed;
    service.tell(submission({ state: 'running' }));
    await until(() => model.submissions('iris')?.length === 1);
    expect(told).toEqual(['running']);
  });

  it('never goes back from an end', () => {
    model.accept(submission({ state: 'scored' }));
    model.accept(submission({ state: 'running' }));
    expect(model.submission('s1')?.state).toBe('scored');
    expect(model.submissions('iris')?.[0].state).toBe('scored');
  });

  it('keeps what is known while the service is away, and comes back', async () => {
    model.wake();
    await until(() => model.state === 'ready');
    service.isAway = true;
    await model.refresh();
    expect(model.error?.kind).toBe('offline');
    expect(model.state).toBe('ready');
    expect(model.challenges).toHaveLength(1);
    service.isAway = false;
    await model.refresh();
    expect(model.error).toBeNull();
  });

  it('says that there was never an answer', async () => {
    service.isAway = true;
    model.wake();
    await until(() => model.state === 'failed');
    expect(model.error?.kind).toBe('offline');
  });

  it('reads older submissions when they are wanted, and keeps them', async () => {
    service.longest = 2;
    for (let n = 5; n > 0; n--) {
      const one = submission({
        id: `s${n}`,
        number: n,
        state: 'scored',
        created_at: `2026-01-0${n}T10:00:00Z`
      });
      service.known.set(one.id, one);
    }
    const numbers = () => model.submissions('iris')?.map(one => one.number);
    await model.loadChallenge('iris');
    expect(numbers()).toEqual([5, 4]);
    expect(model.hasMoreSubmissions('iris')).toBe(true);
    await model.loadMoreSubmissions('iris');
    expect(numbers()).toEqual([5, 4, 3, 2]);
    await model.loadChallenge('iris');
    expect(numbers()).toEqual([5, 4, 3, 2]);
    await model.loadMoreSubmissions('iris');
    expect(numbers()).toEqual([5, 4, 3, 2, 1]);
    expect(model.hasMoreSubmissions('iris')).toBe(false);
  });

  it('keeps submissions of others out of my list', () => {
    model.accept(submission({ mine: false }));
    expect(model.submissions('iris')).toBeUndefined();
    expect(model.submission('s1')).toBeDefined();
  });
});
