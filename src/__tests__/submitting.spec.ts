// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';

import { differences } from '../submit/environments';
import { remembered } from '../submit/memory';
import {
  parameterText,
  readParameter,
  readParameters
} from '../submit/parameters';
import { isIn, isOffered, toggled } from '../submit/picking';
import { afterThis, waitText } from '../submit/texts';
import type { ChallengeView, ProfileView } from '../wire';
import { challenge } from './wireparts';

const trans = nullTranslator.load('jupyter_challenge');

it.each([
  [200, '200', 200],
  [200, ' 1e-3 ', 0.001],
  [0.5, '.25', 0.25],
  ['200', '200', '200'],
  ['a', 'true', 'true'],
  [false, 'true', true],
  [[1], '[1, 2]', [1, 2]],
  [{ a: 1 }, '{"a": null}', { a: null }],
  [null, '', null],
  [null, '3', 3],
  [null, 'three', 'three']
])('parameter %j as %s', (given, text, value) => {
  expect(readParameter(text, given, trans)).toEqual({ value });
  expect(readParameter(parameterText(given), given, trans)).toEqual({
    value: given
  });
});

it.each([
  [200, 'many', 'number'],
  [200, '', 'number'],
  [200, '0x10', 'number'],
  [200, 'Infinity', 'number'],
  [true, 'yes', 'true or false'],
  [[1], '1, 2', 'list'],
  [[1], '{}', 'list'],
  [{}, '[1]', 'object']
])('parameter %j is not %s', (given, text, says) => {
  expect(readParameter(text, given, trans).error).toContain(says);
});

it('hands in only what was changed', () => {
  const given = { n: 1, name: 'a', on: true };
  const texts = { n: '2', name: 'a', on: 'true', gone: 'x' };
  expect(readParameters(texts, given, trans)).toEqual({
    values: { n: 2 },
    errors: {}
  });
  const { errors } = readParameters({ n: 'two' }, given, trans);
  expect(Object.keys(errors)).toEqual(['n']);
});

it('remembers a parameter while the notebook gives the same as then', () => {
  const memory = {
    profile: null,
    challenge: null,
    parameters: {
      n: { text: '5', given: '1' },
      m: { text: '6', given: '1' },
      gone: { text: '7', given: '1' }
    }
  };
  expect(remembered(memory, { n: 1, m: 2 })).toEqual({ n: '5' });
  expect(remembered(null, { n: 1 })).toEqual({});
});

it('tells environments apart, what is missing there first', () => {
  const here = { version: '3.11.4', packages: { a: '1', b: '1', d: '1' } };
  const there = { version: '3.12.1', packages: { a: '2', c: '1', d: '1' } };
  expect(differences('python', here, there)).toEqual([
    { name: 'python', here: '3.11.4', there: '3.12.1' },
    { name: 'b', here: '1', there: null },
    { name: 'a', here: '1', there: '2' },
    { name: 'c', here: null, there: '1' }
  ]);
  expect(differences('python', here, here)).toEqual([]);
});

it('offers what may travel', () => {
  const names = [
    'm.ipynb',
    'other.ipynb',
    'input',
    'lib',
    'lib/input',
    '.git',
    'lib/__pycache__',
    'lib/a.pyc',
    'challenge.json'
  ];
  expect(names.filter(name => isOffered(name, 'm.ipynb'))).toEqual([
    'other.ipynb',
    'lib',
    'lib/input'
  ]);
});

it('lets a folder stand for what is in it', () => {
  expect(toggled('lib', ['lib/a.py', 'b.py'])).toEqual(['b.py', 'lib']);
  expect(toggled('lib', ['lib'])).toEqual([]);
  expect(isIn('lib/a.py', ['lib'])).toBe(true);
  expect(isIn('library.py', ['lib'])).toBe(false);
});

it.each([
  [{ wait_seconds: 0, waiting: 0 }, 'free now'],
  [{ wait_seconds: null, waiting: 0 }, 'busy'],
  [{ wait_seconds: null, waiting: 1 }, '1 waiting'],
  [{ wait_seconds: 30, waiting: 0 }, 'busy, about 30 s'],
  [{ wait_seconds: 1200, waiting: 3 }, '3 waiting, about 20 min']
])('the wait of %j', (profile, text) => {
  expect(waitText(profile as ProfileView, trans)).toBe(text);
});

it('says what is left and when there is room again', () => {
  const resets_at = new Date(Date.now() + 2.5 * 3600 * 1000).toISOString();
  const quota = { per_day: 5, left_today: 1, resets_at };
  const view = { ...challenge(), quota, has_sample: true } as ChallengeView;
  expect(afterThis(view, false, trans)).toEqual([
    '0 of 5 left today.',
    expect.stringMatching(/^There is room again in 2 h (29|30) min\.$/),
    'Tries are free.'
  ]);
  expect(afterThis(view, true, trans)).toHaveLength(1);
});
