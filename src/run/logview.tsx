// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ILogBlock, ILogText } from './logtext';
import { search } from './logtext';
import { RequestError } from '../request';
import { tell } from '../tell';

/** Keys that lead away from a log's end. */
const UPWARDS = new Set(['ArrowUp', 'PageUp', 'Home']);

interface IProps {
  text: ILogText;
  /** Whether no more comes. */
  isEnded: boolean;
  /** Whether the run printed more than is kept. */
  isCut: boolean;
  /** Whether the end is kept in sight from the beginning. */
  follows: boolean;
  /** Save the whole log. */
  save: () => Promise<void>;
  trans: TranslationBundle;
}

/** A log: its end in sight while it grows, or the lines that are searched for. */
export function LogView(props: IProps): JSX.Element {
  const { text, isEnded, isCut, save, trans } = props;
  const [isFollowing, setFollowing] = React.useState(props.follows);
  const [isWrapped, setWrapped] = React.useState(false);
  const [isSaving, setSaving] = React.useState(false);
  const [wanted, setWanted] = React.useState('');
  const box = React.useRef<HTMLPreElement>(null);
  const found = React.useMemo(
    () => (wanted ? search(text, wanted) : null),
    [text, wanted]
  );
  React.useLayoutEffect(() => {
    const node = box.current;
    if (!isFollowing || !node) {
      return;
    }
    node.scrollTop = node.scrollHeight;
    // Blocks that come into sight only now may be higher than was thought.
    const frame = requestAnimationFrame(() => {
      node.scrollTop = node.scrollHeight;
    });
    return () => cancelAnimationFrame(frame);
  }, [text, isFollowing, isWrapped]);
  const isEmpty = text.blocks.length === 0;

  return (
    <div className="jp-Challenge-log">
      <div className="jp-Challenge-logBar">
        <label>
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={event => setFollowing(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={isWrapped}
            onChange={event => setWrapped(event.target.checked)}
          />
          {trans.__('Wrap')}
        </label>
        <input
          type="search"
          className="jp-mod-styled"
          aria-label={trans.__('Search in the log')}
          placeholder={trans.__('Search in the log…')}
          value={wanted}
          onChange={event => setWanted(event.target.value)}
        />
        <span className="jp-Challenge-hint" role="status">
          {found
            ? found.count > found.lines.length
              ? trans.__(
                  'the first %1 of %2 lines',
                  found.lines.length,
                  found.count
                )
              : trans._n('1 line', '%1 lines', found.count)
            : ''}
        </span>
        <span className="jp-Challenge-space" />
        <button
          className="jp-Challenge-link"
          disabled={isEmpty || isSaving}
          onClick={() => {
            setSaving(true);
            save()
              .catch(error => {
                if (!(error instanceof RequestError)) {
                  throw error;
                }
                tell(error, trans);
              })
              .finally(() => setSaving(false));
          }}
        >
          {trans.__('Download the whole log')}
        </button>
      </div>
      {(isCut || text.leftOut > 0) && (
        <p className="jp-Challenge-hint" role="status">
          {isCut
            ? trans.__('The run printed more than is kept: this log was cut.')
            : trans._n(
                'One earlier line is not shown here; the download has it.',
                '%1 earlier lines are not shown here; the download has them.',
                text.leftOut
              )}
        </p>
      )}
      <pre
        ref={box}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={trans.__('Log')}
        className={isWrapped ? 'jp-mod-wrapped' : ''}
        onWheel={event => event.deltaY < 0 && setFollowing(false)}
        onKeyDown={event => UPWARDS.has(event.key) && setFollowing(false)}
      >
        {found
          ? found.lines.join('\n')
          : isEmpty
            ? isEnded
              ? trans.__('This step printed nothing.')
              : ''
            : text.blocks.map(block => (
                <Block key={block.start} block={block} />
              ))}
      </pre>
    </div>
  );
}

/** Some lines; the browser lays them out when they come into sight. */
const Block = React.memo(function Block(props: {
  block: ILogBlock;
}): JSX.Element {
  const { lines } = props.block;
  return (
    <span
      className="jp-Challenge-logBlock"
      style={{ containIntrinsicSize: `auto ${lines.length}lh` }}
    >
      {lines.join('\n').replace(/\r$/, '')}
    </span>
  );
});
