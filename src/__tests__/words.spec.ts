// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';

import { errorFrom } from '../request';
import { ago, span, stopwatch, took } from '../time';
import type { PhaseView, QuotaView, ScoreView } from '../wire';
import {
  bytes,
  errorText,
  phaseTime,
  quotaText,
  rankText,
  rowText,
  scoreChange,
  stepDetail
} from '../words';
import { german } from './languages';
import { submission } from './wireparts';

const trans = nullTranslator.load('jupyter_challenge');
const NOW = Date.parse('2026-01-08T12:00:00Z');

describe('times', () => {
  it.each([
    ['open', '2026-01-10T16:00:00Z', 'ends in 2 d 4 h'],
    ['open', '2026-04-01T12:00:00Z', 'ends in 83 d'],
    ['open', '2099-06-30T12:00:00Z', 'ends Jun 30, 2099'],
    ['soon', '2099-06-30T12:00:00Z', 'starts Jun 30, 2099'],
    ['open', null, 'no end date']
  ])('a phase that is %s, at %s', (state, time, text) => {
    const phase = { state, starts_at: time, ends_at: time } as PhaseView;
    expect(phaseTime(phase, NOW, trans)).toBe(text);
  });

  it.each([
    ['2026-01-08T11:59:30Z', 'just now'],
    ['2026-01-08T12:00:05Z', 'just now'],
    ['2026-01-08T11:01:00Z', '59 min ago'],
    ['2026-01-08T10:00:00Z', '2 h ago'],
    ['2026-01-01T12:00:00Z', '7 d ago'],
    [null, '']
  ])('ago %s', (time, text) => {
    expect(ago(time, NOW, trans)).toBe(text);
  });

  it.each([
    [((3 * 24 + 4) * 60 + 5) * 60_000, '3 d 4 h'],
    [9 * 86_400_000 + 3_600_000, '9 d'],
    [24 * 3_600_000, '1 d'],
    [3 * 3_600_000, '3 h'],
    [3_660_000, '1 h 1 min'],
    [61_000, '1 min'],
    [59_000, 'less than a minute'],
    [-5, 'less than a minute']
  ])('span %d', (milliseconds, text) => {
    expect(span(milliseconds, trans)).toBe(text);
  });

  it.each([
    [9_999, '0:09'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
    [-1, '0:00']
  ])('stopwatch %d', (milliseconds, text) => {
    expect(stopwatch(milliseconds)).toBe(text);
  });

  it.each([
    [0.44, '0.4 s'],
    [12.6, '13 s'],
    [125, '2:05']
  ])('took %d', (seconds, text) => {
    expect(took(seconds, trans)).toBe(text);
  });
});

it.each([
  [999, '999 B'],
  [1234, '1.2 kB'],
  [999_600, '1.0 MB'],
  [45_000_000, '45 MB']
])('bytes %d', (size, text) => {
  expect(bytes(size, trans)).toBe(text);
});

it.each([
  [{ rank: 4, rank_to: 4 }, '4'],
  [{ rank: 1, rank_to: 3 }, '1–3'],
  [{ rank: 4, rank_to: null }, '4']
])('rank %j', (standing, text) => {
  expect(rankText(standing)).toBe(text);
});

it.each([
  [{ left_today: 2, per_day: 5 }, '2 of 5 submissions left today'],
  [
    { left_today: 2, per_day: 5, left_total: 1, total: 9 },
    '1 of 9 submissions left'
  ],
  [{ left_total: 1, total: 9 }, '1 of 9 submissions left'],
  [{}, 'No limit on submissions'],
  [null, '']
])('quota %j', (quota, text) => {
  expect(quotaText(quota as QuotaView | null, trans)).toBe(text);
});

it.each([
  ['0.9667', 0.96666, 0.93333, '+0.0333'],
  ['0.041', 0.041, 0.044, '−0.003'],
  ['0.9667', 0.96666, 0.96666, '±0'],
  ['12', 12, 9, '+3'],
  ['0.9667', 0.96666, null, '']
])('change of %s', (display, value, before, text) => {
  expect(scoreChange({ display, value } as ScoreView, before)).toBe(text);
});

it.each([
  ['cell 3/7', 'Zelle 3/7'],
  ['cell 3/7 · 40 %', 'Zelle 3/7 · 40 %'],
  ['pulling', 'pulling']
])('a step that is at %s', (detail, text) => {
  expect(stepDetail(detail, german())).toBe(text);
});

describe('rows', () => {
  it.each([
    [submission({ state: 'queued', position: 3 }), 'queued, 3 in line'],
    [submission({ state: 'queued', wait_seconds: 90 }), 'queued'],
    [
      submission({ state: 'queued', position: 1, wait_seconds: 0 }),
      'queued, 1 in line'
    ],
    [
      submission({ state: 'queued', position: 2, wait_seconds: 110 }),
      '2 in line, about 110 s'
    ],
    [
      submission({ state: 'queued', position: 2, wait_seconds: 170 }),
      '2 in line, about 3 min'
    ],
    [
      submission({ state: 'queued', position: 40, wait_seconds: 7_500 }),
      '40 in line, about 2 h 5 min'
    ],
    [
      submission({ state: 'queued', position: 3, interruptions: 1 }),
      'had to make way, 3 in line'
    ],
    [
      submission({
        state: 'queued',
        position: 3,
        interruptions: 1,
        wait_seconds: 600
      }),
      'had to make way, 3 in line, about 10 min'
    ],
    [
      submission({
        state: 'running',
        steps: [{ name: 'run', state: 'running', detail: 'cell 3/7' }]
      }),
      'run: cell 3/7'
    ],
    [
      submission({
        state: 'failed',
        failure: {
          failure_class: 'cell_error',
          sentence: 'A cell of the notebook raised an error.',
          hint: '',
          fault: 'participant',
          cell: 4,
          detail: 'NameError: x\nmore'
        }
      }),
      'cell 4: NameError: x'
    ],
    [
      submission({
        state: 'failed',
        failure: {
          failure_class: 'time_limit',
          sentence: 'The run took longer than its time limit.',
          hint: '',
          fault: 'participant',
          detail: ''
        }
      }),
      'time limit'
    ]
  ])('%#', (one, text) => {
    expect(rowText(one, trans)).toBe(text);
  });
});

describe('errors', () => {
  const ours = (code: string) =>
    JSON.stringify({ error: { code, message: 'What.', hint: 'Next.' } });

  it.each([
    [0, '', 'offline', 'offline'],
    [502, '<html>', 'offline', 'offline'],
    [503, ours('upgrade_needed'), 'offline', 'upgrade_needed'],
    [507, ours('storage_full'), 'refused', 'storage_full'],
    [404, '{"message": "Not Found"}', 'missing', 'missing'],
    [404, ours('not_found'), 'refused', 'not_found'],
    [429, ours('quota_exceeded'), 'refused', 'quota_exceeded'],
    [500, 'oops', 'refused', 'refused']
  ])('%d %s', (status, text, kind, code) => {
    const error = errorFrom(status, text);
    expect([error.kind, error.code]).toEqual([kind, code]);
    const { message, hint } = errorText(error, trans);
    expect(message).not.toBe('');
    expect(hint).not.toBe('');
  });
});
