// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { textBelow } from './textbelow';
import { Face, Markdown } from '../marks';
import { exactTime, span } from '../time';
import type { IChallengeModel } from '../tokens';
import type { ChallengeView, PhaseView, QuotaView } from '../wire';
import { bytes } from '../words';

/** What the challenge hands out and what it asks for. */
export function DataPage(props: {
  view: ChallengeView;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { view, model, trans } = props;
  const { output } = view;
  return (
    <>
      <h2>{trans.__('Files')}</h2>
      {view.files.length === 0 ? (
        <Face title={trans.__('This challenge hands out no files')} />
      ) : (
        <table className="jp-Challenge-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Path in your folder')}</th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Size')}
              </th>
            </tr>
          </thead>
          <tbody>
            {view.files.map(file => (
              <tr key={file.path}>
                <th scope="row">
                  {view.entered || !view.terms ? (
                    <a href={model.api.fileUrl(view.id, file.path)} download>
                      {file.path}
                    </a>
                  ) : (
                    file.path
                  )}
                </th>
                <td className="jp-mod-number">{bytes(file.size, trans)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h2>{trans.__('Predictions')}</h2>
      <p>
        {trans.__(
          'Write %1 into the folder that $CHALLENGE_OUTPUT names (./output in JupyterLab): one row per test row.',
          output.file
        )}
      </p>
      <Facts
        facts={[
          [trans.__('Format'), output.format],
          [trans.__('Row'), output.id],
          [trans.__('Predictions'), output.columns.join(', ')],
          [trans.__('Largest file'), bytes(output.max_size, trans)]
        ]}
      />
    </>
  );
}

/** Phases, quotas, limits, metrics and terms. */
export function RulesPage(props: {
  view: ChallengeView;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { view, rendermime, trans } = props;
  const { limits } = view;
  return (
    <>
      {view.practice && (
        <p className="jp-Challenge-practice">
          {trans.__(
            'Practice: nothing separates a run from the labels here, so scores are your own word.'
          )}
        </p>
      )}
      <h2>{trans.__('Phases')}</h2>
      {view.phases.map(phase => (
        <section key={phase.id}>
          <h3>{phase.title}</h3>
          <Facts facts={phaseFacts(phase, trans)} />
        </section>
      ))}
      <h2>{trans.__('Metrics')}</h2>
      <Facts
        facts={view.metrics.map(metric => [
          metric.label,
          [
            metric.direction === 'maximize'
              ? trans.__('more is better')
              : trans.__('less is better'),
            trans._n('1 decimal', '%1 decimals', metric.precision),
            metric.ranked ? trans.__('decides the rank') : ''
          ]
            .filter(Boolean)
            .join(' · ')
        ])}
      />
      <h2>{trans.__('A run may use')}</h2>
      <Facts
        facts={[
          [trans.__('Time'), span(limits.time * 1000, trans)],
          [trans.__('Cores'), String(limits.cpu)],
          [trans.__('Memory'), bytes(limits.memory, trans)],
          [trans.__('Disk'), bytes(limits.disk, trans)],
          [trans.__('Processes'), String(limits.processes)],
          [trans.__('GPUs'), limits.gpu ? String(limits.gpu) : ''],
          [
            trans.__('Files'),
            trans.__(
              '%1, %2 together',
              view.max_files,
              bytes(view.max_size, trans)
            )
          ]
        ]}
      />
      {view.terms && (
        <>
          <h2>{trans.__('Terms')}</h2>
          <Markdown
            source={textBelow(view.terms, 'Terms')}
            rendermime={rendermime}
          />
        </>
      )}
    </>
  );
}

function phaseFacts(
  phase: PhaseView,
  trans: TranslationBundle
): [string, string][] {
  const quota: Partial<QuotaView> = phase.quota ?? {};
  const isSplit =
    phase.has_private &&
    typeof phase.public_rows === 'number' &&
    typeof phase.private_rows === 'number';
  return [
    [trans.__('Starts'), exactTime(phase.starts_at)],
    [trans.__('Ends'), exactTime(phase.ends_at) || trans.__('never')],
    [
      trans.__('Submissions'),
      [
        typeof quota.per_day === 'number'
          ? trans.__('%1 a day', quota.per_day)
          : '',
        typeof quota.total === 'number'
          ? trans.__('%1 in all', quota.total)
          : '',
        trans._n('1 at a time', '%1 at a time', quota.concurrent ?? 1)
      ]
        .filter(Boolean)
        .join(' · ')
    ],
    [
      trans.__('Failed runs'),
      typeof quota.failures_per_day === 'number'
        ? trans.__('%1 a day, counted apart', quota.failures_per_day)
        : ''
    ],
    [
      trans.__('Private board'),
      isSplit
        ? trans.__(
            '%1 rows public, %2 private',
            phase.public_rows,
            phase.private_rows
          )
        : ''
    ],
    [trans.__('Revealed'), exactTime(phase.reveals_at)],
    [trans.__('Counts'), countingText(phase, trans)],
    [
      trans.__('Equal scores'),
      phase.ties === 'shared'
        ? trans.__('share a rank')
        : trans.__('the earlier one is ahead')
    ]
  ];
}

function countingText(phase: PhaseView, trans: TranslationBundle): string {
  switch (phase.counting) {
    case 'best_public':
      return trans.__('your best on the public board');
    case 'last':
      return trans.__('your last submission');
    case 'selected':
      return trans._n(
        'the submission that you select',
        'the best of up to %1 that you select',
        phase.max_selected
      );
  }
}

/** Names and values; those without a value are left out. */
function Facts(props: { facts: [string, string][] }): JSX.Element {
  return (
    <dl className="jp-Challenge-facts">
      {props.facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
