import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { OrganiseIDs } from '../organise/organiseids';
import { ErrorFace, Face, Loading } from '../marks';
import { groupChallenges } from '../merge';
import { phaseTime, quotaText, rankText } from '../words';
import type { IChallengeModel } from '../tokens';
import type { ChallengeSummary } from '../wire';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  filter: string;
  setFilter: (filter: string) => void;
}

/** All challenges in their groups, and the way to a new one for who may publish it. */
export function ChallengeList(props: IProps): JSX.Element {
  const { model, commands, trans } = props;
  return (
    <>
      <Challenges {...props} />
      {model.state === 'ready' && model.me?.admin && (
        <button
          className="jp-Challenge-link jp-Challenge-newChallenge"
          onClick={() => void commands.execute(OrganiseIDs.createChallenge)}
        >
          {trans.__('New challenge…')}
        </button>
      )}
    </>
  );
}

function Challenges(props: IProps): JSX.Element {
  const { model, commands, trans, filter } = props;
  const retry = () => void model.refresh();
  if (model.state === 'loading' || model.state === 'dormant') {
    return <Loading trans={trans} />;
  }
  if (model.state === 'failed' && model.error) {
    return <ErrorFace error={model.error} trans={trans} retry={retry} />;
  }
  if (!model.challenges.length) {
    return model.me?.place === 'embedded' ? (
      <Face
        title={trans.__('No challenges yet')}
        text={trans.__(
          'Begin with the iris example, or publish a folder of your own in a terminal: jupyter challenge publish FOLDER'
        )}
        action={{
          label: trans.__('Add the iris example'),
          run: () => void commands.execute(CommandIDs.addExample)
        }}
      />
    ) : (
      <Face
        title={trans.__('No challenges yet')}
        text={trans.__('One that you may enter appears here by itself.')}
        action={{ label: trans.__('Look again'), run: retry }}
      />
    );
  }
  const groups = groupChallenges(model.challenges, filter);
  const found = groups.open.length + groups.soon.length + groups.ended.length;
  return (
    <>
      <div className="jp-Challenge-filter">
        <input
          type="search"
          className="jp-mod-styled"
          placeholder={trans.__('Filter…')}
          aria-label={trans.__('Filter challenges')}
          value={filter}
          onChange={event => props.setFilter(event.target.value)}
        />
      </div>
      {found === 0 && (
        <Face
          title={trans.__('No challenge matches “%1”', filter)}
          action={{
            label: trans.__('Show all'),
            run: () => props.setFilter('')
          }}
        />
      )}
      <Group
        {...props}
        title={trans.__('Open')}
        isOpen={true}
        challenges={groups.open}
      />
      <Group
        {...props}
        title={trans.__('Soon')}
        isOpen={groups.open.length === 0}
        challenges={groups.soon}
      />
      <Group
        {...props}
        title={trans.__('Ended')}
        isOpen={groups.open.length + groups.soon.length === 0}
        challenges={groups.ended}
      />
    </>
  );
}

function Group(
  props: IProps & {
    title: string;
    isOpen: boolean;
    challenges: ChallengeSummary[];
  }
): JSX.Element | null {
  const { model, trans, challenges } = props;
  const [isToggled, setToggled] = React.useState(false);
  if (!challenges.length) {
    return null;
  }
  const isOpen = !!props.filter || props.isOpen !== isToggled;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-Challenge-group">
      <h2>
        <button
          className="jp-Challenge-groupTitle"
          aria-expanded={isOpen}
          onClick={() => setToggled(!isToggled)}
        >
          <Caret.react tag="span" />
          {props.title}
          <span className="jp-Challenge-count">{challenges.length}</span>
        </button>
      </h2>
      {isOpen && (
        <ul>
          {challenges.map(challenge => (
            <li key={challenge.id}>
              <button
                className="jp-Challenge-item"
                data-challenge={challenge.id}
                onClick={() => {
                  model.current = challenge.id;
                }}
              >
                <span className="jp-Challenge-itemTitle">
                  {challenge.title}
                  {model.me?.place !== 'embedded' &&
                    challenge.role === 'organiser' && (
                      <span className="jp-Challenge-badge">
                        {trans.__('Organise')}
                      </span>
                    )}
                </span>
                <span className="jp-Challenge-itemTime">
                  {phaseTime(challenge.phase, Date.now(), trans)}
                </span>
                <span className="jp-Challenge-itemFacts">
                  {facts(challenge, trans)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Where the user stands in a challenge, in one line. */
function facts(challenge: ChallengeSummary, trans: TranslationBundle): string {
  const { standing, quota, teams } = challenge;
  if (!challenge.entered) {
    return trans._n('not entered · 1 team', 'not entered · %1 teams', teams);
  }
  const place = standing
    ? trans.__('rank %1 of %2', rankText(standing), teams)
    : trans.__('entered, no score yet');
  const left = challenge.state === 'open' ? quotaText(quota, trans) : '';
  return [place, left].filter(Boolean).join(' · ');
}
