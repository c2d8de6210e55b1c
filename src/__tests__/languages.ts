// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { Gettext } from '@jupyterlab/translation';

import de from '../../jupyter_challenge/locale/de_DE/LC_MESSAGES/jupyter_challenge.json';
import ja from '../../jupyter_challenge/locale/ja_JP/LC_MESSAGES/jupyter_challenge.json';

/** Our German words, loaded as JupyterLab loads them. */
export function german(): TranslationBundle {
  return loaded('de_DE', de);
}

/** Our Japanese words, loaded as JupyterLab loads them. */
export function japanese(): TranslationBundle {
  return loaded('ja_JP', ja);
}

function loaded(
  language: string,
  texts: { '': { plural_forms: string } }
): TranslationBundle {
  const trans = new Gettext();
  const { plural_forms: pluralForms, ...about } = texts[''];
  trans.setLocale(language);
  trans.loadJSON(
    { ...texts, '': { ...about, pluralForms } } as any,
    'jupyter_challenge'
  );
  trans.setDomain('jupyter_challenge');
  return trans;
}
