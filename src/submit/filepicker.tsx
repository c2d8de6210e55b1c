// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Loading } from '../marks';
import { bytes } from '../words';
import type { ISubject } from './draft';
import { isIn, isOffered, toggled } from './picking';

interface IProps {
  contents: Contents.IManager;
  subject: ISubject;
  /** The names that travel: of files, and of folders with all that they hold. */
  declared: ReadonlyArray<string>;
  setDeclared: (declared: string[]) => void;
  trans: TranslationBundle;
}

/** The folder beside the notebook, to tick what travels with it. */
export function FilePicker(props: IProps): JSX.Element {
  const { trans } = props;
  return (
    <div
      className="jp-Challenge-picker"
      role="group"
      aria-label={trans.__('Files that may travel')}
    >
      <Folder {...props} path="" depth={0} />
    </div>
  );
}

/** What a folder holds; each folder in it opens when it is wanted. */
function Folder(props: IProps & { path: string; depth: number }): JSX.Element {
  const { contents, subject, path, trans } = props;
  const [items, setItems] = React.useState<Contents.IModel[] | null>(null);
  const [error, setError] = React.useState('');
  React.useEffect(() => {
    let isGone = false;
    const folder = PathExt.join(PathExt.dirname(subject.contentsPath), path);
    contents.get(folder, { type: 'directory', content: true }).then(
      model => {
        if (!isGone) {
          setItems(
            (model.content as Contents.IModel[])
              .filter(item => isOffered(joined(path, item.name), subject.name))
              .sort(
                (a, b) =>
                  Number(b.type === 'directory') -
                    Number(a.type === 'directory') ||
                  a.name.localeCompare(b.name)
              )
          );
        }
      },
      reason => {
        if (!isGone) {
          setError(String(reason?.message ?? reason));
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [path]);
  if (error) {
    return (
      <p className="jp-Challenge-hint">
        {trans.__('The folder cannot be read: %1', error)}
      </p>
    );
  }
  if (!items) {
    return <Loading trans={trans} />;
  }
  if (!items.length) {
    return (
      <p className="jp-Challenge-hint">
        {trans.__('There is nothing in this folder that could travel.')}
      </p>
    );
  }
  return (
    <ul>
      {items.map(item => (
        <Item key={item.name} {...props} item={item} />
      ))}
    </ul>
  );
}

function Item(
  props: IProps & { path: string; depth: number; item: Contents.IModel }
): JSX.Element {
  const { declared, setDeclared, trans, item } = props;
  const [isOpen, setOpen] = React.useState(false);
  const id = React.useId();
  const path = joined(props.path, item.name);
  const isFolder = item.type === 'directory';
  const isInFolder = isIn(path, declared);
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <li>
      <div
        className="jp-Challenge-pickerItem"
        style={{ paddingLeft: `${16 * props.depth}px` }}
      >
        {isFolder ? (
          <button
            type="button"
            className="jp-Challenge-iconButton"
            aria-expanded={isOpen}
            aria-label={trans.__('Show what is in %1', item.name)}
            onClick={() => setOpen(!isOpen)}
          >
            <Caret.react tag="span" />
          </button>
        ) : (
          <span className="jp-Challenge-iconButton" aria-hidden="true" />
        )}
        <input
          id={id}
          type="checkbox"
          checked={isInFolder || declared.includes(path)}
          disabled={isInFolder}
          onChange={() => setDeclared(toggled(path, declared))}
        />
        <label htmlFor={id}>
          {isFolder ? trans.__('%1 (whole folder)', item.name) : item.name}
        </label>
        <span className="jp-Challenge-number">
          {typeof item.size === 'number' ? bytes(item.size, trans) : ''}
        </span>
      </div>
      {isOpen && <Folder {...props} path={path} depth={props.depth + 1} />}
    </li>
  );
}

function joined(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}
