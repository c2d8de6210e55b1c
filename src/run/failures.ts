// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

import { said } from '../phrases';
import type { FailureView } from '../wire';

/** What happened, in one sentence. */
export function failureSentence(
  failure: Pick<FailureView, 'sentence'>,
  trans: TranslationBundle
): string {
  // The service has one for each class, so the catalogues know it by its English text.
  return trans.__(failure.sentence);
}

/** What to do next: what its class says, or what the service made of this very error. */
export function failureHint(
  failure: Pick<FailureView, 'hint' | 'hint_phrase'>,
  trans: TranslationBundle
): string {
  return failure.hint_phrase
    ? said(failure.hint_phrase, trans)
    : trans.__(failure.hint);
}

/** What a class of failure is called, in the two or three words that a row can hold. */
export function failureWord(
  kind: FailureView['failure_class'],
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'cell_error':
      return trans.__('error in a cell');
    case 'no_kernel':
      return trans.__('no such kernel');
    case 'kernel_died':
      return trans.__('kernel died');
    case 'container_failed':
      return trans.__('container failed');
    case 'out_of_memory':
      return trans.__('out of memory');
    case 'time_limit':
      return trans.__('time limit');
    case 'disk_full':
      return trans.__('disk full');
    case 'process_limit':
      return trans.__('too many processes');
    case 'output_limit':
      return trans.__('too much output');
    case 'network_disabled':
      return trans.__('no network');
    case 'no_predictions':
      return trans.__('no predictions');
    case 'unsafe_output':
      return trans.__('unsafe output');
    case 'bad_format':
      return trans.__('wrong format');
    case 'wrong_ids':
      return trans.__('wrong ids');
    case 'too_large':
      return trans.__('too large');
    case 'invalid_score':
      return trans.__('score not finite');
    case 'evaluator_error':
      return trans.__('evaluation failed');
    case 'data_missing':
      return trans.__('data missing');
    case 'image_unavailable':
      return trans.__('image unavailable');
    case 'no_capacity':
      return trans.__('no capacity');
    case 'preempted':
      return trans.__('preempted');
    case 'output_lost':
      return trans.__('output lost');
    case 'platform_error':
      return trans.__('platform fault');
  }
}
