// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { nullTranslator } from '@jupyterlab/translation';

import type { IDraft, IStanding, ISubject } from '../submit/draft';
import { SETTLED } from '../submit/draft';
import type { ISituation } from '../submit/obstacles';
import { obstacles } from '../submit/obstacles';
import type { ChallengeView, IInspection, ProfileView } from '../wire';
import { challenge } from './wireparts';

const trans = nullTranslator.load('jupyter_challenge');
const inspection = {
  kernel: 'python3',
  problems: [],
  parameters: { n: 1 },
  files: [],
  declared: []
} as unknown as IInspection;
const subject = { kind: 'notebook', name: 'm.ipynb' } as ISubject;
const draft = { profile: null, parameters: {} } as unknown as IDraft;
const view = (changes: object = {}) =>
  ({
    ...challenge(),
    has_sample: true,
    kinds: ['notebook', 'predictions'],
    output: { file: 'predictions.csv' },
    ...changes
  }) as ChallengeView;
const ended = { ...challenge().phase, state: 'ended' };
const blocked = (code: string) => ({
  quota: { blocked: { code, message: 'Not now.', hint: 'Later.' } }
});
const profiles = [
  { id: 'local', default: true, environments: { python3: {}, ir: {} } }
] as unknown as ProfileView[];

function found(
  changes: Partial<ISituation> = {},
  isTry = false
): ReturnType<typeof obstacles> {
  return obstacles(
    {
      inspection,
      view: view(),
      profiles,
      subject,
      draft,
      standing: SETTLED,
      ...changes
    },
    isTry,
    trans
  );
}

it.each([
  ['nothing', view(), false, []],
  [
    'not entered',
    view({ entered: false }),
    false,
    ['You have not entered this challenge.']
  ],
  ['ended', view({ phase: ended }), false, ['The phase has ended.']],
  ['a try after the end', view({ phase: ended }), true, []],
  ['no quota', view(blocked('quota_exceeded')), false, ['Not now.']],
  ['a try without quota', view(blocked('quota_exceeded')), true, []],
  [
    'a try of a closed challenge',
    view(blocked('conflict')),
    true,
    ['Not now.']
  ],
  [
    'a try without a sample',
    view({ has_sample: false }),
    true,
    ['This challenge has no public sample to try on.']
  ],
  [
    'only predictions',
    view({ kinds: ['predictions'] }),
    false,
    ['This challenge takes predictions files, not notebooks.']
  ],
  ['no challenge', null, false, ['Choose the challenge that it is for.']]
])('obstacles: %s', (_, challengeView, isTry, expected) => {
  const messages = found({ view: challengeView }, isTry).map(
    one => one.message
  );
  expect(messages).toEqual(expected);
});

it.each([
  ['unsaved', { isUnsaved: true }, 'save'],
  ['unsaved and read-only', { isUnsaved: true, isReadOnly: true }, 'save-as'],
  ['newer on disk', { isNewerOnDisk: true }, 'reload'],
  ['read-only alone', { isReadOnly: true }, undefined],
  ['elsewhere', { isElsewhere: true }, undefined]
])('the way out of a document that is %s', (name, changes, wayOut) => {
  const standing: IStanding = { ...SETTLED, ...changes };
  const [first] = found({ standing });
  expect(first?.wayOut?.kind).toBe(wayOut);
  expect(first === undefined).toBe(name === 'read-only alone');
});

it('names every problem of the notebook, each with its way out', () => {
  const problems = [
    { code: 'no_code', message: 'No code.', hint: '', path: null },
    { code: 'no_kernel', message: 'No kernel.', hint: '', path: null },
    { code: 'file', message: 'No b.py.', hint: '', path: 'b.py' },
    { code: 'limit', message: 'Too much.', hint: '', path: null }
  ] as IInspection['problems'];
  const all = found({ inspection: { ...inspection, problems } });
  expect(all.map(one => [one.wayOut?.kind, one.wayOut?.about])).toEqual([
    [undefined, undefined],
    ['kernel', undefined],
    ['leave-out', 'b.py'],
    ['files', undefined]
  ]);
});

it('names the kernels that there are where one is not', () => {
  const [one] = found({ inspection: { ...inspection, kernel: 'julia' } });
  expect(one.message).toContain('julia');
  expect(one.hint).toContain('python3, ir');
  expect(one.wayOut?.kind).toBe('kernel');
});

it('says which parameter is not right', () => {
  const [one] = found({ draft: { ...draft, parameters: { n: 'many' } } });
  expect(one.message).toContain('n');
  expect(one.wayOut).toMatchObject({ kind: 'parameter', about: 'n' });
});

it('leads into a challenge whose terms have changed', () => {
  const changed = view({ ...blocked('not_entered'), terms: 'Play fair.' });
  const [one] = found({ view: changed });
  expect(one.wayOut?.kind).toBe('enter');
});
