// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ChallengeView, IInspection } from '../wire';
import { bytes } from '../words';
import type { ISubject } from './draft';
import { FilePicker } from './filepicker';

/** What the participant's folder holds for the notebook, and travels by itself. */
const DESCRIPTION = 'challenge.json';

/** The files that travel, with their sizes; which ones can be changed. */
export function Travels(props: {
  subject: ISubject;
  inspection: IInspection;
  /** What was chosen; null for what the notebook declares. */
  files: string[] | null;
  view: ChallengeView | null;
  isChoosing: boolean;
  setChoosing: (isChoosing: boolean) => void;
  setFiles: (files: string[]) => void;
  contents: Contents.IManager;
  trans: TranslationBundle;
}): JSX.Element {
  const { subject, inspection, view, trans, isChoosing } = props;
  const [entry, ...others] = inspection.files;
  // What was ticked holds at once, also before the server has looked at it.
  const declared = props.files ?? inspection.declared;
  const isNotebook = subject.kind === 'notebook';
  const list = React.useId();
  return (
    <div>
      <ul className="jp-Challenge-files">
        {entry && (
          <li>
            <span>{entry.path}</span>
            <span className="jp-Challenge-number">
              {entry.missing
                ? trans.__('missing')
                : isNotebook
                  ? trans.__('%1, saved now', bytes(entry.size ?? 0, trans))
                  : bytes(entry.size ?? 0, trans)}
            </span>
          </li>
        )}
        {others.map(file => (
          <li key={file.path} className={file.missing ? 'jp-mod-missing' : ''}>
            <span>{file.path}</span>
            <span className="jp-Challenge-number">
              {file.missing
                ? trans.__('missing')
                : bytes(file.size ?? 0, trans)}
            </span>
          </li>
        ))}
      </ul>
      {isNotebook && (
        <div className="jp-Challenge-total">
          <span>{totalText(inspection, view, trans)}</span>
          <button
            className="jp-Challenge-link"
            type="button"
            aria-expanded={isChoosing}
            aria-controls={list}
            onClick={() => props.setChoosing(!isChoosing)}
          >
            {isChoosing ? trans.__('Done') : trans.__('Change files')}
          </button>
        </div>
      )}
      {isNotebook && isChoosing && (
        <div id={list}>
          <FilePicker
            contents={props.contents}
            subject={subject}
            declared={declared}
            setDeclared={props.setFiles}
            trans={trans}
          />
        </div>
      )}
    </div>
  );
}

/** How much travels, against what may. */
function totalText(
  inspection: IInspection,
  view: ChallengeView | null,
  trans: TranslationBundle
): string {
  const count = inspection.files
    .slice(1)
    .filter(file => file.path !== DESCRIPTION).length;
  const size = bytes(inspection.size, trans);
  if (view && !count) {
    return trans.__(
      'No file beside it (at most %1), %2 of %3',
      view.max_files,
      size,
      bytes(view.max_size, trans)
    );
  }
  return view
    ? trans._n(
        '1 file beside it (at most %2), %3 of %4',
        '%1 files beside it (at most %2), %3 of %4',
        count,
        view.max_files,
        size,
        bytes(view.max_size, trans)
      )
    : size;
}
