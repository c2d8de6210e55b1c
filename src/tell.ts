// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { RequestError } from './request';
import { errorText } from './words';

/** Show a request's failure and swallow it; anything else is a bug and goes on. */
export function tell(error: unknown, trans: TranslationBundle): void {
  if (!(error instanceof RequestError)) {
    throw error;
  }
  const { message, hint } = errorText(error, trans);
  Notification.error([message, hint].filter(Boolean).join(' '));
}
