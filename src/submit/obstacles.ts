// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

import { parseTime, span } from '../time';
import type { ChallengeView, QuotaView } from '../wire';
import type { IDraft, IFacts, IStanding, ISubject } from './draft';
import { profileOf } from './draft';
import { readParameters } from './parameters';

/** What a way out does. */
export type WayOutKind =
  | 'enter'
  | 'save'
  | 'save-as'
  | 'reload'
  | 'kernel'
  | 'leave-out'
  | 'files'
  | 'parameter';

/** What can be done about an obstacle. */
export interface IWayOut {
  kind: WayOutKind;
  label: string;
  /** The file or parameter that it is about. */
  about?: string;
}

/** Something that stands in the way of a submission, with the way out. */
export interface IObstacle {
  message: string;
  hint: string;
  wayOut?: IWayOut;
}

/** Everything that decides whether something may be handed in. */
export interface ISituation extends IFacts {
  subject: ISubject;
  draft: IDraft;
  standing: IStanding;
}

/** What keeps tries out too: a closed challenge, and one that is not run here. */
const ALSO_TRIES: ReadonlySet<string> = new Set([
  'conflict',
  'ranked_needs_isolation'
]);

/** Everything that prevents a submission, or a try, now. */
export function obstacles(
  situation: ISituation,
  isTry: boolean,
  trans: TranslationBundle
): IObstacle[] {
  const { view } = situation;
  const found = [
    ...ofDocument(situation.standing, trans),
    ...ofFiles(situation, trans)
  ];
  if (!view) {
    found.push({
      message: trans.__('Choose the challenge that it is for.'),
      hint: ''
    });
    return found;
  }
  return [
    ...found,
    ...ofKind(situation.subject, view, trans),
    ...ofKernel(situation, trans),
    ...ofParameters(situation, trans),
    ...ofChallenge(view, isTry, trans)
  ];
}

function ofDocument(
  standing: IStanding,
  trans: TranslationBundle
): IObstacle[] {
  if (standing.isElsewhere) {
    return [
      {
        message: trans.__('This file is not on the Jupyter server’s disk.'),
        hint: trans.__('Copy it into a folder of the server first.')
      }
    ];
  }
  if (standing.isUnsaved) {
    return [
      standing.isReadOnly
        ? {
            message: trans.__(
              'The file is read-only, and what you changed is not in it.'
            ),
            hint: '',
            wayOut: { kind: 'save-as', label: trans.__('Save notebook as…') }
          }
        : {
            message: trans.__('The notebook has changes that are not saved.'),
            hint: '',
            wayOut: { kind: 'save', label: trans.__('Save notebook') }
          }
    ];
  }
  if (standing.isNewerOnDisk) {
    return [
      {
        message: trans.__(
          'The file was changed on disk since it was opened here.'
        ),
        hint: trans.__('What is on disk would travel, not what you see.'),
        wayOut: { kind: 'reload', label: trans.__('Load it from disk') }
      }
    ];
  }
  return [];
}

function ofFiles(situation: ISituation, trans: TranslationBundle): IObstacle[] {
  return situation.inspection.problems.map(({ code, message, hint, path }) => {
    switch (code) {
      case 'file':
        return {
          message,
          hint,
          wayOut: {
            kind: 'leave-out',
            label: trans.__('Leave it out'),
            about: path ?? ''
          }
        };
      case 'limit':
        return {
          message,
          hint,
          wayOut: { kind: 'files', label: trans.__('Choose files') }
        };
      case 'no_kernel':
        return {
          message,
          hint: '',
          wayOut: { kind: 'kernel', label: trans.__('Choose a kernel') }
        };
      default:
        return { message, hint };
    }
  });
}

function ofKind(
  subject: ISubject,
  view: ChallengeView,
  trans: TranslationBundle
): IObstacle[] {
  if (view.kinds.includes(subject.kind)) {
    return [];
  }
  return [
    subject.kind === 'notebook'
      ? {
          message: trans.__(
            'This challenge takes predictions files, not notebooks.'
          ),
          hint: trans.__(
            'Run the notebook, then submit %1 from the file browser.',
            view.output.file
          )
        }
      : {
          message: trans.__(
            'This challenge takes notebooks, not predictions files.'
          ),
          hint: trans.__('Open the notebook that makes them and submit that.')
        }
  ];
}

function ofKernel(
  situation: ISituation,
  trans: TranslationBundle
): IObstacle[] {
  const { inspection, profiles, draft, subject } = situation;
  const profile = profileOf(profiles, draft.profile);
  const there = profile?.environments ?? {};
  const names = Object.keys(there);
  if (
    subject.kind !== 'notebook' ||
    !inspection.kernel ||
    !names.length ||
    inspection.kernel in there
  ) {
    return [];
  }
  return [
    {
      message: trans.__(
        'The kernel “%1” is not installed where the run is made.',
        inspection.kernel
      ),
      hint: trans.__('These are: %1', names.join(', ')),
      wayOut: { kind: 'kernel', label: trans.__('Choose a kernel') }
    }
  ];
}

function ofParameters(
  situation: ISituation,
  trans: TranslationBundle
): IObstacle[] {
  const { draft, inspection } = situation;
  const { errors } = readParameters(
    draft.parameters,
    inspection.parameters,
    trans
  );
  return Object.entries(errors).map(([name, error]) => ({
    message: trans.__('The parameter %1 is not right.', name),
    hint: error,
    wayOut: { kind: 'parameter', label: trans.__('Go there'), about: name }
  }));
}

function ofChallenge(
  view: ChallengeView,
  isTry: boolean,
  trans: TranslationBundle
): IObstacle[] {
  const enter: IWayOut = {
    kind: 'enter',
    label: view.terms
      ? trans.__('Read the terms and enter')
      : trans.__('Enter challenge')
  };
  if (!view.entered) {
    return view.state === 'ended'
      ? [{ message: trans.__('The challenge has ended.'), hint: '' }]
      : [
          {
            message: trans.__('You have not entered this challenge.'),
            hint: '',
            wayOut: enter
          }
        ];
  }
  const blocked = view.quota?.blocked;
  if (blocked?.code === 'not_entered') {
    return [{ message: blocked.message, hint: '', wayOut: enter }];
  }
  if (blocked && ALSO_TRIES.has(blocked.code)) {
    return [{ message: blocked.message, hint: blocked.hint }];
  }
  if (isTry) {
    return view.has_sample
      ? []
      : [
          {
            message: trans.__('This challenge has no public sample to try on.'),
            hint: trans.__('Submit the notebook instead.')
          }
        ];
  }
  const tryHint = view.has_sample ? trans.__('You can still try it.') : '';
  if (view.phase.state === 'soon') {
    return [
      {
        message: trans.__(
          'The phase starts in %1.',
          span(parseTime(view.phase.starts_at) - Date.now(), trans)
        ),
        hint: tryHint
      }
    ];
  }
  if (view.phase.state === 'ended') {
    return [{ message: trans.__('The phase has ended.'), hint: tryHint }];
  }
  return blocked ? [ofQuota(view.quota!, trans)] : [];
}

function ofQuota(quota: QuotaView, trans: TranslationBundle): IObstacle {
  const { message, hint } = quota.blocked!;
  const left = parseTime(quota.next_at) - Date.now();
  return {
    message,
    hint: quota.next_at
      ? trans.__('%1 That is in %2.', hint, span(left, trans))
      : hint
  };
}
