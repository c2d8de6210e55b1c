import { MainAreaWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { DatesForm } from './datesform';
import type { IFolders } from './folders';
import { AllSubmissions } from './submissions';
import { Versions } from './versions';
import { challengeIcon } from '../icons';
import { ErrorFace, Face, Loading } from '../marks';
import { Tabs } from '../tabs';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import type { ChallengeView } from '../wire';

/** The pages of the document. */
export const ORGANISE_TABS = ['submissions', 'versions', 'dates'] as const;

/** A page of the document. */
export type OrganiseTab = (typeof ORGANISE_TABS)[number];

/** What an organiser works with in the main area: submissions, versions, dates. */
export class OrganiseDocument extends MainAreaWidget<ReactWidget> {
  /** Make the document of one challenge. */
  constructor(options: OrganiseDocument.IOptions) {
    const body = new Body(options);
    super({ content: body });
    this.challenge = options.challenge;
    this.id = `jupyter-challenge-organise-${options.challenge}`;
    this.addClass('jp-ChallengePage');
    this.toolbar.hide();
    this.title.icon = challengeIcon;
    this.title.closable = true;
    this.title.label = options.translator
      .load(DOMAIN)
      .__('Organise: %1', options.challenge);
  }

  /** The challenge that is shown. */
  readonly challenge: string;

  /** The page that is shown. */
  get tab(): OrganiseTab {
    return (this.content as Body).tab;
  }
  set tab(tab: OrganiseTab) {
    (this.content as Body).tab = tab;
  }

  /** Emitted when another page is shown. */
  get tabChanged(): ISignal<object, OrganiseTab> {
    return (this.content as Body).tabChanged;
  }
}

/** A namespace for `OrganiseDocument` statics. */
export namespace OrganiseDocument {
  /** What the document shows. */
  export interface IOptions {
    /** The challenge's id. */
    challenge: string;
    /** The page to begin with. */
    tab: OrganiseTab;
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** What asks for a folder. */
    folders: IFolders;
    /** The application's language. */
    translator: ITranslator;
  }
}

/** What each page is made of. */
export interface IPageProps extends OrganiseDocument.IOptions {
  view: ChallengeView;
  trans: TranslationBundle;
}

class Body extends ReactWidget {
  constructor(private readonly options: OrganiseDocument.IOptions) {
    super();
    this._tab = options.tab;
    this._trans = options.translator.load(DOMAIN);
    this.addClass('jp-Challenge');
    this.addClass('jp-ChallengeDocument');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      this._trans.__('Organise: %1', options.challenge)
    );
    this.node.tabIndex = 0;
  }

  readonly tabChanged = new Signal<this, OrganiseTab>(this);

  get tab(): OrganiseTab {
    return this._tab;
  }
  set tab(tab: OrganiseTab) {
    if (tab !== this._tab) {
      this._tab = tab;
      this.tabChanged.emit(tab);
    }
  }

  dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this.options.model.stateChanged}>
        {() => (
          <UseSignal signal={this.tabChanged}>
            {() => (
              <Pages
                {...this.options}
                tab={this.tab}
                trans={this._trans}
                setTab={tab => {
                  this.tab = tab;
                }}
                setTitle={label => {
                  const title = this.parent?.title ?? this.title;
                  title.label = label;
                }}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  private _tab: OrganiseTab;
  private _trans: TranslationBundle;
}

function Pages(
  props: OrganiseDocument.IOptions & {
    trans: TranslationBundle;
    setTab: (tab: OrganiseTab) => void;
    setTitle: (label: string) => void;
  }
): JSX.Element {
  const { model, trans, tab, setTab, challenge } = props;
  const view = model.challenge(challenge);
  React.useEffect(() => model.wake(), [model]);
  React.useEffect(() => {
    if (view) {
      props.setTitle(trans.__('Organise: %1', view.title));
    }
  }, [view?.title]);
  if (!view) {
    const isKnown = model.challenges.some(one => one.id === challenge);
    const error = model.refusal(challenge) ?? model.error;
    return error ? (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => void model.refresh()}
      />
    ) : model.state === 'ready' && !isKnown ? (
      <Face title={trans.__('There is no challenge “%1” here', challenge)} />
    ) : (
      <Loading trans={trans} />
    );
  }
  if (view.role !== 'organiser' && view.role !== 'admin') {
    return <Face title={trans.__('Only its organisers see this')} />;
  }
  const tabs: [OrganiseTab, string][] = [
    ['submissions', trans.__('Submissions')],
    ['versions', trans.__('Versions')],
    ['dates', trans.__('Dates')]
  ];
  return (
    <>
      <h1>{trans.__('Organise: %1', view.title)}</h1>
      <Tabs tabs={tabs} chosen={tab} choose={setTab}>
        {tab === 'submissions' ? (
          <AllSubmissions {...props} view={view} />
        ) : tab === 'versions' ? (
          <Versions {...props} view={view} />
        ) : (
          <DatesForm {...props} view={view} />
        )}
      </Tabs>
    </>
  );
}
