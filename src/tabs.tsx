// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import * as React from 'react';

/** A row of tabs and the body of the one that is chosen; arrow keys move between them. */
export function Tabs<T extends string>(props: {
  tabs: readonly (readonly [T, string])[];
  chosen: T;
  choose: (tab: T) => void;
  children: React.ReactNode;
}): JSX.Element {
  const { tabs, chosen, choose } = props;
  const move = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) {
      return;
    }
    event.preventDefault();
    const at = tabs.findIndex(([id]) => id === chosen);
    const next = (at + step + tabs.length) % tabs.length;
    choose(tabs[next][0]);
    (event.currentTarget.children[next] as HTMLElement).focus();
  };
  return (
    <>
      <div className="jp-Challenge-tabs" role="tablist" onKeyDown={move}>
        {tabs.map(([id, label]) => (
          <button
            key={id}
            role="tab"
            aria-selected={chosen === id}
            tabIndex={chosen === id ? 0 : -1}
            onClick={() => choose(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="jp-Challenge-tabBody" role="tabpanel">
        {props.children}
      </div>
    </>
  );
}
