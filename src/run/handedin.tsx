// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { kernelText, machineName } from './environment';
import { exactTime } from '../time';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { bytes, submissionName } from '../words';

/** What was handed in, and under which version it is scored. */
export function HandedIn(props: {
  view: SubmissionView;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { view, model, trans } = props;
  const facts: [string, React.ReactNode][] = [
    [trans.__('Submission'), submissionName(view, trans)],
    [trans.__('Handed in'), exactTime(view.created_at)],
    [trans.__('By'), view.user],
    [trans.__('Note'), view.note],
    [
      trans.__('Files'),
      view.files.length
        ? view.files.map(file => (
            <div key={file.path}>
              {trans.__('%1 (%2)', file.path, bytes(file.size, trans))}
            </div>
          ))
        : view.name
    ],
    [
      trans.__('Parameters'),
      Object.entries(view.parameters).map(([name, value]) => (
        <div key={name}>
          <code>{`${name} = ${JSON.stringify(value)}`}</code>
        </div>
      ))
    ],
    [trans.__('Kernel'), kernelText(view)],
    [trans.__('Runs on'), machineName(view, model, trans)],
    [trans.__('Digest'), <code>{view.digest}</code>],
    [trans.__('Challenge version'), <code>{view.version}</code>]
  ];
  return (
    <dl className="jp-Challenge-facts">
      {facts
        .filter(([, value]) => (Array.isArray(value) ? value.length : value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
