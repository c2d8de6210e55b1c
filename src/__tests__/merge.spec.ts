// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { groupChallenges, isOlder, mergeSubmission, toRead } from '../merge';
import { challenge, submission } from './wireparts';

describe('mergeSubmission', () => {
  const old = submission({ id: 'a', created_at: '2026-01-01T10:00:00Z' });
  const young = submission({ id: 'c', created_at: '2026-01-03T10:00:00Z' });

  it('puts a new one at its place, newest first', () => {
    const middle = submission({ id: 'b', created_at: '2026-01-02T10:00:00Z' });
    const ids = mergeSubmission([young, old], middle).map(one => one.id);
    expect(ids).toEqual(['c', 'b', 'a']);
  });

  it('takes an answer over in place', () => {
    const scored = submission({ ...old, state: 'scored' });
    expect(mergeSubmission([young, old], scored)).toEqual([young, scored]);
  });

  it('leaves a late answer out', () => {
    const list = [submission({ state: 'scored' })];
    expect(mergeSubmission(list, submission({ state: 'running' }))).toBe(list);
  });
});

describe('isOlder', () => {
  const step = (started: boolean, ended: boolean) => ({
    name: 'run' as const,
    state: 'running' as const,
    started_at: started ? '2026-01-01T10:00:00Z' : null,
    ended_at: ended ? '2026-01-01T10:00:01Z' : null,
    detail: ''
  });
  const running = (started: boolean, ended: boolean) =>
    submission({ state: 'running', steps: [step(started, ended)] });

  it.each([
    ['the same', running(true, false), running(true, false), false],
    ['a step back', running(true, false), running(true, true), true],
    ['a step on', running(true, true), running(true, false), false],
    [
      'a new attempt',
      submission({ state: 'queued', attempt: 2 }),
      submission({ state: 'running', attempt: 1 }),
      false
    ],
    [
      'having made way',
      submission({ state: 'queued', interruptions: 1 }),
      submission({ state: 'running' }),
      false
    ],
    [
      'not knowing that it made way',
      submission({ state: 'running' }),
      submission({ state: 'queued', interruptions: 1 }),
      true
    ],
    [
      'having made way before its end',
      submission({ state: 'queued', interruptions: 1 }),
      submission({ state: 'scored' }),
      true
    ],
    [
      'another end',
      submission({ state: 'failed' }),
      submission({ state: 'cancelled' }),
      false
    ]
  ])('%s', (_, answer, known, expected) => {
    expect(isOlder(answer, known)).toBe(expected);
  });
});

describe('groupChallenges', () => {
  const challenges = [
    challenge({ id: 'iris', title: 'Iris', tags: ['classification'] }),
    challenge({ id: 'higgs', title: 'Higgs', state: 'soon' }),
    challenge({ id: 'digits', title: 'Digits', state: 'ended' })
  ];

  it('keeps the order of the service in each group', () => {
    const groups = groupChallenges(challenges, '');
    expect(groups.open.map(one => one.id)).toEqual(['iris']);
    expect(groups.soon.map(one => one.id)).toEqual(['higgs']);
    expect(groups.ended.map(one => one.id)).toEqual(['digits']);
  });

  it.each([
    ['ris', 1],
    ['IRIS class', 1],
    ['iris higgs', 0],
    ['i', 3]
  ])('finds with "%s"', (filter, count) => {
    const groups = groupChallenges(challenges, filter);
    const found = [...groups.open, ...groups.soon, ...groups.ended];
    expect(found).toHaveLength(count);
  });
});

describe('toRead', () => {
  it('names each object once', () => {
    const read = toRead([
      { seq: 1, kind: 'submission', challenge: 'iris', object: 's1' },
      { seq: 2, kind: 'submission', challenge: 'iris', object: 's1' },
      { seq: 3, kind: 'board', challenge: 'iris', object: 'main' },
      { seq: 4, kind: 'entry', challenge: 'higgs', object: 'higgs' }
    ]);
    expect([...read.submissions]).toEqual(['s1']);
    expect([...read.boards]).toEqual(['iris']);
    expect([...read.challenges]).toEqual(['iris', 'higgs']);
  });
});
