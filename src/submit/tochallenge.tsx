// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IChallengeModel } from '../tokens';
import type { ChallengeView } from '../wire';
import type { IDraft } from './draft';
import { openChallenges } from './facts';

/** The challenge that it is for; one that is open can be chosen. */
export function ToChallenge(props: {
  model: IChallengeModel;
  draft: IDraft;
  view: ChallengeView | null;
  change: (changes: Partial<IDraft>) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, draft, view, trans } = props;
  const [isChanging, setChanging] = React.useState(false);
  React.useEffect(() => {
    if (model.state !== 'ready') {
      void model.refresh();
    }
  }, []);
  if (view && !isChanging) {
    return (
      <>
        {trans.__('%1 · %2', view.title, view.phase.title)}{' '}
        <button
          className="jp-Challenge-link"
          type="button"
          onClick={() => setChanging(true)}
        >
          {trans.__('Change challenge')}
        </button>
      </>
    );
  }
  return (
    <UseSignal signal={model.stateChanged}>
      {() => {
        const open = openChallenges(model);
        return (
          <>
            <select
              className="jp-mod-styled"
              aria-label={trans.__('Challenge')}
              autoFocus={isChanging}
              value={view?.id ?? ''}
              onChange={event => {
                setChanging(false);
                props.change({ challenge: event.target.value || null });
              }}
            >
              {!view && (
                <option value="">
                  {open.length
                    ? trans.__('Choose a challenge…')
                    : model.state === 'ready'
                      ? trans.__('No challenge is open')
                      : trans.__('Loading…')}
                </option>
              )}
              {view && !open.some(one => one.id === view.id) && (
                <option value={view.id}>{view.title}</option>
              )}
              {open.map(one => (
                <option key={one.id} value={one.id}>
                  {one.title}
                </option>
              ))}
            </select>
            {!view && draft.challenge && (
              <p className="jp-Challenge-hint">
                {trans.__(
                  'The challenge “%1”, which it names, is not here.',
                  draft.challenge
                )}
              </p>
            )}
          </>
        );
      }}
    </UseSignal>
  );
}
