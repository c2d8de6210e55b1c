// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IInspection, ProfileView } from '../wire';
import { profileOf } from './draft';
import type { IDifference } from './environments';
import { differences, isComparable } from './environments';
import { kernelText } from './texts';

/** How many differences are named before one looks at the details. */
const NAMED = 2;

/** The kernel and its environment, beside the one that the run will have. */
export function KernelRow(props: {
  inspection: IInspection;
  profiles: ReadonlyArray<ProfileView>;
  profile: string | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { inspection, trans } = props;
  return (
    <>
      <div>{kernelText(inspection, trans)}</div>
      <Comparison {...props} />
    </>
  );
}

function Comparison(props: {
  inspection: IInspection;
  profiles: ReadonlyArray<ProfileView>;
  profile: string | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { inspection, profiles, trans } = props;
  const { environment, kernel, language } = inspection;
  const there = profileOf(profiles, props.profile)?.environments?.[
    kernel ?? ''
  ];
  if (!kernel) {
    return null;
  }
  if (!isComparable(environment)) {
    return (
      <p className="jp-Challenge-hint">
        {environment.problem ??
          trans.__(
            'The packages of this language cannot be read, so they are not compared with the run’s.'
          )}
      </p>
    );
  }
  if (!there) {
    return null; // that it is not there, is an obstacle
  }
  if (!isComparable(there)) {
    return (
      <p className="jp-Challenge-hint">
        {there.problem
          ? trans.__('The run’s environment is not known: %1', there.problem)
          : trans.__('The run’s environment is not known.')}
      </p>
    );
  }
  const found = differences(language ?? '', environment, there);
  if (!found.length) {
    return (
      <p className="jp-Challenge-hint">
        {trans.__('The run has the same environment.')}
      </p>
    );
  }
  const shown = found.slice(0, NAMED).map(one => oneText(one, trans));
  const list = shown.join(', ');
  const more = found.length - shown.length;
  return (
    <details className="jp-Challenge-differences">
      <summary>
        <span className="jp-Challenge-warningText">
          {more > 0
            ? trans._n(
                'The run differs: %2 and 1 more',
                'The run differs: %2 and %1 more',
                more,
                list
              )
            : trans.__('The run differs: %1', list)}
        </span>{' '}
        <span className="jp-Challenge-linkText">{trans.__('Details')}</span>
      </summary>
      <div className="jp-Challenge-differencesTable" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Package')}</th>
              <th scope="col">{trans.__('Here')}</th>
              <th scope="col">{trans.__('In the run')}</th>
              <th scope="col">{trans.__('What')}</th>
            </tr>
          </thead>
          <tbody>
            {found.map(one => (
              <tr key={one.name} className={`jp-mod-${whatOf(one)}`}>
                <th scope="row">{one.name}</th>
                <td>{one.here ?? '–'}</td>
                <td>{one.there ?? '–'}</td>
                <td>{whatText(one, trans)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function whatOf(one: IDifference): 'missing' | 'added' | 'changed' {
  return one.there === null
    ? 'missing'
    : one.here === null
      ? 'added'
      : 'changed';
}

function whatText(one: IDifference, trans: TranslationBundle): string {
  switch (whatOf(one)) {
    case 'missing':
      return trans.__('missing there');
    case 'added':
      return trans.__('only there');
    case 'changed':
      return trans.__('changed');
  }
}

function oneText(one: IDifference, trans: TranslationBundle): string {
  switch (whatOf(one)) {
    case 'missing':
      return trans.__('no %1', one.name);
    case 'added':
      return trans.__('%1 added', one.name);
    case 'changed':
      return trans.__('%1 %2 → %3', one.name, one.here, one.there);
  }
}
