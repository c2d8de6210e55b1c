import type { Api } from '../api';
import { ChallengeModel } from '../model';
import { errorFrom } from '../request';
import type { Changes, SubmissionView } from '../wire';
import { challenge, submission } from './wireparts';

/** A service whose answers a test decides; the feed waits until the test lets it go on. */
class Service {
  isAway = false;
  known = new Map<string, SubmissionView>();
  asked: string[] = [];
  longest = 200;

  api(): Api {
    const answer = async <T>(what: string, value: () => T): Promise<T> => {
      this.asked.push(what);
      if (this.isAway) {
        throw errorFrom(0, '');
      }
      return value();
    };
    return {
      me: () => answer('me', () => ({ name: 'ana' })),
      challenges: () => answer('challenges', () => [challenge()]),
      challenge: (id: string) => answer(`challenge ${id}`, () => challenge()),
      submissions: (
        id: string,
        page: { cursor?: string | null; limit: number }
      ) =>
        answer(`list ${page.cursor ?? ''}`, () => {
          const all = [...this.known.values()];
          const start = Number(page.cursor ?? 0);
          const end = start + Math.min(page.limit, this.longest);
          return {
            items: all.slice(start, end),
            next: end < all.length ? String(end) : null
          };
        }),
      submission: (id: string) =>
        answer(`submission ${id}`, () => this.known.get(id)),
      changes: (after: number | null) =>
        after === null
          ? answer('start', () => ({ changes: [], next: 0 }))
          : answer('changes', () => this._next())
    } as unknown as Api;
  }

  tell(one: SubmissionView): void {
    this.known.set(one.id, one);
    this._waiting?.({
      next: 1,
      reset: false,
      changes: [
        { seq: 1, kind: 'submission', challenge: 'iris', object: one.id }
      ]
    });
  }

  end(): void {
    this._waiting?.({ next: 1, changes: [], reset: false });
  }

  /** Resolves once the feed waits for a change. */
  readonly followed = new Promise<void>(resolve => {
    this._onFollowed = resolve;
  });

  private _next(): Promise<Changes> {
    this._onFollowed();
    return new Promise(resolve => {
      this._waiting = resolve;
    });
  }

  declare private _onFollowed: () => void;
  private _waiting: ((changes: Changes) => void) | null = null;
}

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

  it('asks for its place in the feed before it reads', async () => {
    model.wake();
    await until(() => model.state === 'ready');
    expect(service.asked[0]).toBe('start');
    expect(model.challenges).toHaveLength(1);
  });

  it('reads what the feed names and tells it', async () => {
    model.wake();
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
