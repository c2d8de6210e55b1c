// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { IFolders } from './folders';
import { OrganiserApi } from './organiserapi';
import { useReading } from './overview';
import { PreviewView } from './previewview';
import { CommandIDs } from '../commandids';
import { DrawnPage } from '../drawnpage';
import { ErrorFace, Face, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';

/** What publishing a folder would do, and the button that does it. */
export class PublishDocument extends DrawnPage {
  /** Make the page of one folder. */
  constructor(private readonly options: PublishDocument.IOptions) {
    const { path, model, translator } = options;
    const trans = translator.load(DOMAIN);
    super({
      id: `jupyter-challenge-publish-${path}`,
      label: trans.__('Publish: %1', path.split('/').pop() || '/'),
      caption: path,
      region: trans.__('Publish: %1', path),
      className: 'jp-ChallengeDocument',
      model
    });
    this.path = path;
    this._trans = trans;
    options.contents.fileChanged.connect(this._onFileChanged, this);
  }

  /** The folder. */
  readonly path: string;

  /** Follow the folder no longer. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.options.contents.fileChanged.disconnect(this._onFileChanged, this);
    super.dispose();
  }

  /** Look at the folder again. */
  look(): void {
    this._round += 1;
    this._looked.emit();
  }

  /** What the page shows now. */
  protected draw(): JSX.Element {
    return (
      <UseSignal signal={this._looked}>
        {() => (
          <Page
            {...this.options}
            trans={this._trans}
            round={this._round}
            look={() => this.look()}
          />
        )}
      </UseSignal>
    );
  }

  /** Somebody saved, renamed or removed a file here. */
  private _onFileChanged(
    _: Contents.IManager,
    change: Contents.IChangedArgs
  ): void {
    const folder = this.path && `${this.path}/`;
    const paths = [change.oldValue?.path, change.newValue?.path];
    if (paths.some(one => one?.startsWith(folder))) {
      this.look();
    }
  }

  private _looked = new Signal<this, void>(this);
  private _round = 0;
  private _trans: TranslationBundle;
}

/** A namespace for `PublishDocument` statics. */
export namespace PublishDocument {
  /** What the page is about. */
  export interface IOptions {
    /** The folder on the Jupyter server. */
    path: string;
    /** Challenges and submissions. */
    model: IChallengeModel;
    /** Where actions are executed. */
    commands: CommandRegistry;
    /** What tells of files that change. */
    contents: Contents.IManager;
    /** What remembers folders. */
    folders: IFolders;
    /** The application's language. */
    translator: ITranslator;
  }
}

function Page(
  props: PublishDocument.IOptions & {
    trans: TranslationBundle;
    round: number;
    look: () => void;
  }
): JSX.Element {
  const { path, model, commands, folders, trans, round, look } = props;
  const api = new OrganiserApi(model.api);
  const { value, error } = useReading(() => api.preview(path), [path, round]);
  const [isBusy, setBusy] = React.useState(false);
  const [refused, setRefused] = React.useState<RequestError | null>(null);
  React.useEffect(() => {
    model.wake();
    setRefused(null);
  }, [model, round]);

  const publish = async () => {
    setBusy(true);
    try {
      const view = await api.publish(path, value!);
      folders.remember(view.id, path);
      await model.refresh();
      await model.loadChallenge(view.id);
      model.current = view.id;
      Notification.success(trans.__('%1 is published.', view.title), {
        actions: [
          {
            label: trans.__('Show'),
            callback: () =>
              void commands.execute(CommandIDs.openChallenge, {
                challenge: view.id
              })
          }
        ]
      });
      look();
    } catch (reason) {
      if (!(reason instanceof RequestError)) {
        throw reason;
      }
      setRefused(reason);
    } finally {
      setBusy(false);
    }
  };

  if (error && !value) {
    return <ErrorFace error={error} trans={trans} retry={look} />;
  }
  if (!value) {
    return <Loading trans={trans} />;
  }
  const isWell = value.problems.length === 0;
  const isSame = isWell && value.digest === value.current;
  return (
    <>
      <h1>
        {!isWell
          ? trans.__('“%1” cannot be published yet', path)
          : value.new
            ? trans.__('Publish “%1” as a new challenge', value.title)
            : trans.__('Publish a new version of “%1”', value.title)}
      </h1>
      <p className="jp-Challenge-hint">
        {trans.__(
          'From the folder %1. Nothing is published before you press the button.',
          path
        )}
      </p>
      <div className="jp-Challenge-actions jp-Challenge-publishBar">
        {isWell && !isSame && (
          <button
            className="jp-Challenge-button jp-mod-styled jp-mod-accept"
            disabled={isBusy}
            onClick={() => void publish()}
          >
            {value.new
              ? trans.__('Publish the challenge')
              : trans.__('Publish this version')}
          </button>
        )}
        <button
          className="jp-Challenge-button jp-mod-styled"
          disabled={isBusy}
          onClick={look}
        >
          {trans.__('Look again')}
        </button>
      </div>
      {(refused ?? error) && (
        <ErrorFace error={(refused ?? error)!} trans={trans} retry={look} />
      )}
      {isSame ? (
        <Face
          title={trans.__('The folder is published as it is')}
          text={trans.__('Change something in it and save, then look again.')}
        />
      ) : (
        <PreviewView preview={value} trans={trans} />
      )}
    </>
  );
}
