// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';

import { changedDates, draftOf } from '../organise/datesdraft';
import { diffLines } from '../organise/linediff';
import { fromField, isSame, toField } from '../organise/localtime';
import { folderName } from '../organise/foldername';
import {
  changeWord,
  hiddenWord,
  privateScore,
  weightWord
} from '../organise/organisewords';
import type { PhaseView, ScoreView } from '../wire';
import { submission } from './wireparts';

const trans = nullTranslator.load('jupyter_challenge');

/** A phase as the service tells it, with some things different. */
function phase(changes: Partial<PhaseView> = {}): PhaseView {
  return {
    id: 'main',
    title: 'Main',
    state: 'open',
    zone: 'Europe/Zurich',
    has_private: true,
    starts_at: '2026-11-01T08:00:00Z',
    ends_at: '2026-12-01T17:30:15Z',
    reveals_at: '2026-12-01T17:30:15Z',
    ...changes
  } as PhaseView;
}

describe('times in a form', () => {
  it.each(['2026-11-01T08:00:00.000Z', '2026-12-01T17:30:15.000Z'])(
    'go through the field unchanged: %s',
    time => {
      expect(fromField(toField(time))).toBe(time);
    }
  );

  it('are empty where there is none', () => {
    expect([toField(null), toField('nonsense'), fromField('')]).toEqual([
      '',
      '',
      null
    ]);
  });

  it('are one instant whatever their spelling', () => {
    expect(isSame('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00')).toBe(
      true
    );
    expect(isSame(null, undefined)).toBe(true);
    expect(isSame(null, '2026-01-01T00:00:00Z')).toBe(false);
  });
});

describe('the dates form', () => {
  it('sends nothing where nothing was touched', () => {
    const phases = [phase(), phase({ id: 'open', ends_at: null })];
    expect(changedDates(phases, phases.map(draftOf))).toEqual([]);
  });

  it('sends only the field that was touched', () => {
    const phases = [phase()];
    const draft = { ...draftOf(phases[0]), start: '' };
    expect(changedDates(phases, [draft])).toEqual([
      { id: 'main', starts_at: null }
    ]);
  });

  it.each([
    [{ reveals_at: null }, 'never'],
    [{}, 'end'],
    [{ reveals_at: '2026-12-24T18:00:00Z' }, 'time']
  ])('knows when the private board opens: %j', (changes, mode) => {
    expect(draftOf(phase(changes)).mode).toBe(mode);
  });

  it('sends another reveal as a word or a time', () => {
    const phases = [phase()];
    const draft = draftOf(phases[0]);
    expect(changedDates(phases, [{ ...draft, mode: 'never' }])).toEqual([
      { id: 'main', reveals_at: 'never' }
    ]);
    const reveal = toField('2027-01-01T00:00:00.000Z');
    expect(changedDates(phases, [{ ...draft, mode: 'time', reveal }])).toEqual([
      { id: 'main', reveals_at: '2027-01-01T00:00:00.000Z' }
    ]);
  });

  it('never speaks of a private board that there is not', () => {
    const phases = [phase({ has_private: false, reveals_at: null })];
    const draft = { ...draftOf(phases[0]), mode: 'end' as const };
    expect(changedDates(phases, [draft])).toEqual([]);
  });
});

describe('a diff', () => {
  it('is read line by line, and keeps what a line begins with', () => {
    expect(diffLines('@@ -1,2 +1,2 @@\n a\n-  - x\n+++ y\n')).toEqual([
      { kind: 'place', text: '@@ -1,2 +1,2 @@' },
      { kind: 'same', text: 'a' },
      { kind: 'removed', text: '  - x' },
      { kind: 'added', text: '++ y' },
      { kind: 'same', text: '' }
    ]);
  });
});

describe('words for organisers', () => {
  it('say what changed, how much it weighs and why lines are hidden', () => {
    expect(changeWord('labels', trans)).toBe('labels');
    expect(weightWord('grave', trans)).toBe('Look twice');
    expect(hiddenWord('labels', trans)).toBe('Labels are never shown.');
    expect(hiddenWord(null, trans)).toBe('');
  });

  it.each([
    ['Solar: power of a day', 'solar-power-of-a-day'],
    ['Größe', 'grosse'],
    ['Été à Genève', 'ete-a-geneve'],
    ['太陽光', 'my-challenge']
  ])('make a folder of %s', (title, folder) => {
    expect(folderName(title)).toBe(folder);
  });
});

describe('a private score', () => {
  it('is the ranked one of the private board', () => {
    const score = (changes: Partial<ScoreView>) =>
      ({ board: 'public', display: '0.9', ...changes }) as ScoreView;
    const scores = [
      score({ ranked: true }),
      score({ board: 'private', display: '0.7', ranked: false }),
      score({ board: 'private', display: '0.8', ranked: true })
    ];
    expect(privateScore(submission({ scores }))).toBe('0.8');
    expect(privateScore(submission({ scores: [scores[0]] }))).toBe('');
  });
});
