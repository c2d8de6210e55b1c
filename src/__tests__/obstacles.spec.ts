import { nullTranslator } from '@jupyterlab/translation';

import { obstacles } from '../submit/obstacles';
import { parameterText, parameterValue } from '../submit/parameters';
import type { ChallengeView, IInspection } from '../wire';
import { challenge } from './wireparts';

const trans = nullTranslator.load('jupyter_challenge');
const inspection = { problems: [] } as unknown as IInspection;
const view = (changes: object = {}) =>
  ({ ...challenge(), has_sample: true, ...changes }) as ChallengeView;
const closed = { ...challenge().phase, state: 'ended' };
const blocked = {
  quota: { blocked: { code: 'quota_exceeded', message: 'Used up.', hint: '' } }
};

it.each([
  ['nothing', view(), false, []],
  [
    'not entered',
    view({ entered: false }),
    false,
    ['You have not entered this challenge.']
  ],
  ['ended', view({ phase: closed }), false, ['The phase has ended.']],
  ['a try after the end', view({ phase: closed }), true, []],
  ['no quota', view(blocked), false, ['Used up.']],
  ['a try without quota', view(blocked), true, []],
  [
    'a try without a sample',
    view({ has_sample: false }),
    true,
    ['This challenge has no public sample to try on.']
  ]
])('obstacles: %s', (_, challengeView, isTry, expected) => {
  const found = obstacles({ inspection, view: challengeView }, isTry, trans);
  expect(found.map(one => one.message)).toEqual(expected);
});

it('names every problem of the notebook', () => {
  const bad = {
    ...inspection,
    problems: [
      { code: 'no_code', message: 'No code.', hint: '', path: null },
      { code: 'no_kernel', message: 'No kernel.', hint: '', path: null }
    ]
  } as IInspection;
  expect(
    obstacles({ inspection: bad, view: view() }, false, trans)
  ).toHaveLength(2);
});

it.each([
  [200, '200', 200],
  [200, 'many', 'many'],
  ['200', '200', '200'],
  ['a', 'true', 'true'],
  [false, 'true', true],
  [[1], '[1, 2]', [1, 2]]
])('parameter %j as %s', (given, text, value) => {
  expect(parameterValue(text, given)).toEqual(value);
  expect(parameterValue(parameterText(given), given)).toEqual(given);
});
