// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Put news into what is known already; pure, so that nothing moves that did not change. */
import type { Change, ChallengeSummary, SubmissionView } from './wire';

/** Challenges by their state, each group in the order of the service. */
export interface IGroups {
  open: ChallengeSummary[];
  soon: ChallengeSummary[];
  ended: ChallengeSummary[];
}

/** Group the challenges that match a filter. */
export function groupChallenges(
  challenges: ReadonlyArray<ChallengeSummary>,
  filter: string
): IGroups {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const groups: IGroups = { open: [], soon: [], ended: [] };
  for (const challenge of challenges) {
    const text = [challenge.title, challenge.id, ...challenge.tags]
      .join(' ')
      .toLowerCase();
    if (words.every(word => text.includes(word))) {
      groups[challenge.state].push(challenge);
    }
  }
  return groups;
}

/**
 * Put one submission into a list that is newest first.
 *
 * #### Notes
 * A list that already says the same is returned as it is. An answer that is older than what is
 * known (a terminal state never changes back) is left out.
 */
export function mergeSubmission(
  list: ReadonlyArray<SubmissionView>,
  submission: SubmissionView
): ReadonlyArray<SubmissionView> {
  const at = list.findIndex(known => known.id === submission.id);
  if (at >= 0) {
    if (isOlder(submission, list[at])) {
      return list;
    }
    return list.map((known, index) => (index === at ? submission : known));
  }
  const before = list.findIndex(
    known => Date.parse(known.created_at) <= Date.parse(submission.created_at)
  );
  const place = before < 0 ? list.length : before;
  return [...list.slice(0, place), submission, ...list.slice(place)];
}

const ORDER = { queued: 0, running: 1, scored: 2, failed: 2, cancelled: 2 };

/** Whether an answer tells of an earlier state than the one that is known. */
export function isOlder(
  answer: SubmissionView,
  known: SubmissionView
): boolean {
  if (answer.attempt !== known.attempt) {
    return false;
  }
  // A run that had to make way is queued again; an end stays an end.
  const again = (answer.interruptions ?? 0) - (known.interruptions ?? 0);
  if (again !== 0 && ORDER[answer.state] < 2 && ORDER[known.state] < 2) {
    return again < 0;
  }
  return (
    ORDER[answer.state] < ORDER[known.state] ||
    (answer.state === 'running' &&
      known.state === 'running' &&
      stepsBegun(answer) < stepsBegun(known))
  );
}

function stepsBegun(submission: SubmissionView): number {
  return submission.steps.reduce(
    (sum, step) => sum + (step.started_at ? 1 : 0) + (step.ended_at ? 1 : 0),
    0
  );
}

/** What has to be read again after changes, each object once. */
export interface IToRead {
  submissions: Set<string>;
  challenges: Set<string>;
  boards: Set<string>;
}

/** Sum up a piece of the change feed. */
export function toRead(changes: ReadonlyArray<Change>): IToRead {
  const read: IToRead = {
    submissions: new Set(),
    challenges: new Set(),
    boards: new Set()
  };
  for (const change of changes) {
    if (change.kind === 'submission') {
      read.submissions.add(change.object);
      read.challenges.add(change.challenge);
    } else if (change.kind === 'board') {
      read.boards.add(change.challenge);
      read.challenges.add(change.challenge);
    } else {
      read.challenges.add(change.challenge);
    }
  }
  return read;
}
