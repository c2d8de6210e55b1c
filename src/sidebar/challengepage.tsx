// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretLeftIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { ErrorFace, Face, Loading } from '../marks';
import { openChallengeMenu } from './challengemenu';
import { Move } from './move';
import { MySubmissions } from './mysubmissions';
import { OrganiserSection } from '../organise/section';
import { exactTime } from '../time';
import type { ChallengeTab, IChallengeModel } from '../tokens';
import type { ChallengeSummary, ChallengeView } from '../wire';
import { phaseTime, quotaText, rankText } from '../words';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  tracker: INotebookTracker | null;
  trans: TranslationBundle;
}

/** One challenge in the sidebar: where I stand, what I can do, what became of what I did. */
export function ChallengePage(
  props: IProps & {
    id: string;
    /** Whether a key or a click led here, so that the focus comes along. */
    isEntered: boolean;
    /** Back to all challenges. */
    leave: () => void;
  }
): JSX.Element {
  const { model, commands, trans, id } = props;
  const view = model.challenge(id);
  const refusal = model.refusal(id);
  const summary = view ?? model.challenges.find(one => one.id === id);
  const title = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => {
    if (props.isEntered) {
      title.current?.focus();
    }
  }, [id]);
  const back = (
    <div className="jp-Challenge-pageHeader">
      <button
        className="jp-Challenge-iconButton"
        title={trans.__('All challenges')}
        aria-label={trans.__('All challenges')}
        onClick={props.leave}
      >
        <caretLeftIcon.react tag="span" />
      </button>
      <h2 ref={title} tabIndex={-1} title={summary?.title ?? id}>
        {summary?.title ?? id}
      </h2>
      <span className="jp-Challenge-space" />
      {view && (
        <button
          className="jp-Challenge-iconButton"
          title={trans.__('More actions for %1', view.title)}
          aria-label={trans.__('More actions for %1', view.title)}
          aria-haspopup="menu"
          aria-expanded="false"
          onClick={event =>
            openChallengeMenu(commands, view, event.currentTarget)
          }
        >
          <ellipsesIcon.react tag="span" />
        </button>
      )}
    </div>
  );
  if (!summary) {
    return (
      <>
        {back}
        {model.state === 'ready' ? (
          <Face
            title={trans.__('There is no challenge “%1” here', id)}
            action={{
              label: trans.__('All challenges'),
              run: props.leave
            }}
          />
        ) : (
          <Loading trans={trans} />
        )}
      </>
    );
  }
  const open = (tab: ChallengeTab) =>
    void commands.execute(CommandIDs.openChallenge, { challenge: id, tab });
  return (
    <>
      {back}
      <div className="jp-Challenge-page">
        <Standing {...props} challenge={summary} />
        {view ? (
          <Actions {...props} view={view} />
        ) : refusal ? (
          <ErrorFace
            error={refusal}
            trans={trans}
            retry={() => void model.refresh()}
          />
        ) : (
          <Loading trans={trans} />
        )}
        <nav
          className="jp-Challenge-links"
          aria-label={trans.__('Pages of the challenge')}
        >
          <button onClick={() => open('about')}>{trans.__('About')}</button>
          <button onClick={() => open('data')}>{trans.__('Data')}</button>
          <button onClick={() => open('board')}>{trans.__('Board')}</button>
          <button onClick={() => open('rules')}>{trans.__('Rules')}</button>
        </nav>
        {summary.entered && (view || !refusal) && <MySubmissions {...props} />}
        {view && <OrganiserSection {...props} view={view} />}
      </div>
    </>
  );
}

/** The phase, my rank and what is left of my quota. */
function Standing(
  props: IProps & { challenge: ChallengeSummary }
): JSX.Element {
  const { model, trans, challenge } = props;
  const { phase, standing, best, teams } = challenge;
  return (
    <div className="jp-Challenge-standing">
      <div>
        <span>{phase.title}</span>
        <span
          className="jp-Challenge-aside"
          title={exactTime(
            phase.state === 'soon' ? phase.starts_at : phase.ends_at
          )}
        >
          {phaseTime(phase, Date.now(), trans)}
        </span>
      </div>
      {challenge.entered && (
        <div className="jp-Challenge-rank">
          <span>
            {standing
              ? trans.__('Rank %1 of %2', rankText(standing), teams)
              : trans.__('No rank yet')}
            <Move standing={standing} trans={trans} />
          </span>
          <span className="jp-Challenge-aside">
            {best ? trans.__('best %1', best.display) : ''}
          </span>
        </div>
      )}
      {challenge.entered && phase.state === 'open' && (
        <div>
          <span>{quotaText(challenge.quota ?? phase.quota, trans)}</span>
        </div>
      )}
      {model.me?.practice && (
        <div className="jp-Challenge-practice">
          {trans.__('Practice: scores here are your own word.')}
        </div>
      )}
    </div>
  );
}

/** The buttons, or what to do so that there are some. */
function Actions(props: IProps & { view: ChallengeView }): JSX.Element {
  const { commands, tracker, trans, view } = props;
  const [notebook, setNotebook] = React.useState(
    tracker?.currentWidget?.context.path ?? null
  );
  React.useEffect(() => {
    const update = () =>
      setNotebook(tracker?.currentWidget?.context.path ?? null);
    update();
    tracker?.currentChanged.connect(update);
    return () => {
      tracker?.currentChanged.disconnect(update);
    };
  }, [tracker]);
  const starter = (
    <button
      className="jp-Challenge-button jp-mod-styled"
      onClick={() =>
        void commands.execute(CommandIDs.getStarter, { challenge: view.id })
      }
    >
      {trans.__('Get the starter')}
    </button>
  );
  if (!view.entered) {
    return (
      <div className="jp-Challenge-actions">
        {view.state === 'ended' ? (
          <p>{trans.__('This challenge has ended.')}</p>
        ) : (
          <button
            className="jp-Challenge-button jp-mod-styled jp-mod-accept"
            onClick={() =>
              void commands.execute(CommandIDs.enter, { challenge: view.id })
            }
          >
            {view.terms
              ? trans.__('Read the terms and enter')
              : trans.__('Enter')}
          </button>
        )}
      </div>
    );
  }
  const name = notebook?.split('/').pop() ?? '';
  const isOpen = view.phase.state === 'open';
  return (
    <div className="jp-Challenge-actions">
      {isOpen && (
        <button
          className="jp-Challenge-button jp-mod-styled jp-mod-accept"
          disabled={!notebook}
          title={
            notebook
              ? trans.__('Submit %1', notebook)
              : trans.__('Open a notebook to submit')
          }
          onClick={() =>
            void commands.execute(CommandIDs.submit, { challenge: view.id })
          }
        >
          {trans.__('Submit notebook')}
        </button>
      )}
      {view.has_sample && (
        <button
          className="jp-Challenge-button jp-mod-styled"
          disabled={!notebook}
          title={
            notebook
              ? trans.__('Run %1 on the public sample', notebook)
              : trans.__('Open a notebook to try')
          }
          onClick={() =>
            void commands.execute(CommandIDs.tryOut, { challenge: view.id })
          }
        >
          {trans.__('Try')}
        </button>
      )}
      {!notebook && view.starter && starter}
      <p className="jp-Challenge-hint">
        {notebook ? (
          <>
            {trans.__('Notebook: %1', name)}
            {view.starter && (
              <button
                className="jp-Challenge-link"
                onClick={() =>
                  void commands.execute(CommandIDs.getStarter, {
                    challenge: view.id
                  })
                }
              >
                {trans.__('Get the starter')}
              </button>
            )}
          </>
        ) : (
          trans.__('Open a notebook to submit.')
        )}
      </p>
    </div>
  );
}
