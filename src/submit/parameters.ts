// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

/** The kinds of values that a notebook's parameters have. */
export type ParameterKind =
  'number' | 'text' | 'boolean' | 'null' | 'list' | 'object';

/** What the text of a field stands for, or why it stands for nothing. */
export type ParameterReading =
  { value: unknown; error?: undefined } | { value?: undefined; error: string };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The kind of a value that the notebook gives. */
export function parameterKind(given: unknown): ParameterKind {
  if (given === null || given === undefined) {
    return 'null';
  }
  if (Array.isArray(given)) {
    return 'list';
  }
  switch (typeof given) {
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'text';
    default:
      return 'object';
  }
}

/** A parameter's value as the text of a field. */
export function parameterText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? ''
      : JSON.stringify(value);
}

/**
 * The value that the text of a field stands for.
 *
 * #### Notes
 * A value keeps the kind that the notebook gives it. Where that is nothing, an empty field is
 * nothing, JSON is what it says, and all else is a text.
 */
export function readParameter(
  text: string,
  given: unknown,
  trans: TranslationBundle
): ParameterReading {
  switch (parameterKind(given)) {
    case 'text':
      return { value: text };
    case 'number':
      return NUMBER.test(text.trim()) && Number.isFinite(Number(text))
        ? { value: Number(text) }
        : { error: trans.__('Write a number, such as 0.5 or 1e-3.') };
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : { error: trans.__('Write true or false.') };
    case 'list': {
      const value = parsed(text);
      return Array.isArray(value)
        ? { value }
        : { error: trans.__('Write a list, such as [1, 2, 3].') };
    }
    case 'object': {
      const value = parsed(text);
      return value && typeof value === 'object' && !Array.isArray(value)
        ? { value }
        : { error: trans.__('Write an object, such as {"a": 1}.') };
    }
    case 'null': {
      const value = parsed(text);
      return {
        value: text.trim() === '' ? null : value === undefined ? text : value
      };
    }
  }
}

/** The parameters that differ from the notebook's, and what is wrong in the fields. */
export function readParameters(
  texts: Readonly<Record<string, string>>,
  given: Readonly<Record<string, unknown>>,
  trans: TranslationBundle
): { values: Record<string, unknown>; errors: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!(name in given)) {
      continue; // the notebook has changed since
    }
    const { value, error } = readParameter(text, given[name], trans);
    if (error !== undefined) {
      errors[name] = error;
    } else if (JSON.stringify(value) !== JSON.stringify(given[name])) {
      values[name] = value;
    }
  }
  return { values, errors };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
