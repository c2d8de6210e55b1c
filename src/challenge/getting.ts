// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import { PromiseDelegate } from '@lumino/coreutils';
import { Poll } from '@lumino/polling';

import type { IActors } from '../actions';
import { RequestError } from '../request';
import { tell } from '../tell';
import { bytes } from '../words';
import type { IGetJob } from './getapi';
import { GetApi } from './getapi';

/** How often a job is asked how far it is, and the longest after failures. */
const PAUSE = 500;
const BACKOFF = 10 * 1000;

/** Jobs that this page follows already. */
const followed = new Map<string, Promise<IGetJob>>();

/**
 * Make or complete a challenge's folder and return it once it is there; null when it was not.
 *
 * #### Notes
 * What takes long shows how far it is, and says that it is done; `isTold` has that said always.
 */
export async function getFolder(
  actors: IActors,
  challenge: string,
  folder: string | undefined,
  isTold = false
): Promise<IGetJob | null> {
  const { trans } = actors;
  try {
    const begun = await new GetApi(actors.model.api).begin(challenge, folder);
    const job = await followJob(actors, begun);
    if (job.state !== 'done') {
      return null;
    }
    if (isTold && begun.state === 'done') {
      Notification.success(
        trans.__('The files are in the folder %1.', job.folder),
        { autoClose: 10_000 }
      );
    }
    if (job.kept.length) {
      Notification.info(
        trans.__(
          'You changed %1, so it was left as it is.',
          job.kept.join(', ')
        )
      );
    }
    return job;
  } catch (error) {
    tell(error, trans);
    return null;
  }
}

/** Show again what was under way before the page was loaded, once the server is asked at all. */
export function resumeDownloads(actors: IActors): void {
  const { model } = actors;
  const whenReady = () => {
    if (model.state !== 'ready') {
      return;
    }
    model.stateChanged.disconnect(whenReady);
    new GetApi(model.api).underWay().then(
      jobs =>
        jobs.forEach(job =>
          followJob(actors, job).catch(error => tell(error, actors.trans))
        ),
      // An older server has no list of them; nothing is lost by that.
      () => undefined
    );
  };
  model.stateChanged.connect(whenReady);
}

/** Show a job's progress until it is over. */
function followJob(actors: IActors, begun: IGetJob): Promise<IGetJob> {
  const known = followed.get(begun.job);
  if (known || begun.state !== 'running') {
    return known ?? Promise.resolve(begun);
  }
  const following = show(actors, begun).finally(() =>
    followed.delete(begun.job)
  );
  followed.set(begun.job, following);
  return following;
}

async function show(actors: IActors, begun: IGetJob): Promise<IGetJob> {
  const { model, trans } = actors;
  const api = new GetApi(model.api);
  const over = new PromiseDelegate<IGetJob>();
  const title =
    model.challenges.find(one => one.id === begun.challenge)?.title ??
    begun.challenge;
  const cancel = {
    label: trans.__('Cancel'),
    caption: trans.__(
      'What has arrived stays, and the next time goes on there'
    ),
    callback: (event: MouseEvent) => {
      // The notification stays until the server says that it has ended.
      event.preventDefault();
      void api.cancel(begun.job).then(take, error => tell(error, trans));
    }
  };
  const message = (job: IGetJob) =>
    trans.__(
      'Getting %1: %2 of %3, file %4 of %5. %6',
      title,
      bytes(job.done, trans),
      bytes(job.size, trans),
      Math.min(job.files_done + 1, job.files),
      job.files,
      job.path
    );
  const options = (job: IGetJob) => ({
    autoClose: false as const,
    actions: [cancel],
    progress: job.size ? job.done / job.size : 0
  });
  const id = Notification.emit(message(begun), 'in-progress', options(begun));
  const poll = new Poll({
    auto: false,
    factory: async () => take(await api.job(begun.job)),
    frequency: { interval: PAUSE, backoff: 2, max: BACKOFF },
    name: 'jupyter-challenge:get',
    standby: 'never'
  });
  // A server that does not answer for a while is asked again; one that has forgotten is not.
  poll.ticked.connect((_, state) => {
    const error: unknown = state.phase === 'rejected' ? state.payload : null;
    if (error instanceof RequestError && error.status === 404) {
      over.reject(error);
    }
  });

  function take(job: IGetJob): void {
    if (job.state === 'running') {
      Notification.update({
        id,
        message: message(job),
        type: 'in-progress',
        ...options(job)
      });
    } else {
      over.resolve(job);
    }
  }

  void poll.start();
  try {
    const job = await over.promise;
    Notification.update({ id, ...ending(job, title, actions(actors, job)) });
    return job;
  } catch (error) {
    Notification.dismiss(id);
    throw error;
  } finally {
    poll.dispose();
  }

  function ending(
    job: IGetJob,
    name: string,
    again: Notification.IAction[]
  ): {
    message: string;
    type: Notification.TypeOptions;
    autoClose: number | false;
    actions: Notification.IAction[];
    progress: undefined;
  } {
    const rest = { actions: again, progress: undefined };
    switch (job.state) {
      case 'done':
        return {
          message: trans.__('%1 is in the folder %2.', name, job.folder),
          type: 'success',
          autoClose: 10_000,
          ...rest
        };
      case 'cancelled':
        return {
          message: trans.__(
            'Getting %1 was cancelled. What has arrived stays.',
            name
          ),
          type: 'info',
          autoClose: 10_000,
          ...rest
        };
      default:
        return {
          message: trans.__(
            '%1 could not be fetched. %2 %3',
            name,
            job.error?.message ?? '',
            job.error?.hint ?? ''
          ),
          type: 'error',
          autoClose: false,
          ...rest
        };
    }
  }
}

/** What can be done once a job is over: go on, where there is something left. */
function actions(actors: IActors, job: IGetJob): Notification.IAction[] {
  return job.state === 'done'
    ? []
    : [
        {
          label: actors.trans.__('Go on'),
          callback: () => void getFolder(actors, job.challenge, job.folder)
        }
      ];
}
