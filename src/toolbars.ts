// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { createToolbarFactory, setToolbar } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITranslator } from '@jupyterlab/translation';
import type { Toolbar } from '@jupyterlab/ui-components';
import type { PartialJSONValue } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

import { translated } from './schematexts';
import { DOMAIN } from './tokens';

/** A panel or a page with a toolbar of its own. */
export type WithToolbar = Widget & { readonly toolbar: Toolbar };

/** What fills the toolbar of a panel or a page. */
export type FillToolbar = (widget: WithToolbar) => void;

/** The plugin whose schema has the toolbar of all pages. */
export const VIEWS = 'jupyter-challenge:views';

/** Fill the toolbars of the pages in the main area. */
export function pageToolbars(
  registry: IToolbarWidgetRegistry | null,
  settings: ISettingRegistry | null,
  translator: ITranslator
): FillToolbar {
  return toolbarFiller({
    registry,
    settings,
    plugin: VIEWS,
    factory: 'ChallengePage',
    translator
  });
}

/**
 * Fill toolbars with what the settings and other extensions put into them.
 *
 * #### Notes
 * An empty toolbar takes no room. Where there are no settings at all, it stays empty.
 */
export function toolbarFiller(options: {
  registry: IToolbarWidgetRegistry | null;
  settings: ISettingRegistry | null;
  /** The plugin whose schema has the toolbar. */
  plugin: string;
  /** The name under which schemas put something into it. */
  factory: string;
  translator: ITranslator;
}): FillToolbar {
  const { registry, settings, plugin, factory, translator } = options;
  if (!registry || !settings) {
    return widget => widget.toolbar.hide();
  }
  const items = createToolbarFactory(
    registry,
    inLanguage(settings, translator),
    factory,
    plugin,
    translator
  );
  return widget => {
    setToolbar(widget, () => {
      const list = items(widget);
      const show = () => widget.toolbar.setHidden(list.length === 0);
      list.changed.connect(show);
      show();
      return list;
    });
  };
}

/**
 * The settings, with the texts of a toolbar's schema in the user's language.
 *
 * #### Notes
 * A schema can be transformed once, and the toolbar does it.
 */
function inLanguage(
  settings: ISettingRegistry,
  translator: ITranslator
): ISettingRegistry {
  const trans = translator.load(DOMAIN);
  const transform: ISettingRegistry['transform'] = (plugin, by) =>
    settings.transform(plugin, {
      compose: by.compose,
      fetch: fetched =>
        by.fetch!({
          ...fetched,
          schema: translated(
            fetched.schema as PartialJSONValue,
            trans
          ) as ISettingRegistry.ISchema
        })
    });
  return new Proxy(settings, {
    get: (target, name) => {
      const value =
        name === 'transform' ? transform : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    }
  });
}
