// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ChallengeSummary, SubmissionView } from '../wire';

/** A submission as the service tells it, with some things different. */
export function submission(
  changes: Partial<SubmissionView> = {}
): SubmissionView {
  return {
    id: 's1',
    number: 1,
    is_try: false,
    challenge: 'iris',
    challenge_title: 'Iris',
    version: 'v',
    phase: 'main',
    phase_title: 'Main',
    team: { id: 't', name: 'ana' },
    user: 'ana',
    kind: 'notebook',
    name: 'model.ipynb',
    digest: 'd',
    state: 'queued',
    created_at: '2026-01-01T10:00:00Z',
    attempt: 1,
    steps: [],
    scores: [],
    files: [],
    parameters: {},
    environment: {},
    mine: true,
    ...changes
  } as SubmissionView;
}

/** A challenge in a list, with some things different. */
export function challenge(
  changes: Partial<ChallengeSummary> = {}
): ChallengeSummary {
  return {
    id: 'iris',
    title: 'Iris',
    summary: '',
    tags: [],
    state: 'open',
    phase: { id: 'main', title: 'Main', state: 'open', zone: 'UTC' },
    entered: true,
    teams: 1,
    ...changes
  } as ChallengeSummary;
}
