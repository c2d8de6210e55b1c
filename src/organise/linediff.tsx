// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** What a line of a unified diff is. */
export type LineKind = 'added' | 'removed' | 'same' | 'place';

/** The lines of a unified diff with what each is; its sign is cut off. */
export function diffLines(diff: string): { kind: LineKind; text: string }[] {
  return diff.split('\n').map(line => {
    switch (line[0]) {
      case '+':
        return { kind: 'added', text: line.slice(1) };
      case '-':
        return { kind: 'removed', text: line.slice(1) };
      case '@':
        return { kind: 'place', text: line };
      default:
        return { kind: 'same', text: line.replace(/^ /, '') };
    }
  });
}

const SIGNS: Record<LineKind, string> = {
  added: '+',
  removed: '−',
  same: '',
  place: ''
};

/** The lines of a file that differ, each with a sign, a colour and a word for who does not see them. */
export function LineDiff(props: {
  diff: string;
  label: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { diff, label, trans } = props;
  const words: Record<LineKind, string> = {
    added: trans.__('new:'),
    removed: trans.__('gone:'),
    same: '',
    place: ''
  };
  return (
    <div
      className="jp-Challenge-diff"
      role="region"
      aria-label={label}
      tabIndex={0}
    >
      {diffLines(diff).map(({ kind, text }, index) => (
        <div key={index} className={`jp-Challenge-diffLine jp-mod-${kind}`}>
          <span className="jp-Challenge-diffSign" aria-hidden="true">
            {SIGNS[kind]}
          </span>
          {words[kind] && (
            <span className="jp-Challenge-unseen">{words[kind]}</span>
          )}
          <span>{text}</span>
        </div>
      ))}
    </div>
  );
}
