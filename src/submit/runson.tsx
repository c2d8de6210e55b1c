// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ProfileView } from '../wire';
import type { IDraft } from './draft';
import { profileOf } from './draft';
import { machineText, waitText } from './texts';

/** The kind of machine that it runs on, and how long one waits for it. */
export function RunsOn(props: {
  profiles: ReadonlyArray<ProfileView>;
  draft: IDraft;
  change: (changes: Partial<IDraft>) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { profiles, draft, trans } = props;
  const profile = profileOf(profiles, draft.profile);
  if (!profile) {
    return <></>;
  }
  return (
    <>
      <div className="jp-Challenge-machine">
        {profiles.length === 1 ? (
          <span>{machineText(profile, trans)}</span>
        ) : (
          <select
            className="jp-mod-styled"
            aria-label={trans.__('Runs on')}
            value={profile.id}
            onChange={event => props.change({ profile: event.target.value })}
          >
            {profiles.map(one => (
              <option key={one.id} value={one.id}>
                {trans.__(
                  '%1 – %2',
                  machineText(one, trans),
                  waitText(one, trans)
                )}
              </option>
            ))}
          </select>
        )}
        <span className="jp-Challenge-wait">{waitText(profile, trans)}</span>
      </div>
      {profile.sentence && (
        <p className="jp-Challenge-hint">{profile.sentence}</p>
      )}
    </>
  );
}
