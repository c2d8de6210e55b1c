// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { LineDiff } from './linediff';
import type { FieldChange, FileChange } from './organiserapi';
import { fileWord, hiddenWord } from './organisewords';
import { bytes } from '../words';

/** Values of challenge.yaml that are others now. */
export function FieldChanges(props: {
  fields: FieldChange[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { fields, trans } = props;
  if (!fields.length) {
    return null;
  }
  const none = <span className="jp-Challenge-aside">{trans.__('none')}</span>;
  return (
    <div
      className="jp-Challenge-wide"
      role="region"
      tabIndex={0}
      aria-label={trans.__('Values')}
    >
      <table className="jp-Challenge-table jp-Challenge-fields">
        <thead>
          <tr>
            <th scope="col">{trans.__('Value')}</th>
            <th scope="col">{trans.__('Before')}</th>
            <th scope="col">{trans.__('After')}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(field => (
            <tr key={field.path}>
              <th scope="row">{field.path}</th>
              <td>{field.before ?? none}</td>
              <td>{field.after ?? none}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Files that are new, gone or others now, with the lines that differ. */
export function FileChanges(props: {
  files: FileChange[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { files, trans } = props;
  return files.length ? (
    <ul className="jp-Challenge-changedFiles">
      {files.map(file => (
        <File
          key={file.path}
          file={file}
          isOpen={files.length <= 3}
          trans={trans}
        />
      ))}
    </ul>
  ) : null;
}

function File(props: {
  file: FileChange;
  isOpen: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { file, trans } = props;
  const [isOpen, setOpen] = React.useState(props.isOpen);
  const hasMore = !!file.why || typeof file.diff === 'string';
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const title = (
    <>
      <span className={`jp-Challenge-fileChange jp-mod-${file.change}`}>
        {fileWord(file.change, trans)}
      </span>
      <span className="jp-Challenge-filePath">{file.path}</span>
      <span className="jp-Challenge-aside jp-Challenge-number">
        {sizes(file, trans)}
      </span>
    </>
  );
  return (
    <li>
      {hasMore ? (
        <button
          className="jp-Challenge-fileTitle"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Caret.react tag="span" />
          {title}
        </button>
      ) : (
        <div className="jp-Challenge-fileTitle">{title}</div>
      )}
      {isOpen && hasMore && <Lines file={file} trans={trans} />}
    </li>
  );
}

function Lines(props: {
  file: FileChange;
  trans: TranslationBundle;
}): JSX.Element {
  const { file, trans } = props;
  if (file.diff) {
    return (
      <LineDiff
        diff={file.diff}
        label={trans.__('Lines of %1 that differ', file.path)}
        trans={trans}
      />
    );
  }
  return (
    <p className="jp-Challenge-hint">
      {hiddenWord(file.why, trans) ||
        trans.__('Only line ends or the encoding differ.')}
    </p>
  );
}

function sizes(file: FileChange, trans: TranslationBundle): string {
  const { size_before, size_after } = file;
  const before =
    typeof size_before === 'number' ? bytes(size_before, trans) : '';
  const after = typeof size_after === 'number' ? bytes(size_after, trans) : '';
  return before && after && before !== after
    ? trans.__('%1 → %2', before, after)
    : after || before;
}
