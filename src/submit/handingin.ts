// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { PathExt } from '@jupyterlab/coreutils';
import { UUID } from '@lumino/coreutils';

import type { IActors } from '../actions';
import { CommandIDs } from '../commandids';
import { RequestError } from '../request';
import { tell } from '../tell';
import type { IChallengeModel } from '../tokens';
import type { ISubmitRequest, SubmissionView } from '../wire';
import type { IDraft, IFacts, IStanding, ISubject } from './draft';
import { expectedSubmission } from './expected';
import { likelyChallenge, loadFacts } from './facts';
import { recall, remember, remembered } from './memory';
import { obstacles } from './obstacles';
import { readParameters } from './parameters';
import type { ISource } from './sources';
import type { ISubmitAnswer } from './submit';
import { askSubmit } from './submit';

/** How often a submission that got no answer is sent again, with the same key. */
const SEND_AGAIN = 2;

/**
 * Hand in a file, or try it, after asking how.
 *
 * #### Notes
 * The dialog comes back with all that was typed when it was not handed in, or when a way out led
 * out of it.
 */
export async function handIn(
  actors: IActors,
  source: ISource,
  options: { isTry: boolean; challenge?: string }
): Promise<void> {
  const { model, contents, trans } = actors;
  model.wake();
  const memory = await recall(actors.state, source.contentsPath);
  let draft: IDraft = {
    challenge:
      options.challenge ?? source.own.challenge ?? memory?.challenge ?? null,
    files: null,
    profile: memory?.profile ?? null,
    parameters: {},
    note: ''
  };
  let failure: RequestError | null = null;
  let sent: { request: ISubmitRequest; isAnswered: boolean } | null = null;
  for (let isFirst = true; ; isFirst = false) {
    const standing = await source.settle();
    const subject: ISubject = {
      path: contents.localPath(source.contentsPath),
      contentsPath: source.contentsPath,
      name: PathExt.basename(source.contentsPath),
      kind: source.kind,
      isTry: options.isTry
    };
    if (isFirst) {
      draft = await begun(actors, subject, draft, standing, memory);
    }
    const answer: ISubmitAnswer =
      (isFirst ? await unasked(actors, subject, draft, standing) : null) ??
      (await askSubmit({
        subject,
        draft,
        standing,
        failure,
        model,
        contents,
        rendermime: actors.rendermime,
        trans
      }));
    draft = answer.draft;
    const { action, facts } = answer;
    failure = null;
    if (action === 'cancel' || source.isDisposed) {
      return;
    }
    if (typeof action === 'object') {
      await source.take(action.kind);
      continue;
    }
    if (!facts?.view) {
      continue;
    }
    const isTry = action === 'try';
    const request = requestOf(subject, draft, facts, isTry, trans);
    // A key stands for one content; it is used again only where nobody knows what became of it.
    if (sent && !sent.isAnswered && isSame(sent.request, request)) {
      request.idempotency_key = sent.request.idempotency_key;
    }
    const expected = model.expect(
      expectedSubmission(
        subject,
        draft,
        facts,
        isTry,
        model.submissions(facts.view.id) ?? []
      )
    );
    model.current = facts.view.id;
    try {
      const submission = await actors.notifier.follow(
        subject.name,
        source
          .claim(request.challenge, request.files ?? [])
          .then(() => send(model, request))
      );
      await remember(
        actors.state,
        source.contentsPath,
        draft,
        facts.inspection.parameters
      );
      expected.dispose();
      if (model.settings.values.openRun) {
        await actors.commands.execute(CommandIDs.openRun, {
          submission: submission.id
        });
      }
      model.loadChallenge(facts.view.id).catch(error => tell(error, trans));
      return;
    } catch (error) {
      if (!(error instanceof RequestError)) {
        throw error;
      }
      failure = error;
      sent = { request, isAnswered: error.kind !== 'offline' };
    } finally {
      expected.dispose();
    }
  }
}

/** The draft to begin with: the last choices, where they still fit. */
async function begun(
  actors: IActors,
  subject: ISubject,
  draft: IDraft,
  standing: IStanding,
  memory: Awaited<ReturnType<typeof recall>>
): Promise<IDraft> {
  if (!Object.keys(memory?.parameters ?? {}).length || standing.isElsewhere) {
    return draft;
  }
  try {
    const { parameters } = await actors.model.api.inspect(subject.path);
    return { ...draft, parameters: remembered(memory, parameters) };
  } catch (error) {
    if (error instanceof RequestError) {
      return draft; // the dialog will say why
    }
    throw error;
  }
}

/** Hand in at once what is ready, where the user wants not to be asked. */
async function unasked(
  actors: IActors,
  subject: ISubject,
  draft: IDraft,
  standing: IStanding
): Promise<ISubmitAnswer | null> {
  const { model, trans } = actors;
  if (model.settings.values.confirmSubmit) {
    return null;
  }
  try {
    const seen = draft.challenge
      ? null
      : await model.api.inspect(subject.path, draft.files);
    const whole = {
      ...draft,
      challenge: draft.challenge ?? seen?.challenge ?? likelyChallenge(model)
    };
    const facts = await loadFacts(model, subject, whole, null);
    const against = obstacles(
      { ...facts, subject, draft: whole, standing },
      subject.isTry,
      trans
    );
    return against.length
      ? null
      : { action: subject.isTry ? 'try' : 'submit', draft: whole, facts };
  } catch (error) {
    if (error instanceof RequestError) {
      return null; // the dialog will say why
    }
    throw error;
  }
}

function requestOf(
  subject: ISubject,
  draft: IDraft,
  facts: IFacts,
  isTry: boolean,
  trans: IActors['trans']
): ISubmitRequest {
  const { inspection, view } = facts;
  const isNotebook = subject.kind === 'notebook';
  return {
    path: subject.path,
    challenge: view!.id,
    is_try: isTry,
    ...(isNotebook
      ? {
          files: draft.files ?? inspection.declared,
          parameters: readParameters(
            draft.parameters,
            inspection.parameters,
            trans
          ).values
        }
      : {}),
    ...(draft.profile &&
    facts.profiles.some(profile => profile.id === draft.profile)
      ? { profile: draft.profile }
      : {}),
    note: draft.note,
    idempotency_key: UUID.uuid4()
  };
}

function isSame(first: ISubmitRequest, second: ISubmitRequest): boolean {
  const key = second.idempotency_key;
  return (
    JSON.stringify({ ...first, idempotency_key: key }) ===
    JSON.stringify(second)
  );
}

/** Send a submission; one that got no answer is sent again and counts once. */
async function send(
  model: IChallengeModel,
  request: ISubmitRequest
): Promise<SubmissionView> {
  for (let left = SEND_AGAIN; ; left--) {
    try {
      return await model.api.submit(request);
    } catch (error) {
      const isLost = error instanceof RequestError && error.status === 0;
      if (!isLost || left === 0) {
        throw error;
      }
    }
  }
}
