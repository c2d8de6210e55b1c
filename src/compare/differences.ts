// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** What differs between two submissions, as rows to be drawn. */
import type { ScoreView, SubmissionView } from '../wire';
import { scoreChange } from '../words';

/** One metric on one board. */
export interface IScoreRow {
  key: string;
  label: string;
  board: 'public' | 'private';
  first: string;
  second: string;
  change: string;
  /** Whether the second is better; null where they are equal or one is missing. */
  isBetter: boolean | null;
}

/** Something that has a value in the first, in the second, or in both. */
export interface IValueRow {
  key: string;
  first: string | null;
  second: string | null;
}

/** All scores of two submissions beside each other. */
export function scoreRows(
  first: SubmissionView,
  second: SubmissionView
): IScoreRow[] {
  const keyOf = (score: ScoreView) => `${score.board}/${score.metric}`;
  const ours = new Map(first.scores.map(one => [keyOf(one), one]));
  const theirs = new Map(second.scores.map(one => [keyOf(one), one]));
  return [...new Map([...ours, ...theirs])].map(([key, { label, board }]) => {
    const a = ours.get(key);
    const b = theirs.get(key);
    const change = a && b ? scoreChange(b, a.value) : '';
    return {
      key,
      label,
      board,
      first: a?.display ?? '–',
      second: b?.display ?? '–',
      change,
      isBetter:
        !a || !b || a.display === b.display
          ? null
          : b.value > a.value === (b.direction === 'maximize')
    };
  });
}

/** Parameters of two submissions, changed ones first. */
export function parameterRows(
  first: SubmissionView,
  second: SubmissionView
): IValueRow[] {
  return valueRows(shown(first.parameters), shown(second.parameters));
}

/** Packages that one of two submissions has and the other has not, or not in this version. */
export function packageRows(
  first: SubmissionView,
  second: SubmissionView
): IValueRow[] {
  return valueRows(packages(first), packages(second)).filter(
    row => row.first !== row.second
  );
}

/** How many packages were captured with a submission; null where none were. */
export function packageCount(view: SubmissionView): number | null {
  const count = Object.keys(packages(view)).length;
  return count || null;
}

function packages(view: SubmissionView): Record<string, string> {
  const found = view.environment['packages'];
  return found && typeof found === 'object'
    ? shown(found as Record<string, unknown>)
    : {};
}

function shown(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value)
    ])
  );
}

function valueRows(
  first: Record<string, string>,
  second: Record<string, string>
): IValueRow[] {
  const rows = [...new Set([...Object.keys(first), ...Object.keys(second)])]
    .sort((a, b) => a.localeCompare(b))
    .map(key => ({
      key,
      first: first[key] ?? null,
      second: second[key] ?? null
    }));
  return [
    ...rows.filter(row => row.first !== row.second),
    ...rows.filter(row => row.first === row.second)
  ];
}
