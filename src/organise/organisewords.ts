// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The words for what organisers read, said the same everywhere. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Effect, FileChange, VersionView } from './organiserapi';
import type { SubmissionView } from '../wire';

/** What a version changed, in a word. */
export function changeWord(
  part: VersionView['changed'][number],
  trans: TranslationBundle
): string {
  switch (part) {
    case 'first':
      return trans.__('first version');
    case 'phases':
      return trans.__('phases');
    case 'dates':
      return trans.__('dates');
    case 'quotas':
      return trans.__('quotas');
    case 'metrics':
      return trans.__('metrics');
    case 'labels':
      return trans.__('labels');
    case 'evaluator':
      return trans.__('evaluator');
    case 'data':
      return trans.__('data');
    case 'starter':
      return trans.__('starter');
    case 'terms':
      return trans.__('terms');
    case 'texts':
      return trans.__('texts');
    case 'limits':
      return trans.__('limits');
    case 'access':
      return trans.__('access');
    case 'other':
      return trans.__('other');
  }
}

/** How much an effect weighs. */
export function weightWord(
  weight: Effect['weight'],
  trans: TranslationBundle
): string {
  switch (weight) {
    case 'grave':
      return trans.__('Look twice');
    case 'notice':
      return trans.__('Notice');
    case 'calm':
      return trans.__('Harmless');
  }
}

/** What became of a file. */
export function fileWord(
  change: FileChange['change'],
  trans: TranslationBundle
): string {
  switch (change) {
    case 'added':
      return trans.__('new');
    case 'removed':
      return trans.__('gone');
    case 'changed':
      return trans.__('changed');
  }
}

/** Why the lines of a file are not shown; empty where they are. */
export function hiddenWord(
  why: FileChange['why'],
  trans: TranslationBundle
): string {
  switch (why) {
    case 'labels':
      return trans.__('Labels are never shown.');
    case 'binary':
      return trans.__('This is no text.');
    case 'large':
      return trans.__('Too large to show line by line.');
    default:
      return '';
  }
}

/** The ranked score on the private board, where there is one. */
export function privateScore(one: SubmissionView): string {
  const found = one.scores.find(
    score => score.board === 'private' && score.ranked
  );
  return found?.display ?? '';
}
