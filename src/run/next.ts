// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { SubmissionView } from '../wire';
import { isOver } from '../words';

/**
 * The submission that one would compare another with: my best before it, else the one before it.
 *
 * #### Notes
 * For one that failed that is the newest that was scored: what was changed since?
 */
export function toCompareWith(
  view: SubmissionView,
  mine: ReadonlyArray<SubmissionView>
): SubmissionView | null {
  if (!isOver(view) || view.is_try) {
    return null;
  }
  const before = mine.filter(
    one =>
      one.id !== view.id &&
      !one.is_try &&
      one.state === 'scored' &&
      one.phase === view.phase &&
      one.number < view.number
  );
  const newest = before.reduce<SubmissionView | null>(
    (found, one) => (found && found.number > one.number ? found : one),
    null
  );
  if (view.state !== 'scored') {
    return newest;
  }
  return (
    before.find(one => one.score && one.score.value === view.best_before) ??
    newest
  );
}

/** Whether a run has begun, also where its times are hidden. */
export function hasBegun(view: SubmissionView): boolean {
  return (
    !!view.started_at ||
    view.steps.some(
      step => step.state === 'succeeded' || step.state === 'failed'
    )
  );
}
