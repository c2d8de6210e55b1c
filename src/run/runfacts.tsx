// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { kernelText, machineName } from './environment';
import { RunApi } from './runapi';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { placeText, stateWord, waitText } from '../words';

interface IProps {
  model: IChallengeModel;
  trans: TranslationBundle;
  view: SubmissionView;
}

/** Queue, profile, commit and kernel of a run, in sight from the first moment. */
export function RunFacts(props: IProps): JSX.Element {
  const { model, trans, view } = props;
  const facts: [string, React.ReactNode][] = [
    ...(view.state === 'queued'
      ? [[trans.__('Queue'), <Queue {...props} />] as [string, React.ReactNode]]
      : []),
    [trans.__('Runs on'), machineName(view, model, trans)],
    [
      trans.__('Commit'),
      <code title={view.digest}>{shortDigest(view.digest)}</code>
    ],
    [trans.__('Kernel'), kernelText(view) || '–'],
    ...(view.image
      ? [
          [
            trans.__('Image'),
            <code title={view.image}>{shortImage(view.image)}</code>
          ] as [string, React.ReactNode]
        ]
      : [])
  ];
  return (
    <dl className="jp-Challenge-runFacts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The place in the queue, and when it is the run's turn, where somebody can say. */
function Queue(props: IProps): JSX.Element {
  const { model, trans, view } = props;
  const [wait, setWait] = React.useState<number | null>(null);
  React.useEffect(() => {
    let isGone = false;
    setWait(null);
    new RunApi(model.api).profiles(view.challenge).then(
      ({ items }) => {
        const mine = items.find(one =>
          view.profile ? one.id === view.profile : one.default
        );
        if (!isGone) {
          setWait(mine?.wait_seconds ?? null);
        }
      },
      error => {
        // Only a guess is missing then.
        if (!(error instanceof RequestError)) {
          throw error;
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [view.position, view.challenge, view.profile]);
  if (!view.position) {
    return <>{stateWord('queued', trans)}</>;
  }
  const left = view.wait_seconds ?? wait;
  if (view.interruptions) {
    return <>{placeText(view, trans, left ?? 0)}</>;
  }
  if (left === null) {
    return <>{trans.__('%1 in line', view.position)}</>;
  }
  return (
    <>
      {left < 5
        ? trans.__('%1 in line, starts now', view.position)
        : trans.__(
            '%1 in line, starts within about %2',
            view.position,
            waitText(left, trans)
          )}
    </>
  );
}

/** A digest as people tell them apart. */
function shortDigest(digest: string): string {
  const [kind, ...rest] = digest.split(':');
  const value = rest.length ? rest.join(':') : kind;
  return `${value.slice(0, 12)}…`;
}

/** An image by the end of its name and the beginning of its digest. */
function shortImage(image: string): string {
  const [name, digest = ''] = image.split('@');
  const end = name.slice(name.lastIndexOf('/') + 1);
  return digest ? `${end}@${shortDigest(digest)}` : end;
}
