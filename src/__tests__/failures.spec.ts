// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { failureHint, failureSentence } from '../run/failures';
import { german, japanese } from './languages';

const { readFileSync } = jest.requireActual<{
  readFileSync(path: string, encoding: string): string;
}>('fs');

const SOURCE = readFileSync('jupyter_challenge/core/errors.py', 'utf-8');
const CLASSES = [
  .../class FailureClass\(.*?\n\n\n/s
    .exec(SOURCE)![0]
    .matchAll(/^ {4}([A-Z_]+) = /gm)
].map(([, name]) => name);
const TEXTS = [
  ...SOURCE.matchAll(
    /FailureClass\.([A-Z_]+): FailureText\(\s*"(.+)",\s*"(.+)",/g
  )
].map(([, name, sentence, hint]) => ({ name, sentence, hint }));

it('knows every class of failure', () => {
  expect(CLASSES.length).toBeGreaterThan(20);
  expect(TEXTS.map(each => each.name)).toEqual(CLASSES);
});

describe.each([
  ['German', german()],
  ['Japanese', japanese()]
])('in %s', (_, trans) => {
  it.each(TEXTS)('$name has a sentence and a hint', failure => {
    expect(failureSentence(failure, trans)).not.toBe(failure.sentence);
    expect(failureHint(failure, trans)).not.toBe(failure.hint);
  });
});

it('says what the service made of this very error in the language', () => {
  const text =
    'Your kernel in Lab has %1, but it is not installed where runs take place: do without it, put what you need of it into a file that travels, or ask the organiser.';
  const hint_phrase = { text, plural: null, values: ['xgboost 3.1.0'] };
  expect(failureHint({ hint: 'English', hint_phrase }, german())).toMatch(
    /^Ihr Kernel in Lab hat xgboost 3\.1\.0, doch/
  );
});

it('leaves a command of a hint as it is', () => {
  const text =
    '"%1" is installed neither where runs take place nor in your kernel in Lab. If it is a file of yours, declare it as one that travels; otherwise do without it or ask the organiser. Where runs use this very kernel, as on a laptop, install it: %pip install %2.';
  const hint_phrase = {
    text,
    plural: null,
    values: ['sklearn', 'scikit-learn']
  };
  const said = failureHint({ hint: '', hint_phrase }, japanese());
  expect(said).toContain('「sklearn」');
  expect(said).toContain('%pip install scikit-learn');
});
