import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { ChallengeList } from './challengelist';
import { ChallengePage } from './challengepage';
import { CommandIDs } from '../commandids';
import { challengeIcon } from '../icons';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import { errorText } from '../words';

/** The sidebar: all challenges, or one of them. */
export class ChallengePanel extends ReactWidget {
  /** Make the panel; it asks for nothing before it is shown. */
  constructor(options: ChallengePanel.IOptions) {
    super();
    this._options = options;
    this._trans = options.translator.load(DOMAIN);
    this.id = 'jupyter-challenge-panel';
    this.title.icon = challengeIcon;
    this.title.caption = this._trans.__('Challenges');
    this.addClass('jp-Challenge');
    this.addClass('jp-ChallengePanel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this._trans.__('Challenges'));
  }

  /** Ask the service once somebody looks. */
  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._options.model.wake();
  }

  /** A panel that is visible when it is attached is shown already. */
  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._options.model.wake();
    }
  }

  /** Draw the panel. */
  protected render(): JSX.Element {
    return <Panel {...this._options} trans={this._trans} />;
  }

  private _options: ChallengePanel.IOptions;
  private _trans: TranslationBundle;
}

/** A namespace for `ChallengePanel` statics. */
export namespace ChallengePanel {
  /** What the panel shows and who acts for it. */
  export interface IOptions {
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** Which notebook is active. */
    tracker: INotebookTracker | null;
    /** The application's language. */
    translator: ITranslator;
  }
}

function Panel(
  props: ChallengePanel.IOptions & { trans: TranslationBundle }
): JSX.Element {
  const { model, commands, trans } = props;
  const [filter, setFilter] = React.useState('');
  return (
    <UseSignal signal={model.stateChanged}>
      {() => (
        <>
          <div className="jp-Challenge-title">
            <h1>{trans.__('Challenges')}</h1>
            <button
              className="jp-Challenge-iconButton"
              title={trans.__('Refresh')}
              aria-label={trans.__('Refresh')}
              onClick={() => void commands.execute(CommandIDs.refresh)}
            >
              <refreshIcon.react tag="span" />
            </button>
          </div>
          <div className="jp-Challenge-body">
            {model.current === null ? (
              <ChallengeList
                model={model}
                commands={commands}
                trans={trans}
                filter={filter}
                setFilter={setFilter}
              />
            ) : (
              <ChallengePage
                key={model.current}
                {...props}
                id={model.current}
              />
            )}
          </div>
          <Footer model={model} trans={trans} />
        </>
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
        <>
          <span title={errorText(model.error!, trans).hint}>
            {errorText(model.error!, trans).message}
          </span>
          <button
            className="jp-Challenge-link"
            onClick={() => void model.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </>
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
