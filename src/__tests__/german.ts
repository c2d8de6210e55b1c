import type { TranslationBundle } from '@jupyterlab/translation';
import { Gettext } from '@jupyterlab/translation';

import texts from '../../jupyter_challenge/locale/de_DE/LC_MESSAGES/jupyter_challenge.json';

/** Our German words, loaded as JupyterLab loads them. */
export function german(): TranslationBundle {
  const trans = new Gettext();
  const { plural_forms: pluralForms, ...about } = texts[''];
  trans.setLocale('de_DE');
  trans.loadJSON(
    { ...texts, '': { ...about, pluralForms } } as any,
    'jupyter_challenge'
  );
  trans.setDomain('jupyter_challenge');
  return trans;
}
