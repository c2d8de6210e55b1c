import { UUID } from '@lumino/coreutils';

import type { IActors } from '../actions';
import { send, whichChallenge } from '../actions';
import { tell } from '../tell';
import { askSubmit } from './submit';

/** Hand in a file as it is on disk, after asking how: a notebook, or predictions. */
export async function submitFile(
  actors: IActors,
  path: string,
  options: { isTry?: boolean; challenge?: string } = {}
): Promise<void> {
  const { model, notifier, trans } = actors;
  model.wake();
  try {
    const seen = await model.api.inspect(path);
    const challenge = await whichChallenge(
      actors,
      seen.challenge,
      options.challenge
    );
    if (!challenge) {
      return;
    }
    const choice = await askSubmit(
      { path, challenge, isTry: options.isTry ?? false },
      model,
      trans
    );
    if (!choice) {
      return;
    }
    const submission = await notifier.follow(
      path.split('/').pop() ?? path,
      send(model, {
        path,
        challenge,
        is_try: choice.isTry,
        files: choice.files,
        parameters: choice.parameters,
        note: choice.note,
        idempotency_key: UUID.uuid4()
      })
    );
    if (submission) {
      model.current = challenge;
      await model.loadChallenge(challenge);
    }
  } catch (error) {
    tell(error, trans);
  }
}
