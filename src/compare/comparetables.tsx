// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { IValueRow } from './differences';
import {
  packageCount,
  packageRows,
  parameterRows,
  scoreRows
} from './differences';
import { CommandIDs } from '../commandids';
import { StateMark } from '../marks';
import { kernelText, machineName } from '../run/environment';
import { exactTime, took } from '../time';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { submissionName } from '../words';

interface IProps {
  views: [SubmissionView, SubmissionView];
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The names of the two as column heads; each opens its run. */
function Heads(props: IProps): JSX.Element {
  const { commands, trans, views } = props;
  return (
    <>
      {views.map((view, side) => (
        <th key={side} scope="col">
          <button
            className="jp-Challenge-link"
            title={trans.__('Show the run of %1', submissionName(view, trans))}
            onClick={() =>
              void commands.execute(CommandIDs.openRun, { submission: view.id })
            }
          >
            {submissionName(view, trans)}
          </button>
        </th>
      ))}
    </>
  );
}

/** All metrics with their difference. */
export function Scores(props: IProps): JSX.Element {
  const { trans, views } = props;
  const rows = scoreRows(...views);
  return (
    <section aria-label={trans.__('Scores')}>
      <h2>{trans.__('Scores')}</h2>
      {rows.length === 0 ? (
        <p className="jp-Challenge-hint">
          {trans.__('Neither of them has a score.')}
        </p>
      ) : (
        <table className="jp-Challenge-compareTable jp-mod-numbers">
          <thead>
            <tr>
              <th scope="col">{trans.__('Metric')}</th>
              <Heads {...props} />
              <th scope="col">{trans.__('Change')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.key} data-metric={row.key}>
                <th scope="row">
                  {row.board === 'private'
                    ? trans.__('%1, private', row.label)
                    : row.label}
                </th>
                <td>{row.first}</td>
                <td>{row.second}</td>
                <td>
                  {row.change}
                  {row.isBetter !== null && (
                    <span
                      className={
                        row.isBetter ? 'jp-mod-better' : 'jp-mod-worse'
                      }
                    >
                      {' '}
                      {row.isBetter ? trans.__('better') : trans.__('worse')}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** When, where and how long the two ran. */
export function Facts(props: IProps): JSX.Element {
  const { trans, views } = props;
  const of = (fact: (view: SubmissionView) => React.ReactNode) =>
    views.map(fact) as [React.ReactNode, React.ReactNode];
  const rows: [string, [React.ReactNode, React.ReactNode]][] = [
    [
      trans.__('State'),
      of(view => <StateMark state={view.state} trans={trans} withWord={true} />)
    ],
    [trans.__('Handed in'), of(view => exactTime(view.created_at))],
    [trans.__('By'), of(view => view.user)],
    [
      trans.__('Duration'),
      of(view =>
        typeof view.seconds === 'number' ? took(view.seconds, trans) : '–'
      )
    ],
    [trans.__('Runs on'), of(view => machineName(view, props.model, trans))],
    [trans.__('Kernel'), of(view => kernelText(view) || '–')],
    [trans.__('Note'), of(view => view.note || '–')]
  ];
  return (
    <section aria-label={trans.__('Runs')}>
      <h2>{trans.__('Runs')}</h2>
      <table className="jp-Challenge-compareTable">
        <thead>
          <tr>
            <td />
            <Heads {...props} />
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, [first, second]]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{first}</td>
              <td>{second}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Parameters, those that differ first. */
export function Parameters(props: IProps): JSX.Element | null {
  const { trans, views } = props;
  const rows = parameterRows(...views);
  return rows.length ? (
    <section aria-label={trans.__('Parameters')}>
      <h2>{trans.__('Parameters')}</h2>
      <Values {...props} rows={rows} name={trans.__('Parameter')} />
    </section>
  ) : null;
}

/** Packages that one has and the other has not, or in another version. */
export function Packages(props: IProps): JSX.Element {
  const { trans, views } = props;
  const rows = packageRows(...views);
  const [first, second] = views.map(packageCount);
  return (
    <section aria-label={trans.__('Environment')}>
      <h2>{trans.__('Environment')}</h2>
      {first === null || second === null ? (
        <p className="jp-Challenge-hint">
          {trans.__(
            'The packages of %1 were not captured, so they cannot be compared.',
            submissionName(views[first === null ? 0 : 1], trans)
          )}
        </p>
      ) : rows.length === 0 ? (
        <p className="jp-Challenge-hint">
          {trans._n(
            'The same package in the same version.',
            'The same %1 packages in the same versions.',
            first
          )}
        </p>
      ) : (
        <Values {...props} rows={rows} name={trans.__('Package')} />
      )}
    </section>
  );
}

function Values(props: IProps & { rows: IValueRow[]; name: string }) {
  const { rows, name, trans } = props;
  return (
    <table className="jp-Challenge-compareTable">
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <Heads {...props} />
          <th scope="col">{trans.__('Change')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={row.key}>
            <th scope="row">
              <code>{row.key}</code>
            </th>
            <td>{row.first ?? '–'}</td>
            <td>{row.second ?? '–'}</td>
            <td>{changeWord(row, trans)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function changeWord(row: IValueRow, trans: TranslationBundle): string {
  if (row.first === null) {
    return trans.__('added');
  }
  if (row.second === null) {
    return trans.__('removed');
  }
  return row.first === row.second ? trans.__('same') : trans.__('changed');
}
