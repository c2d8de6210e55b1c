// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PartialJSONValue } from '@lumino/coreutils';
import { JSONExt } from '@lumino/coreutils';

/** Where a schema has texts that users read, with the contexts that JupyterLab gives them. */
const TEXTS: readonly [RegExp, string][] = [
  [/^\/properties\/.*\/(title|description)$/, 'settings'],
  [/^\/jupyter\.lab\.setting-icon-label$/, 'settings'],
  [/^\/jupyter\.lab\.toolbars\/.*\/label$/, 'toolbar'],
  [/^\/(title|description)$/, 'schema']
];

/**
 * Say the texts of a plugin's schema in the user's language: its settings and toolbar buttons.
 *
 * #### Notes
 * The Jupyter server translates schemas only with what JupyterLab's own language packs know. The
 * schema has to say `jupyter.lab.transform`, so that nobody reads it before.
 */
export function translateSchema(
  registry: ISettingRegistry,
  plugin: string,
  trans: TranslationBundle
): void {
  registry.transform(plugin, {
    fetch: fetched => ({
      ...fetched,
      schema: translated(
        fetched.schema as PartialJSONValue,
        trans
      ) as ISettingRegistry.ISchema
    })
  });
}

/** A schema, or a part of it, in the language of a bundle. */
export function translated(
  value: PartialJSONValue,
  trans: TranslationBundle,
  path = ''
): PartialJSONValue {
  if (typeof value === 'string') {
    const context = TEXTS.find(([place]) => place.test(path))?.[1];
    // No text is none in every language; gettext keeps its own notes under it.
    return context && value ? trans._p(context, value) : value;
  }
  if (JSONExt.isPrimitive(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((one, index) =>
      translated(one, trans, `${path}/${index}`)
    );
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [key, translated(one!, trans, `${path}/${key}`)])
  );
}
