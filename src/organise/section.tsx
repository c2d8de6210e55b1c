// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { OrganiseIDs } from './organiseids';
import { useOverview } from './overview';
import { ErrorFace, Loading } from '../marks';
import { exactTime } from '../time';
import type { IChallengeModel } from '../tokens';
import type { ChallengeView } from '../wire';
import { phaseTime } from '../words';

/** What the section is about and who acts for it. */
export interface IOrganiserProps {
  model: IChallengeModel;
  view: ChallengeView;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** What organisers see of their challenge in the sidebar: its state, and what they can do. */
export function OrganiserSection(props: IOrganiserProps): JSX.Element | null {
  const { model, view, trans } = props;
  // On one's own machine everybody is organiser of everything, and mostly takes part.
  const [isOpen, setOpen] = React.useState(model.me?.place !== 'embedded');
  if (view.role !== 'organiser' && view.role !== 'admin') {
    return null;
  }
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section
      className="jp-Challenge-organiser"
      aria-label={trans.__('Organise')}
    >
      <h3>
        <button
          className="jp-Challenge-groupTitle"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Caret.react tag="span" />
          {trans.__('Organise')}
          <span className="jp-Challenge-count">
            {view.closed ? trans.__('closed') : ''}
          </span>
        </button>
      </h3>
      {isOpen && <Body {...props} />}
    </section>
  );
}

function Body(props: IOrganiserProps): JSX.Element {
  const { model, view, commands, trans } = props;
  const { value, error, again } = useOverview(model, view.id, view.version);
  if (!value) {
    return error ? (
      <ErrorFace error={error} trans={trans} retry={again} />
    ) : (
      <Loading trans={trans} />
    );
  }
  const show = (tab: string) => () =>
    void commands.execute(OrganiseIDs.organise, { challenge: view.id, tab });
  const facts: [string, string, string?][] = [
    [trans.__('State'), view.closed ? trans.__('closed') : trans.__('open')],
    [
      trans.__('Version'),
      trans.__('%1 · %2', value.number, view.version.slice(0, 8)),
      trans.__(
        'Published by %1 on %2',
        value.published_by,
        exactTime(value.published_at)
      )
    ],
    ...view.phases.map(
      phase =>
        [
          phase.title,
          phaseTime(phase, Date.now(), trans),
          exactTime(phase.state === 'soon' ? phase.starts_at : phase.ends_at)
        ] as [string, string, string]
    ),
    [trans.__('Teams'), String(value.teams)],
    [
      trans.__('Today'),
      [
        trans._n('1 submission', '%1 submissions', value.today),
        trans.__('%1 failed', value.failed_today)
      ].join(' · ')
    ]
  ];
  return (
    <>
      <dl className="jp-Challenge-facts">
        {facts.map(([name, text, more]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={more}>{text}</dd>
          </div>
        ))}
      </dl>
      <div className="jp-Challenge-organiserLinks">
        <button className="jp-Challenge-link" onClick={show('submissions')}>
          {trans.__('All submissions')}
        </button>
        <button className="jp-Challenge-link" onClick={show('versions')}>
          {trans.__('Versions')}
        </button>
        <button className="jp-Challenge-link" onClick={show('dates')}>
          {trans.__('Edit dates…')}
        </button>
        <button
          className="jp-Challenge-link"
          onClick={() =>
            void commands.execute(OrganiseIDs.exportChallenge, {
              challenge: view.id
            })
          }
        >
          {trans.__('Export')}
        </button>
      </div>
      <div className="jp-Challenge-actions">
        <button
          className="jp-Challenge-button jp-mod-styled"
          onClick={() =>
            void commands.execute(CommandIDs.publishFolder, {
              challenge: view.id
            })
          }
        >
          {trans.__('Publish new version…')}
        </button>
        <button
          className="jp-Challenge-button jp-mod-styled"
          onClick={() =>
            void commands.execute(OrganiseIDs.closeChallenge, {
              challenge: view.id,
              closed: !view.closed
            })
          }
        >
          {view.closed ? trans.__('Open again…') : trans.__('Close…')}
        </button>
      </div>
    </>
  );
}
