// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { hasBegun, toCompareWith } from '../run/next';
import type { SubmissionView } from '../wire';
import { submission } from './wireparts';

function scored(number: number, value: number): SubmissionView {
  const score = { value } as SubmissionView['score'];
  return submission({ id: `s${number}`, number, state: 'scored', score });
}

describe('toCompareWith', () => {
  const mine = [
    scored(4, 0.7),
    submission({ id: 's3', number: 3, state: 'failed' }),
    scored(2, 0.9),
    scored(1, 0.8)
  ];

  it('is my best before it', () => {
    const view = { ...scored(4, 0.7), best_before: 0.9 };
    expect(toCompareWith(view, mine)?.number).toBe(2);
  });

  it('is the newest that was scored, for one that failed', () => {
    const failed = submission({ id: 's5', number: 5, state: 'failed' });
    expect(toCompareWith(failed, mine)?.number).toBe(4);
  });

  it('is nothing for the first, for a try and for what still runs', () => {
    expect(toCompareWith(mine[3], mine)).toBeNull();
    expect(toCompareWith({ ...scored(9, 1), is_try: true }, mine)).toBeNull();
    expect(
      toCompareWith(submission({ number: 9, state: 'running' }), mine)
    ).toBeNull();
  });
});

describe('hasBegun', () => {
  it('is known also where times are hidden', () => {
    const steps = [{ name: 'prepare', state: 'succeeded', detail: '' }];
    expect(hasBegun(submission({}))).toBe(false);
    expect(
      hasBegun(submission({ steps: steps as SubmissionView['steps'] }))
    ).toBe(true);
  });
});
