// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, Toolbar, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import { ChallengeList } from './challengelist';
import { ChallengePage } from './challengepage';
import { attendWhileVisible } from '../attention';
import { challengeIcon } from '../icons';
import { ErrorLine } from '../marks';
import type { SidebarState } from './sidebarstate';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';

/** The sidebar: all challenges, or one of them. */
export class ChallengePanel extends Panel implements Toolbar.IWidgetToolbar {
  /** Make the panel; it asks for nothing before it is shown. */
  constructor(options: ChallengePanel.IOptions) {
    super();
    const trans = options.translator.load(DOMAIN);
    this.id = 'jupyter-challenge-panel';
    this.title.icon = challengeIcon;
    this.title.caption = trans.__('Challenges');
    this.addClass('jp-Challenge');
    this.addClass('jp-ChallengePanel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Challenges'));

    const title = document.createElement('h1');
    title.textContent = trans.__('Challenges');
    this.toolbar = new Toolbar();
    this.toolbar.node.setAttribute('aria-label', trans.__('Challenges'));
    const head = new Panel();
    head.addClass('jp-Challenge-title');
    head.addWidget(new Widget({ node: title }));
    head.addWidget(this.toolbar);
    const content = ReactWidget.create(<Content {...options} trans={trans} />);
    content.addClass('jp-Challenge-content');
    this.addWidget(head);
    this.addWidget(content);
    attendWhileVisible(options.model, this);
  }

  /** The buttons beside the title. */
  readonly toolbar: Toolbar;
}

/** A namespace for `ChallengePanel` statics. */
export namespace ChallengePanel {
  /** What the panel shows and who acts for it. */
  export interface IOptions {
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** What is as it was after a reload. */
    state: SidebarState;
    /** Which notebook is active. */
    tracker: INotebookTracker | null;
    /** The application's language. */
    translator: ITranslator;
  }
}

function Content(
  props: ChallengePanel.IOptions & { trans: TranslationBundle }
): JSX.Element {
  const { model, commands, trans, state } = props;
  const body = React.useRef<HTMLDivElement>(null);
  // The challenge that a key or a click led to, or back from, so that the focus comes along.
  const entered = React.useRef<string | null>(null);
  const left = React.useRef<string | null>(null);
  const focusLeft = () => {
    if (left.current !== null && model.current === null) {
      body.current
        ?.querySelector<HTMLElement>(
          `[data-challenge="${CSS.escape(left.current)}"]`
        )
        ?.focus();
      left.current = null;
    }
  };
  return (
    <UseSignal signal={model.stateChanged}>
      {() => (
        <UseSignal signal={state.changed}>
          {() => (
            <>
              <div className="jp-Challenge-body" ref={body}>
                {model.current === null ? (
                  <ChallengeList
                    model={model}
                    commands={commands}
                    trans={trans}
                    state={state}
                    onDrawn={focusLeft}
                    enter={id => {
                      entered.current = id;
                      model.current = id;
                    }}
                  />
                ) : (
                  <ChallengePage
                    key={model.current}
                    {...props}
                    id={model.current}
                    isEntered={entered.current === model.current}
                    leave={() => {
                      left.current = model.current;
                      entered.current = null;
                      model.current = null;
                    }}
                  />
                )}
              </div>
              <Footer model={model} trans={trans} />
            </>
          )}
        </UseSignal>
      )}
    </UseSignal>
  );
}

/** Who is signed in where; while the service does not answer, that it does not. */
function Footer(props: {
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const isStale = model.error !== null && model.state === 'ready';
  return (
    <div
      className={`jp-Challenge-footer ${isStale ? 'jp-mod-offline' : ''}`}
      role="status"
    >
      {isStale ? (
        <ErrorLine
          error={model.error!}
          trans={trans}
          retry={() => void model.refresh()}
        />
      ) : model.me ? (
        <span>
          {model.me.place === 'embedded'
            ? trans.__(
                '%1 · on this machine',
                model.me.display_name || model.me.name
              )
            : trans.__(
                'Signed in as %1',
                model.me.display_name || model.me.name
              )}
        </span>
      ) : null}
    </div>
  );
}
