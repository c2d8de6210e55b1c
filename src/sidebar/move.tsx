// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { StandingView } from '../wire';

/** How many ranks a team went up or down since a day ago; nothing where it stayed. */
export function Move(props: {
  standing: StandingView | null | undefined;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { trans } = props;
  const move = props.standing?.move;
  if (!move) {
    return null;
  }
  const isUp = move > 0;
  const words = isUp
    ? trans._n('1 up since yesterday', '%1 up since yesterday', move)
    : trans._n('1 down since yesterday', '%1 down since yesterday', -move);
  return (
    <span
      className={`jp-Challenge-move jp-mod-${isUp ? 'up' : 'down'}`}
      title={words}
    >
      <span aria-hidden="true">
        {isUp ? '▲' : '▼'}
        {Math.abs(move)}
      </span>
      <span className="jp-Challenge-unseen">{words}</span>
    </span>
  );
}
