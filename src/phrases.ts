// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { components } from './schema';
import { exactTime } from './time';

/** A sentence of the service, with its values apart. */
export type Phrase = components['schemas']['Phrase'];

type Value = NonNullable<Phrase['values']>[number];

/**
 * Say a sentence of the service in the user's language.
 *
 * #### Notes
 * Its English text is what the catalogues know it by; a text that they do not know, such as one of
 * a newer service, stays English.
 */
export function said(phrase: Phrase, trans: TranslationBundle): string {
  const values = (phrase.values ?? []).map(value => valueText(value, trans));
  const [count] = phrase.values ?? [];
  return phrase.plural && typeof count === 'number'
    ? trans._n(phrase.text, phrase.plural, count, ...values.slice(1))
    : trans.__(phrase.text, ...values);
}

function valueText(value: Value, trans: TranslationBundle): string {
  if (typeof value === 'string' || typeof value === 'number') {
    return String(value);
  }
  if (Array.isArray(value)) {
    return value
      .map(one => valueText(one, trans))
      .reduce((all, one) => (all ? trans.__('%1, %2', all, one) : one), '');
  }
  return 'at' in value ? exactTime(value.at) : said(value, trans);
}
