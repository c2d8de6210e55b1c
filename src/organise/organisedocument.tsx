// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { DatesForm } from './datesform';
import type { IFolders } from './folders';
import { AllSubmissions } from './submissions';
import { Versions } from './versions';
import { TabbedPage } from '../drawnpage';
import { ErrorFace, Face, Loading, NoChallenge } from '../marks';
import { Tabs } from '../tabs';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';
import type { ChallengeView } from '../wire';

/** The pages of the document. */
export const ORGANISE_TABS = ['submissions', 'versions', 'dates'] as const;

/** A page of the document. */
export type OrganiseTab = (typeof ORGANISE_TABS)[number];

/** What an organiser works with in the main area: submissions, versions, dates. */
export class OrganiseDocument extends TabbedPage<OrganiseTab> {
  /** Make the document of one challenge. */
  constructor(private readonly options: OrganiseDocument.IOptions) {
    const { challenge, tab, model, translator } = options;
    const trans = translator.load(DOMAIN);
    const name = trans.__('Organise: %1', challenge);
    super({
      id: `jupyter-challenge-organise-${challenge}`,
      label: name,
      region: name,
      className: 'jp-ChallengeDocument',
      model,
      tab
    });
    this.challenge = challenge;
    this._trans = trans;
  }

  /** The challenge that is shown. */
  readonly challenge: string;

  /** What the document shows with its tab. */
  protected drawTab(): JSX.Element {
    return (
      <Pages
        {...this.options}
        tab={this.tab}
        trans={this._trans}
        setTab={tab => {
          this.tab = tab;
        }}
        setTitle={label => {
          this.title.label = label;
        }}
      />
    );
  }

  private _trans: TranslationBundle;
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
    return error && error.status !== 404 ? (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => void model.refresh()}
      />
    ) : model.state === 'ready' && !isKnown ? (
      <NoChallenge {...props} />
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
