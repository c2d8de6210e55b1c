// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The words for states, sizes and places, said the same everywhere. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { failureWord } from './run/failures';
import type { RequestError } from './request';
import { ago, farDate, parseTime, span } from './time';
import type {
  FailureView,
  PhaseView,
  QuotaView,
  ScoreView,
  StepName,
  StepState,
  SubmissionState,
  SubmissionView
} from './wire';

/** States after which nothing more happens. */
const TERMINAL: ReadonlySet<SubmissionState> = new Set([
  'scored',
  'failed',
  'cancelled'
]);

/** Whether nothing more happens to a submission. */
export function isOver(submission: SubmissionView): boolean {
  return TERMINAL.has(submission.state);
}

/** The word for a submission's state. */
export function stateWord(
  state: SubmissionState,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'scored':
      return trans.__('scored');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

/** The word for a step's state. */
export function stepWord(state: StepState, trans: TranslationBundle): string {
  switch (state) {
    case 'pending':
      return trans.__('waiting');
    case 'running':
      return trans.__('running');
    case 'succeeded':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('skipped');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

/** What a step is called. */
export function stepName(name: StepName, trans: TranslationBundle): string {
  switch (name) {
    case 'prepare':
      return trans.__('prepare');
    case 'run':
      return trans.__('run');
    case 'evaluate':
      return trans.__('evaluate');
  }
}

/** What a submission is called: `#14`, or `Try 3`. */
export function submissionName(
  submission: SubmissionView,
  trans: TranslationBundle
): string {
  return submission.is_try
    ? trans._p('name', 'Try %1', submission.number)
    : trans.__('#%1', submission.number);
}

/** What went wrong, as short as a row can hold. */
export function failureLine(
  failure: FailureView,
  trans: TranslationBundle
): string {
  const word = failureWord(failure.failure_class, trans);
  const what = failure.detail.split('\n', 1)[0] || word;
  return failure.cell ? trans.__('cell %1: %2', failure.cell, what) : word;
}

/** Where a step is, as it says itself: the cell of how many, and how far a bar in it is. */
export function stepDetail(detail: string, trans: TranslationBundle): string {
  const [, cell, cells, percent] =
    /^cell (\d+)\/(\d+)(?: · (\d+) %)?$/.exec(detail) ?? [];
  if (!cell) {
    return detail;
  }
  return percent
    ? trans.__('cell %1/%2 · %3 %', cell, cells, percent)
    : trans.__('cell %1/%2', cell, cells);
}

/** Below this a wait is over before anybody has read how long it is, in seconds. */
const NO_WAIT = 5;

/** A guess at a wait of seconds, told as roughly as it is known. */
export function waitText(seconds: number, trans: TranslationBundle): string {
  return seconds < 120
    ? trans.__('%1 s', Math.round(seconds))
    : span(Math.round(seconds / 60) * 60_000, trans);
}

/**
 * The place of a queued submission, and about when it begins where somebody can say.
 *
 * @param submission - The submission.
 * @param trans - The language.
 * @param wait - Seconds that it still waits.
 */
export function placeText(
  submission: SubmissionView,
  trans: TranslationBundle,
  wait = submission.wait_seconds ?? 0
): string {
  const place = submission.position;
  if (!place) {
    return stateWord('queued', trans);
  }
  if (wait < NO_WAIT) {
    return submission.interruptions
      ? trans.__('had to make way, %1 in line', place)
      : trans.__('queued, %1 in line', place);
  }
  const about = waitText(wait, trans);
  return submission.interruptions
    ? trans.__('had to make way, %1 in line, about %2', place, about)
    : trans.__('%1 in line, about %2', place, about);
}

/** What a row says besides its state: where it is, the score, or what went wrong. */
export function rowText(
  submission: SubmissionView,
  trans: TranslationBundle
): string {
  switch (submission.state) {
    case 'queued':
      return placeText(submission, trans);
    case 'running': {
      const step = submission.steps.find(one => one.state === 'running');
      if (!step) {
        return stateWord('running', trans);
      }
      const name = stepName(step.name, trans);
      return step.detail
        ? trans.__('%1: %2', name, stepDetail(step.detail, trans))
        : name;
    }
    case 'scored': {
      const display = submission.score?.display ?? stateWord('scored', trans);
      return submission.is_best && !submission.is_try
        ? trans.__('%1 · best', display)
        : display;
    }
    case 'failed':
      return submission.failure
        ? failureLine(submission.failure, trans)
        : stateWord('failed', trans);
    case 'cancelled':
      return stateWord('cancelled', trans);
  }
}

/** A rank, as a range where teams are tied. */
export function rankText(standing: {
  rank: number;
  rank_to?: number | null;
}): string {
  return (standing.rank_to ?? 0) > standing.rank
    ? `${standing.rank}–${standing.rank_to}`
    : `${standing.rank}`;
}

/** When a phase begins or ends, seen from `now`. */
export function phaseTime(
  phase: PhaseView,
  now: number,
  trans: TranslationBundle
): string {
  if (phase.state === 'soon') {
    const starts = farDate(phase.starts_at, now);
    if (starts) {
      return trans.__('starts %1', starts);
    }
    return trans.__(
      'starts in %1',
      span(parseTime(phase.starts_at) - now, trans)
    );
  }
  if (phase.state === 'ended') {
    return trans.__('ended %1', ago(phase.ends_at, now, trans));
  }
  const ends = farDate(phase.ends_at, now);
  if (ends) {
    return trans.__('ends %1', ends);
  }
  return phase.ends_at
    ? trans.__('ends in %1', span(parseTime(phase.ends_at) - now, trans))
    : trans.__('no end date');
}

/** How many submissions are left; empty where there is no limit. */
export function quotaText(
  quota: QuotaView | null | undefined,
  trans: TranslationBundle
): string {
  if (!quota) {
    return '';
  }
  const { left_today, per_day, left_total, total } = quota;
  const isToday = typeof left_today === 'number' && typeof per_day === 'number';
  const isTotal = typeof left_total === 'number' && typeof total === 'number';
  if (isTotal && (!isToday || left_total < left_today)) {
    return trans.__('%1 of %2 submissions left', left_total, total);
  }
  return isToday
    ? trans.__('%1 of %2 submissions left today', left_today, per_day)
    : trans.__('No limit on submissions');
}

/** How many submissions are left, as short as a list can hold. */
export function quotaShort(
  quota: QuotaView | null | undefined,
  trans: TranslationBundle
): string {
  const { left_today, per_day, left_total, total } = quota ?? {};
  const isToday = typeof left_today === 'number' && typeof per_day === 'number';
  const isTotal = typeof left_total === 'number' && typeof total === 'number';
  if (isTotal && (!isToday || left_total < left_today)) {
    return trans.__('%1 of %2 left', left_total, total);
  }
  return isToday ? trans.__('%1 of %2 left today', left_today, per_day) : '';
}

/** A number of bytes. */
export function bytes(size: number, trans: TranslationBundle): string {
  if (size < 1000) {
    return trans.__('%1 B', size);
  }
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = size / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/**
 * How a score differs from the best before it, in the metric's own decimals.
 *
 * #### Notes
 * The sign is that of the number; whether it is better is the score's `improved`.
 */
export function scoreChange(
  score: ScoreView,
  before: number | null | undefined
): string {
  if (typeof before !== 'number') {
    return '';
  }
  const digits = score.display.split('.')[1]?.length ?? 0;
  const change = (score.value - before).toFixed(digits);
  return Number(change) === 0
    ? '±0'
    : Number(change) > 0
      ? `+${change}`
      : change.replace('-', '−');
}

/** What failed and what to do, for a request that failed. */
export function errorText(
  error: RequestError,
  trans: TranslationBundle
): { message: string; hint: string } {
  if (error.message) {
    return { message: error.message, hint: error.hint };
  }
  switch (error.kind) {
    case 'offline':
      return {
        message: trans.__('The Jupyter server does not answer.'),
        hint: trans.__('Nothing that you submitted is lost. Trying again…')
      };
    case 'missing':
      return {
        message: trans.__('This Jupyter server does not have challenges.'),
        hint: trans.__(
          'Install jupyter_challenge where the server runs, then start the server again.'
        )
      };
    case 'refused':
      return {
        message: trans.__('The Jupyter server answered %1.', error.status),
        hint: trans.__('The reason is in its log.')
      };
  }
}
