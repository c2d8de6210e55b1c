// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { StorageModel } from './storagemodel';

/** Tell once that the sign-in has ended, with the way back, until it is mended. */
export function tellWhenSignedOut(
  model: StorageModel,
  trans: TranslationBundle
): void {
  let told: string | null = null;
  model.stateChanged.connect(() => {
    const { state } = model;
    if (state === 'signed_out' && told === null) {
      told = Notification.warning(
        trans.__(
          'Your sign-in for storage has expired: what reads or writes it fails until you sign in again.'
        ),
        {
          autoClose: false,
          actions: [
            {
              label: trans.__('Sign In'),
              caption: trans.__('Sign in at the hub again'),
              callback: event => {
                event.preventDefault(); // it stays until it is mended
                model.signIn();
              },
              displayType: 'accent'
            }
          ]
        }
      );
    } else if (state !== 'signed_out' && told !== null) {
      Notification.dismiss(told);
      told = null;
      if (state !== 'well') {
        return; // the status bar says what it is
      }
      Notification.success(trans.__('Storage is there again.'), {
        autoClose: 3000
      });
    }
  });
}
