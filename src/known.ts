// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { isOlder, mergeSubmission } from './merge';
import type {
  ChallengeSummary,
  ChallengeView,
  IPage,
  Me,
  SubmissionView
} from './wire';
import { isOver } from './words';

/** Challenges and submissions as the service last told them; it asks nobody and tells nobody. */
export class Known {
  /** Who is signed in. */
  me: Me | null = null;

  /** Every challenge that the user may see. */
  challenges: ReadonlyArray<ChallengeSummary> = [];

  /** The challenges of which everything was read. */
  get views(): ReadonlyArray<string> {
    return [...this._views.keys()];
  }

  /** The submissions and tries that are not over. */
  get open(): ReadonlyArray<SubmissionView> {
    return [...this._submissions.values()].filter(one => !isOver(one));
  }

  /** My submissions and tries that are not over, newest first. */
  get active(): ReadonlyArray<SubmissionView> {
    return this.open
      .filter(one => one.mine)
      .sort((a, b) => b.created_at.localeCompare(a.created_at));
  }

  /** A challenge. */
  challenge(id: string): ChallengeView | undefined {
    return this._views.get(id);
  }

  /** A submission. */
  submission(id: string): SubmissionView | undefined {
    return this._submissions.get(id);
  }

  /** My submissions and tries, newest first, with those that are expected. */
  submissions(challenge: string): ReadonlyArray<SubmissionView> | undefined {
    const list = this._lists.get(challenge);
    const expected = [...this._expected.values()]
      .filter(one => one.submission.challenge === challenge)
      // What came in meanwhile under its name is most likely this one.
      .filter(
        one =>
          !list?.some(
            other =>
              other.name === one.submission.name && !one.known.has(other.id)
          )
      )
      .map(one => one.submission);
    return expected.length ? [...expected, ...(list ?? [])] : list;
  }

  /** How many of my submissions were read. */
  count(challenge: string): number {
    return this._lists.get(challenge)?.length ?? 0;
  }

  /** Where the submissions begin that were not read yet; null at the end. */
  older(challenge: string): string | null {
    return this._older.get(challenge) ?? null;
  }

  /** Hold a challenge and the newest of my submissions, in place of what was known. */
  hold(view: ChallengeView, newest: IPage<SubmissionView>): void {
    this._views.set(view.id, view);
    const list = (this._lists.get(view.id) ?? []).filter(
      // What was accepted while the answer was under way is newer than the answer.
      one => !isOver(one)
    );
    this._add(view.id, list, newest);
  }

  /** Hold the next page of my submissions, below what was known. */
  extend(challenge: string, page: IPage<SubmissionView>): void {
    this._add(challenge, this._lists.get(challenge) ?? [], page);
  }

  /** Take over what became of a submission, and say whether it is news. */
  accept(submission: SubmissionView): boolean {
    const known = this._submissions.get(submission.id);
    if (known && isOlder(submission, known)) {
      return false;
    }
    this._submissions.set(submission.id, submission);
    if (submission.mine) {
      const list = this._lists.get(submission.challenge) ?? [];
      this._lists.set(submission.challenge, mergeSubmission(list, submission));
    }
    return true;
  }

  /** Show a submission that the service has not answered yet. */
  expect(submission: SubmissionView): void {
    const list = this._lists.get(submission.challenge) ?? [];
    const known = new Set(list.map(one => one.id));
    this._expected.set(submission.id, { submission, known });
  }

  /** Show a submission no more that the service did not answer, or answered. */
  forget(expected: SubmissionView): void {
    this._expected.delete(expected.id);
  }

  private _add(
    challenge: string,
    list: ReadonlyArray<SubmissionView>,
    page: IPage<SubmissionView>
  ): void {
    for (const one of page.items) {
      list = mergeSubmission(list, one);
    }
    for (const one of list) {
      this._submissions.set(one.id, one);
    }
    this._lists.set(challenge, list);
    this._older.set(challenge, page.next ?? null);
  }

  private _expected = new Map<
    string,
    { submission: SubmissionView; known: ReadonlySet<string> }
  >();
  private _lists = new Map<string, ReadonlyArray<SubmissionView>>();
  private _older = new Map<string, string | null>();
  private _submissions = new Map<string, SubmissionView>();
  private _views = new Map<string, ChallengeView>();
}
