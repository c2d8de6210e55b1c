// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Throttler } from '@lumino/polling';
import * as React from 'react';

import type { ChallengeOverview } from './organiserapi';
import { OrganiserApi } from './organiserapi';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';

/** Pause between two readings while submissions come in, in milliseconds. */
const PAUSE = 2000;

/** What a hook read, or why it could not. */
export interface IRead<T> {
  value: T | null;
  error: RequestError | null;
  again: () => void;
}

/** Read something now, whenever a key is another one, and when asked again. */
export function useReading<T>(
  read: () => Promise<T>,
  keys: readonly unknown[]
): IRead<T> {
  const [value, setValue] = React.useState<T | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  React.useEffect(() => {
    let isGone = false;
    read().then(
      found => {
        if (!isGone) {
          setValue(found);
          setError(null);
        }
      },
      reason => {
        if (!isGone && reason instanceof RequestError) {
          setError(reason);
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [...keys, round]);
  const again = React.useCallback(() => setRound(known => known + 1), []);
  return { value, error, again };
}

/** Call something when a challenge has news, but not for every single one. */
export function useNews(
  model: IChallengeModel,
  challenge: string,
  onNews: () => void
): void {
  React.useEffect(() => {
    const throttler = new Throttler(async () => onNews(), PAUSE);
    const news = () => {
      // What comes in while one reading is held back is in the next.
      throttler.invoke().catch(() => undefined);
    };
    const onSubmission = (_: IChallengeModel, one: SubmissionView) => {
      if (one.challenge === challenge) {
        news();
      }
    };
    const onBoard = (_: IChallengeModel, id: string) => {
      if (id === challenge) {
        news();
      }
    };
    model.submissionChanged.connect(onSubmission);
    model.boardChanged.connect(onBoard);
    return () => {
      model.submissionChanged.disconnect(onSubmission);
      model.boardChanged.disconnect(onBoard);
      throttler.dispose();
    };
  }, [model, challenge, onNews]);
}

/** A challenge in numbers, kept current. */
export function useOverview(
  model: IChallengeModel,
  challenge: string,
  version: string
): IRead<ChallengeOverview> {
  const found = useReading(
    () => new OrganiserApi(model.api).overview(challenge),
    [model, challenge, version]
  );
  useNews(model, challenge, found.again);
  return found;
}
