// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { textBelow } from '../challenge/textbelow';

it.each([
  ['# Iris\n\nTell three\nspecies apart.\n\n## Data\n', '## Data\n'],
  ['\n# iris #\nMore.', 'More.'],
  ['# Iris\n\nTell three species apart. And more.', null],
  [
    '# Another\n\nTell three species apart.',
    '# Another\n\nTell three species apart.'
  ],
  ['## Iris\n\nText.', '## Iris\n\nText.'],
  ['No heading.', 'No heading.'],
  ['# Iris', '']
])('what stands below the head of %j', (markdown, below) => {
  expect(textBelow(markdown, 'Iris', 'Tell three species apart.')).toBe(
    below ?? 'Tell three species apart. And more.'
  );
});
