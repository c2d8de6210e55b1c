import { MainAreaWidget, Notification } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { IFolders } from './folders';
import { OrganiserApi } from './organiserapi';
import { useReading } from './overview';
import { PreviewView } from './previewview';
import { CommandIDs } from '../commandids';
import { challengeIcon } from '../icons';
import { ErrorFace, Face, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import { DOMAIN } from '../tokens';

/** What publishing a folder would do, and the button that does it. */
export class PublishDocument extends MainAreaWidget<ReactWidget> {
  /** Make the page of one folder. */
  constructor(options: PublishDocument.IOptions) {
    const body = new Body(options);
    super({ content: body });
    this.path = options.path;
    this.id = `jupyter-challenge-publish-${options.path}`;
    this.addClass('jp-ChallengePage');
    this.toolbar.hide();
    this.title.icon = challengeIcon;
    this.title.closable = true;
    this.title.label = options.translator
      .load(DOMAIN)
      .__('Publish: %1', options.path.split('/').pop() || '/');
    this.title.caption = options.path;
  }

  /** The folder. */
  readonly path: string;

  /** Look at the folder again. */
  look(): void {
    (this.content as Body).look();
  }
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
    /** What remembers folders. */
    folders: IFolders;
    /** The application's language. */
    translator: ITranslator;
  }
}

class Body extends ReactWidget {
  constructor(private readonly options: PublishDocument.IOptions) {
    super();
    this._trans = options.translator.load(DOMAIN);
    this.addClass('jp-Challenge');
    this.addClass('jp-ChallengeDocument');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      this._trans.__('Publish: %1', options.path)
    );
    this.node.tabIndex = 0;
  }

  look(): void {
    this._round += 1;
    this.update();
  }

  protected render(): JSX.Element {
    return (
      <Page
        {...this.options}
        trans={this._trans}
        round={this._round}
        look={() => this.look()}
      />
    );
  }

  private _round = 0;
  private _trans: TranslationBundle;
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
