// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { german } from './languages';
import type { Phrase } from '../phrases';
import { said } from '../phrases';

function phrase(
  text: string,
  values: Phrase['values'] = [],
  plural: string | null = null
): Phrase {
  return { text, plural, values };
}

describe('said', () => {
  const trans = german();

  it('says a sentence, its lists and numbers in the language', () => {
    const board = phrase(
      'Changed: %1. A new board begins in %2; %3 of %4 stay on the old one, which is not shown any more. Nothing is scored again by itself.',
      [
        [phrase('the labels'), phrase('the metrics')],
        'Final',
        phrase('1 scored submission', [3], '%1 scored submissions'),
        phrase('1 team', [1], '%1 teams')
      ]
    );
    expect(said(board, trans)).toBe(
      'Geändert: die Lösungen, die Metriken. In Final beginnt eine neue Bestenliste. Auf der alten, die nicht mehr gezeigt wird, bleibt: 3 bewertete Einreichungen von 1 Team. Nichts wird von selbst neu bewertet.'
    );
  });

  it('says a date in the zone of the reader', () => {
    const at = '2030-05-01T18:00:00Z';
    expect(
      said(phrase('%1 starts on %2.', ['Final', { at, text: '' }]), trans)
    ).toMatch(/^Final beginnt am .*2030/);
  });

  it('leaves in English what no catalogue knows', () => {
    expect(said(phrase('A newer %1.', ['sentence']), trans)).toBe(
      'A newer sentence.'
    );
  });
});
