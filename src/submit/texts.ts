// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** What the dialog says of machines, kernels and quotas. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { parseTime, span } from '../time';
import type {
  ChallengeView,
  IInspection,
  ProfileView,
  QuotaView
} from '../wire';
import { bytes } from '../words';

/** What a run gets on a profile. */
export function machineText(
  profile: ProfileView,
  trans: TranslationBundle
): string {
  const cores = trans._n('1 core', '%1 cores', profile.cpu);
  const memory = bytes(profile.memory, trans);
  // Where nobody declared profiles, there is one with a name of the service's own.
  const title = trans.__(profile.title);
  if (!profile.gpu) {
    return trans.__('%1 · %2 · %3', title, cores, memory);
  }
  return trans.__(
    '%1 · %2 · %3 · %4',
    title,
    cores,
    memory,
    profile.accelerator || trans._n('1 GPU', '%1 GPUs', profile.gpu)
  );
}

/** How long one would wait for a profile now. */
export function waitText(
  profile: ProfileView,
  trans: TranslationBundle
): string {
  const { waiting, wait_seconds: seconds } = profile;
  if (seconds === 0) {
    return trans.__('free now');
  }
  const queue = waiting
    ? trans._n('1 waiting', '%1 waiting', waiting)
    : trans.__('busy');
  return typeof seconds === 'number'
    ? trans.__('%1, about %2', queue, roughly(seconds, trans))
    : queue;
}

/** The kernel's language and how much of its environment was read. */
export function kernelText(
  inspection: IInspection,
  trans: TranslationBundle
): string {
  const { kernel, language, environment } = inspection;
  if (!kernel) {
    return trans.__('none');
  }
  const name = environment.display_name ?? kernel;
  const { version, packages } = environment;
  if (!version) {
    return language && !name.toLowerCase().includes(language)
      ? trans.__('%1 · %2', name, language)
      : name;
  }
  const count = Object.keys(packages ?? {}).length;
  return trans._n(
    '%2 · %3 · 1 package captured',
    '%2 · %3 · %1 packages captured',
    count,
    name,
    version
  );
}

/** What is left once this one is handed in. */
export function afterThis(
  view: ChallengeView,
  isTry: boolean,
  trans: TranslationBundle
): string[] {
  if (isTry) {
    return [trans.__('A try is free: it uses no quota and counts nowhere.')];
  }
  const quota: Partial<QuotaView> = view.quota ?? view.phase.quota ?? {};
  const said: string[] = [];
  const { left_today: today, left_total: total } = quota;
  if (typeof today === 'number') {
    const left = Math.max(0, today - 1);
    said.push(trans.__('%1 of %2 left today.', left, quota.per_day ?? today));
    if (left === 0 && quota.resets_at) {
      said.push(
        trans.__(
          'There is room again in %1.',
          span(parseTime(quota.resets_at) - Date.now(), trans)
        )
      );
    }
  }
  if (typeof total === 'number') {
    said.push(
      trans.__(
        '%1 of %2 left in this phase.',
        Math.max(0, total - 1),
        quota.total ?? total
      )
    );
  }
  if (typeof quota.failures_left_today === 'number') {
    said.push(
      trans.__(
        '%1 of %2 failed runs left today.',
        quota.failures_left_today,
        quota.failures_per_day ?? quota.failures_left_today
      )
    );
  }
  if (!said.length) {
    said.push(trans.__('No limit on submissions.'));
  }
  if (view.has_sample) {
    said.push(trans.__('Tries are free.'));
  }
  return said;
}

function roughly(seconds: number, trans: TranslationBundle): string {
  return seconds < 60
    ? trans.__('%1 s', Math.round(seconds))
    : span(Math.round(seconds / 60) * 60_000, trans);
}
