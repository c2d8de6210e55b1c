import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { OrganiserApi } from './organiserapi';
import { OrganiseIDs } from './organiseids';
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
  const { model, view, commands, trans } = props;
  // On one's own machine everybody is organiser of everything, and mostly takes part.
  const [isOpen, setOpen] = React.useState(model.me?.place !== 'embedded');
  if (view.role !== 'organiser' && view.role !== 'admin') {
    return null;
  }
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const api = new OrganiserApi(model.api);
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
      {isOpen && (
        <>
          <dl className="jp-Challenge-facts">
            <div>
              <dt>{trans.__('State')}</dt>
              <dd>{view.closed ? trans.__('closed') : trans.__('open')}</dd>
            </div>
            <div>
              <dt>{trans.__('Version')}</dt>
              <dd title={exactTime(view.published_at)}>
                {view.version.slice(0, 12)}
              </dd>
            </div>
            {view.phases.map(phase => (
              <div key={phase.id}>
                <dt>{phase.title}</dt>
                <dd
                  title={exactTime(
                    phase.state === 'soon' ? phase.starts_at : phase.ends_at
                  )}
                >
                  {phaseTime(phase, Date.now(), trans)}
                </dd>
              </div>
            ))}
          </dl>
          <div className="jp-Challenge-actions">
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
            <a
              className="jp-Challenge-link"
              href={api.exportUrl(view.id)}
              download
            >
              {trans.__('Export')}
            </a>
          </div>
        </>
      )}
    </section>
  );
}
