// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { FieldChanges, FileChanges } from './changes';
import type { IPageProps } from './organisedocument';
import type { VersionView } from './organiserapi';
import { OrganiserApi } from './organiserapi';
import { changeWord } from './organisewords';
import { useReading } from './overview';
import { Ago, ErrorFace, Loading } from '../marks';
import { tell } from '../tell';

/** The file in which a challenge is written down. */
const SPEC = 'challenge.yaml';

/** The published versions: who, when, what changed, how many submissions each has. */
export function Versions(props: IPageProps): JSX.Element {
  const { model, view, commands, trans } = props;
  const { value, error, again } = useReading(
    () => new OrganiserApi(model.api).versions(view.id),
    [model, view.id, view.version]
  );
  const [shown, setShown] = React.useState<string | null>(null);
  return (
    <section aria-label={trans.__('Versions')}>
      <div className="jp-Challenge-boardBar">
        <span className="jp-Challenge-hint">
          {trans.__(
            'A version never changes: what was scored under it stays as it was.'
          )}
        </span>
        <span className="jp-Challenge-space" />
        <button
          className="jp-Challenge-button jp-mod-styled"
          onClick={() =>
            void commands.execute(CommandIDs.publishFolder, {
              challenge: view.id
            })
          }
        >
          {trans.__('Publish new version…')}
        </button>
      </div>
      {!value ? (
        error ? (
          <ErrorFace error={error} trans={trans} retry={again} />
        ) : (
          <Loading trans={trans} />
        )
      ) : (
        <div
          className="jp-Challenge-wide"
          role="region"
          tabIndex={0}
          aria-label={trans.__('List of versions')}
        >
          <table className="jp-Challenge-table jp-Challenge-versions">
            <thead>
              <tr>
                <th scope="col">{trans.__('Version')}</th>
                <th scope="col">{trans.__('Published')}</th>
                <th scope="col">{trans.__('By')}</th>
                <th scope="col">{trans.__('Changed')}</th>
                <th scope="col" className="jp-mod-number">
                  {trans.__('Submissions')}
                </th>
                <th scope="col">{trans.__('File')}</th>
              </tr>
            </thead>
            <tbody>
              {value.map(one => (
                <React.Fragment key={one.digest}>
                  <Row
                    {...props}
                    version={one}
                    isOpen={shown === one.digest}
                    toggle={() =>
                      setShown(shown === one.digest ? null : one.digest)
                    }
                  />
                  {shown === one.digest && (
                    <tr>
                      <td colSpan={6} className="jp-Challenge-versionChanges">
                        <Changes {...props} digest={one.digest} />
                      </td>
                    </tr>
                  )}
                </React.Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row(
  props: IPageProps & {
    version: VersionView;
    isOpen: boolean;
    toggle: () => void;
  }
): JSX.Element {
  const { model, view, trans, version, isOpen, toggle } = props;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const isFirst = version.changed.includes('first');
  return (
    <tr className={version.current ? 'jp-mod-current' : ''}>
      <th scope="row" title={version.digest}>
        {version.number}
        {version.current && (
          <span className="jp-Challenge-badge">{trans.__('current')}</span>
        )}
      </th>
      <td>
        <Ago time={version.published_at} model={model} trans={trans} />
      </td>
      <td>{version.published_by}</td>
      <td>
        {isFirst ? (
          changeWord('first', trans)
        ) : (
          <button
            className="jp-Challenge-link jp-Challenge-toggle"
            aria-expanded={isOpen}
            onClick={toggle}
          >
            <Caret.react tag="span" />
            {words(version, trans)}
          </button>
        )}
        {version.new_board && (
          <span className="jp-Challenge-badge">{trans.__('new board')}</span>
        )}
      </td>
      <td className="jp-mod-number">{version.submissions}</td>
      <td>
        <a
          className="jp-Challenge-link"
          href={new OrganiserApi(model.api).specUrl(view.id, version.digest)}
          aria-label={trans.__(
            'Download challenge.yaml of version %1',
            version.number
          )}
          download
        >
          {SPEC}
        </a>
        {!version.current && (
          <button
            className="jp-Challenge-button jp-mod-styled"
            aria-label={trans.__(
              'Make version %1 current again',
              version.number
            )}
            onClick={() => void makeCurrent(props)}
          >
            {trans.__('Make current…')}
          </button>
        )}
      </td>
    </tr>
  );
}

/** Make an older version current again, after saying what that means. */
async function makeCurrent(
  props: IPageProps & { version: VersionView }
): Promise<void> {
  const { model, view, trans, version } = props;
  const answer = await showDialog({
    title: trans.__('Make version %1 current again?', version.number),
    body: trans.__(
      'From now on the challenge is as it was in this version: its dates, quotas, metrics and files. Where the boards differ, those of this version are shown again. No version and no score is lost.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Make current') })
    ]
  });
  if (!answer.button.accept) {
    return;
  }
  try {
    const api = new OrganiserApi(model.api);
    await api.makeCurrent(view.id, version.digest, view.version);
    await model.loadChallenge(view.id);
  } catch (error) {
    tell(error, trans);
  }
}

function words(version: VersionView, trans: TranslationBundle): string {
  return version.changed.map(part => changeWord(part, trans)).join(', ');
}

function Changes(props: IPageProps & { digest: string }): JSX.Element {
  const { model, view, trans, digest } = props;
  const { value, error, again } = useReading(
    () => new OrganiserApi(model.api).changes(view.id, digest),
    [model, view.id, digest]
  );
  if (!value) {
    return error ? (
      <ErrorFace error={error} trans={trans} retry={again} />
    ) : (
      <Loading trans={trans} />
    );
  }
  return (
    <>
      <FieldChanges fields={value.fields} trans={trans} />
      <FileChanges files={value.files} trans={trans} />
    </>
  );
}
