// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Api } from './api';
import type { IPage, SubmissionView } from './wire';

/** Submissions that are read with a challenge, and the most that a page holds. */
const FIRST_PAGE = 50;
export const LONGEST_PAGE = 200;

/** Read the newest of my submissions, as many as were in sight before. */
export async function newest(
  api: Api,
  challenge: string,
  known: number
): Promise<IPage<SubmissionView>> {
  const items: SubmissionView[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(
      Math.max(known - items.length, FIRST_PAGE),
      LONGEST_PAGE
    );
    const page: IPage<SubmissionView> = await api.submissions(challenge, {
      cursor,
      limit
    });
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor && items.length < known);
  return { items, next: cursor };
}
