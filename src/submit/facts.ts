// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { ChallengeSummary, ChallengeView } from '../wire';
import type { IDraft, IFacts, ISubject } from './draft';
import { SubmitApi } from './submitapi';

/**
 * Ask the servers what there is to say before something is handed in.
 *
 * #### Notes
 * With `known` the challenge and its profiles are not asked for again.
 */
export async function loadFacts(
  model: IChallengeModel,
  subject: ISubject,
  draft: IDraft,
  known: IFacts | null
): Promise<IFacts> {
  const { challenge, files } = draft;
  const inspection = await model.api.inspect(subject.path, files, challenge);
  if (!challenge) {
    return { inspection, view: null, profiles: [] };
  }
  if (known?.view?.id === challenge) {
    return { inspection, view: known.view, profiles: known.profiles };
  }
  const [view, profiles] = await Promise.all([
    model.loadChallenge(challenge),
    new SubmitApi(model.api)
      .profiles(challenge, inspection.kernel)
      .catch(ignoreRefused)
  ]);
  return { inspection, view, profiles };
}

/** The challenge that a file without one goes to: the one in sight, or the only one entered. */
export function likelyChallenge(model: IChallengeModel): string | null {
  const open = openChallenges(model);
  if (open.some(one => one.id === model.current)) {
    return model.current;
  }
  const entered = open.filter(one => one.entered);
  return entered.length === 1 ? entered[0].id : null;
}

/** The challenges that take something now. */
export function openChallenges(
  model: IChallengeModel
): ReadonlyArray<ChallengeSummary> {
  return model.challenges.filter(one => one.state === 'open');
}

/** Whether an error says that there is no such challenge. */
export function isGone(error: unknown): boolean {
  return error instanceof RequestError && error.status === 404;
}

/** Enter a challenge whose terms were read. */
export async function enter(
  model: IChallengeModel,
  view: ChallengeView
): Promise<void> {
  await model.api.enter(view.id, view.terms_digest ?? null);
  await model.refresh();
}

/** Without profiles there is less to say, and nothing that prevents. */
function ignoreRefused(error: unknown): never[] {
  if (error instanceof RequestError && error.kind !== 'offline') {
    return [];
  }
  throw error;
}
