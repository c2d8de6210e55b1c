// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FieldChanges, FileChanges } from './changes';
import type { Effect, FolderProblem, PublishPreview } from './organiserapi';
import { weightWord } from './organisewords';
import { said } from '../phrases';
import { cancelledIcon, doneIcon, failedIcon } from '../icons';

const SHAPES = { grave: failedIcon, notice: cancelledIcon, calm: doneIcon };

/** What publishing would do: its effects first, then values, then files. */
export function PreviewView(props: {
  preview: PublishPreview;
  trans: TranslationBundle;
}): JSX.Element {
  const { preview, trans } = props;
  if (preview.problems.length) {
    return <Problems problems={preview.problems} trans={trans} />;
  }
  const { effects, fields, files, warnings, warning_phrases, unchanged } =
    preview;
  return (
    <>
      <section aria-label={trans.__('What this does')}>
        <h2>{trans.__('What this does')}</h2>
        <Effects effects={effects} trans={trans} />
        {(warning_phrases?.map(one => said(one, trans)) ?? warnings).map(
          text => (
            <p key={text} className="jp-Challenge-hint">
              {text}
            </p>
          )
        )}
      </section>
      {fields.length > 0 && (
        <section>
          <h2>
            {trans._n('1 value changes', '%1 values change', fields.length)}
          </h2>
          <FieldChanges fields={fields} trans={trans} />
        </section>
      )}
      {files.length > 0 && (
        <section>
          <h2>
            {preview.new
              ? trans._n('1 file travels', '%1 files travel', files.length)
              : trans._n('1 file changes', '%1 files change', files.length)}
          </h2>
          {!preview.new && (
            <p className="jp-Challenge-hint">
              {trans._n(
                '1 file stays as it is.',
                '%1 files stay as they are.',
                unchanged
              )}
            </p>
          )}
          <FileChanges files={files} trans={trans} />
        </section>
      )}
    </>
  );
}

function Effects(props: {
  effects: Effect[];
  trans: TranslationBundle;
}): JSX.Element {
  const { effects, trans } = props;
  return (
    <ul className="jp-Challenge-effects">
      {effects.map(({ weight, text: english, phrase }) => {
        const text = phrase ? said(phrase, trans) : english;
        const Shape = SHAPES[weight];
        return (
          <li key={text} className={`jp-Challenge-effect jp-mod-${weight}`}>
            <span className="jp-Challenge-effectWord">
              <Shape.react tag="span" className="jp-Challenge-stateIcon" />
              {weightWord(weight, trans)}
            </span>
            <span>{text}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Mistakes of a folder, each with its place and what mends it. */
export function Problems(props: {
  problems: FolderProblem[];
  trans: TranslationBundle;
}): JSX.Element {
  const { problems, trans } = props;
  return (
    <section role="alert">
      <h2>
        {trans._n(
          '1 mistake to mend first',
          '%1 mistakes to mend first',
          problems.length
        )}
      </h2>
      <ul className="jp-Challenge-problems">
        {problems.map((one, index) => (
          <li key={index}>
            <code>
              {[one.file, one.line, one.column].filter(Boolean).join(':')}
            </code>
            <span>{one.message}</span>
            <span className="jp-Challenge-hint">
              {trans.__('To mend it: %1', one.fix)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
