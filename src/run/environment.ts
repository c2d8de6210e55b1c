// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';

/** The profile of a service that declared none; its name depends on where that is. */
const UNNAMED = 'local';

/** What a submission was captured to run in: kernel, language and version. */
export function kernelText(view: SubmissionView): string {
  const { display_name, kernel, language, version } = view.environment;
  const name = [display_name, kernel].find(isText) ?? '';
  const isNamed =
    isText(language) && name.toLowerCase().includes(language.toLowerCase());
  const made = [isNamed ? '' : language, version].filter(isText).join(' ');
  return [name, made].filter(Boolean).join(' · ');
}

/** The kind of machine that it runs on, as the dialog calls it. */
export function machineName(
  view: SubmissionView,
  model: IChallengeModel,
  trans: TranslationBundle
): string {
  const profile = view.profile ?? view.engine;
  if (profile !== UNNAMED) {
    return profile || '–';
  }
  switch (model.me?.place) {
    case 'embedded':
      return trans.__('This machine');
    case 'cluster':
      return trans.__('The cluster');
    default:
      return trans.__("The service's machine");
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
