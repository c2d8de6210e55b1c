// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { UUID } from '@lumino/coreutils';

import type { SubmissionView } from '../wire';
import type { IDraft, IFacts, ISubject } from './draft';

/** What the ids begin with of submissions that the service has not answered yet. */
const PREFIX = 'expected:';

/** Whether a submission is one that the service has not answered yet. */
export function isExpected(submission: { id: string }): boolean {
  return submission.id.startsWith(PREFIX);
}

/** A submission as it will be, to be shown until the service answers. */
export function expectedSubmission(
  subject: ISubject,
  draft: IDraft,
  facts: IFacts,
  isTry: boolean,
  known: ReadonlyArray<SubmissionView>
): SubmissionView {
  const { view, inspection } = facts;
  const numbers = known
    .filter(one => one.is_try === isTry)
    .map(one => one.number);
  return {
    id: `${PREFIX}${UUID.uuid4()}`,
    number: Math.max(0, ...numbers) + 1,
    is_try: isTry,
    challenge: draft.challenge ?? '',
    challenge_title: view?.title ?? '',
    version: view?.version ?? '',
    phase: view?.phase.id ?? '',
    phase_title: view?.phase.title ?? '',
    team: view?.team ?? { id: '', name: '' },
    user: '',
    kind: subject.kind,
    name: subject.name,
    digest: '',
    files: inspection.files.map(({ path, size }) => ({
      path,
      size: size ?? 0,
      sha256: ''
    })),
    parameters: {},
    environment: {},
    note: draft.note,
    state: 'queued',
    created_at: new Date().toISOString(),
    engine: '',
    attempt: 0,
    interruptions: 0,
    steps: [],
    scores: [],
    is_best: false,
    selected: false,
    feedback: 'full',
    mine: true,
    has_notebook: false,
    has_logs: false
  };
}
