// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { AboutPage } from './aboutpage';
import { DataPage, RulesPage } from './challengepages';
import { CommandIDs } from '../commandids';
import { TabbedPage } from '../drawnpage';
import { Leaderboard } from '../board/leaderboard';
import { ErrorFace, Loading, NoChallenge } from '../marks';
import type { RequestError } from '../request';
import { Tabs } from '../tabs';
import type { ChallengeTab, IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import type { ChallengeView } from '../wire';

/** A challenge's pages in the main area: about, data, board, rules. */
export class ChallengeDocument extends TabbedPage<ChallengeTab> {
  /** Make the document of one challenge. */
  constructor(private readonly options: ChallengeDocument.IOptions) {
    const { challenge, tab, model, translator } = options;
    const trans = translator.load(DOMAIN);
    super({
      id: `jupyter-challenge-${challenge}`,
      label: challenge,
      region: trans.__('Challenge'),
      className: 'jp-ChallengeDocument',
      model,
      tab
    });
    this.challenge = challenge;
    this._trans = trans;
  }

  /** The challenge that is shown. */
  readonly challenge: string;

  /** Bring a part of the page into sight, once it is there. */
  showSection(name: string): void {
    this._section = name;
    this._sectionWanted.emit();
  }

  /** What the document shows with its tab. */
  protected drawTab(): JSX.Element {
    return (
      <UseSignal signal={this._sectionWanted}>
        {() => (
          <Pages
            {...this.options}
            tab={this.tab}
            section={this._section}
            onSection={() => {
              this._section = '';
            }}
            open={this._open}
            trans={this._trans}
            setTab={tab => {
              this.tab = tab;
            }}
            setTitle={label => {
              this.title.label = label;
            }}
          />
        )}
      </UseSignal>
    );
  }

  private _open = (submission: string) =>
    void this.options.commands.execute(CommandIDs.openRun, { submission });
  private _section = '';
  private _sectionWanted = new Signal<this, void>(this);
  private _trans: TranslationBundle;
}

/** A namespace for `ChallengeDocument` statics. */
export namespace ChallengeDocument {
  /** What the document shows. */
  export interface IOptions {
    /** The challenge's id. */
    challenge: string;
    /** The page to begin with. */
    tab: ChallengeTab;
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** What draws Markdown. */
    rendermime: IRenderMimeRegistry;
    /** The application's language. */
    translator: ITranslator;
  }
}

function Pages(
  props: ChallengeDocument.IOptions & {
    trans: TranslationBundle;
    open: (submission: string) => void;
    section: string;
    onSection: () => void;
    setTab: (tab: ChallengeTab) => void;
    setTitle: (label: string) => void;
  }
): JSX.Element {
  const { model, trans, tab, setTab, challenge } = props;
  const view = model.challenge(challenge);
  React.useEffect(() => model.wake(), [model]);
  React.useEffect(() => {
    if (view) {
      props.setTitle(view.title);
    }
  }, [view?.title]);
  if (!view) {
    return (
      <NotYet error={model.refusal(challenge) ?? model.error} {...props} />
    );
  }
  const tabs: [ChallengeTab, string][] = [
    ['about', trans.__('About')],
    ['data', trans.__('Data')],
    ['board', trans.__('Board')],
    ['rules', trans.__('Rules')]
  ];
  return (
    <>
      <h1>{view.title}</h1>
      {view.summary && <p className="jp-Challenge-hint">{view.summary}</p>}
      <Tabs tabs={tabs} chosen={tab} choose={setTab}>
        <Page {...props} view={view} />
      </Tabs>
    </>
  );
}

function NotYet(props: {
  error: RequestError | null;
  model: IChallengeModel;
  challenge: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { error, model, challenge, trans } = props;
  // What does not exist has a face of its own.
  if (error && error.status !== 404) {
    return (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => void model.refresh()}
      />
    );
  }
  const isKnown = model.challenges.some(one => one.id === challenge);
  return model.state === 'ready' && !isKnown ? (
    <NoChallenge {...props} />
  ) : (
    <Loading trans={trans} />
  );
}

function Page(
  props: ChallengeDocument.IOptions & {
    view: ChallengeView;
    open: (submission: string) => void;
    section: string;
    onSection: () => void;
    trans: TranslationBundle;
  }
): JSX.Element {
  const { view, model, rendermime, trans, tab, open } = props;
  switch (tab) {
    case 'about':
      return (
        <AboutPage
          view={view}
          commands={props.commands}
          rendermime={rendermime}
          trans={trans}
          section={props.section}
          onSection={props.onSection}
        />
      );
    case 'data':
      return <DataPage view={view} model={model} trans={trans} />;
    case 'board':
      return (
        <Leaderboard view={view} model={model} trans={trans} open={open} />
      );
    case 'rules':
      return <RulesPage view={view} rendermime={rendermime} trans={trans} />;
  }
}
