// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { parameterKind, parameterText, readParameter } from './parameters';

/** The parameters of the notebook's tagged cell, each with the kind of value that it has there. */
export function ParameterFields(props: {
  given: Readonly<Record<string, unknown>>;
  texts: Readonly<Record<string, string>>;
  setTexts: (texts: Record<string, string>) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { given, texts, setTexts } = props;
  return (
    <>
      {Object.entries(given).map(([name, value]) => (
        <ParameterField
          key={name}
          name={name}
          given={value}
          text={texts[name] ?? parameterText(value)}
          setText={text => setTexts({ ...texts, [name]: text })}
          trans={props.trans}
        />
      ))}
    </>
  );
}

function ParameterField(props: {
  name: string;
  given: unknown;
  text: string;
  setText: (text: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { name, given, text, setText, trans } = props;
  const id = React.useId();
  const kind = parameterKind(given);
  const before = parameterText(given);
  const { error } = readParameter(text, given, trans);
  return (
    <div className="jp-Challenge-parameter">
      <label htmlFor={id}>
        <code>{name}</code>
      </label>
      {kind === 'boolean' ? (
        <span>
          <input
            id={id}
            data-parameter={name}
            type="checkbox"
            checked={text === 'true'}
            onChange={event => setText(String(event.target.checked))}
          />
        </span>
      ) : (
        <input
          id={id}
          data-parameter={name}
          className={`jp-mod-styled ${kind === 'number' ? 'jp-mod-number' : ''}`}
          type="text"
          inputMode={kind === 'number' ? 'decimal' : 'text'}
          spellCheck={false}
          autoComplete="off"
          placeholder={kind === 'null' ? trans.__('nothing') : ''}
          value={text}
          aria-invalid={error !== undefined}
          aria-describedby={
            error !== undefined || text !== before ? `${id}-said` : undefined
          }
          onChange={event => setText(event.target.value)}
        />
      )}
      {(error !== undefined || text !== before) && (
        <span
          id={`${id}-said`}
          className={
            error === undefined
              ? 'jp-Challenge-hint'
              : 'jp-Challenge-fieldError'
          }
        >
          {error ??
            (before === ''
              ? trans.__('The notebook has nothing.')
              : trans.__('The notebook has %1.', before))}{' '}
          <button
            type="button"
            className="jp-Challenge-link"
            aria-label={trans.__('Take back what %1 was set to', name)}
            onClick={() => setText(before)}
          >
            {trans.__('Take back')}
          </button>
        </span>
      )}
    </div>
  );
}
