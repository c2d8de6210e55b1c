// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from '../api';
import { errorFrom } from '../request';
import type { Changes, SubmissionView } from '../wire';
import { challenge } from './wireparts';

/** A service whose answers a test decides; the feed waits until the test lets it go on. */
export class Service {
  isAway = false;
  refuses: string | null = null;
  known = new Map<string, SubmissionView>();
  asked: string[] = [];
  longest = 200;
  wait: number | null = null;

  api(): Api {
    const answer = async <T>(what: string, value: () => T): Promise<T> => {
      this.asked.push(what);
      if (this.isAway) {
        throw errorFrom(0, '');
      }
      if (this.refuses === what) {
        throw errorFrom(500, '');
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
      read: () =>
        answer('profiles', () => ({
          items: [{ id: 'local', default: true, wait_seconds: this.wait }]
        })),
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
