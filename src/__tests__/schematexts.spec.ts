// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { german } from './languages';
import schema from '../../schema/plugin.json';
import { translated } from '../schematexts';

describe('translated', () => {
  const said = translated(schema as any, german()) as any;

  it('says settings and toolbar buttons in the language', () => {
    expect(said.title).toBe('Challenges');
    expect(said.properties.notify.title).toBe('Das Ende eines Laufs melden');
    expect(said.properties.notify.oneOf[2].title).toBe('Nie');
    expect(
      said['jupyter.lab.toolbars'].Notebook.map((one: any) => one.label)
    ).toEqual(['Einreichen', 'Probieren']);
  });

  it('leaves alone what programs read, and the schema it was given', () => {
    expect(said['jupyter.lab.menus']).toEqual(schema['jupyter.lab.menus']);
    expect(said['jupyter.lab.shortcuts']).toEqual(
      schema['jupyter.lab.shortcuts']
    );
    expect(said.properties.notify.oneOf[2].const).toBe('never');
    expect(schema.properties.notify.title).toBe('Say when a run has ended');
  });
});
