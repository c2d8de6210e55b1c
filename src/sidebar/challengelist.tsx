// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { OrganiseIDs } from '../organise/organiseids';
import { ErrorFace, Face, Loading } from '../marks';
import { groupChallenges } from '../merge';
import { Move } from './move';
import type { SidebarState } from './sidebarstate';
import { phaseTime, quotaShort, rankText } from '../words';
import type { IChallengeModel } from '../tokens';
import type { ChallengeSummary } from '../wire';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  state: SidebarState;
  /** Show a challenge, because of a key or a click. */
  enter: (id: string) => void;
  /** Called when the list is there anew. */
  onDrawn: () => void;
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
  const { model, commands, trans, state } = props;
  const { filter } = state;
  React.useEffect(props.onDrawn, []);
  const setFilter = (text: string) => {
    state.filter = text;
  };
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
          'Begin with the iris example, or make a challenge of your own.'
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
          onChange={event => setFilter(event.target.value)}
        />
      </div>
      {found === 0 && (
        <Face
          title={trans.__('No challenge matches “%1”', filter)}
          action={{
            label: trans.__('Show all'),
            run: () => setFilter('')
          }}
        />
      )}
      <Group
        {...props}
        name="open"
        title={trans.__('Open')}
        isOpen={true}
        challenges={groups.open}
      />
      <Group
        {...props}
        name="soon"
        title={trans.__('Soon')}
        isOpen={groups.open.length === 0}
        challenges={groups.soon}
      />
      <Group
        {...props}
        name="ended"
        title={trans.__('Ended')}
        isOpen={groups.open.length + groups.soon.length === 0}
        challenges={groups.ended}
      />
    </>
  );
}

function Group(
  props: IProps & {
    name: string;
    title: string;
    isOpen: boolean;
    challenges: ChallengeSummary[];
  }
): JSX.Element | null {
  const { model, name, state, trans, challenges } = props;
  if (!challenges.length) {
    return null;
  }
  const isOpen = !!state.filter || props.isOpen !== state.isToggled(name);
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-Challenge-group">
      <h2>
        <button
          className="jp-Challenge-groupTitle"
          aria-expanded={isOpen}
          onClick={() => state.toggle(name)}
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
                onClick={() => props.enter(challenge.id)}
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
                  <Facts challenge={challenge} trans={trans} />
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
function Facts(props: {
  challenge: ChallengeSummary;
  trans: TranslationBundle;
}): JSX.Element {
  const { challenge, trans } = props;
  const { standing, quota, teams } = challenge;
  if (!challenge.entered) {
    return (
      <>{trans._n('not entered · 1 team', 'not entered · %1 teams', teams)}</>
    );
  }
  const left = challenge.state === 'open' ? quotaShort(quota, trans) : '';
  return (
    <>
      <span>
        {standing
          ? trans.__('rank %1 of %2', rankText(standing), teams)
          : trans.__('entered, no score yet')}
        <Move standing={standing} trans={trans} />
      </span>
      {left && <span>{left}</span>}
    </>
  );
}
