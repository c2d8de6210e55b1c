// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ILogText } from '../run/logtext';
import { append, asLeft, BLOCK, EMPTY, search } from '../run/logtext';

function textOf(log: ILogText): string {
  return log.blocks.map(block => block.lines.join('\n')).join('\n');
}

describe('asLeft', () => {
  it.each([
    ['plain', 'plain'],
    [' 1%\r 2%\r 3%', ' 3%'],
    [' 99%\r', ' 99%'],
    ['\r 5%', ' 5%'],
    ['', '']
  ])('%j is left as %j', (line, left) => {
    expect(asLeft(line)).toBe(left);
  });
});

describe('append', () => {
  it('joins what was cut anywhere', () => {
    const text = 'first\nsecond\n\n10%\r20%\nlast';
    for (let at = 0; at <= text.length; at++) {
      const log = append(append(EMPTY, text.slice(0, at)), text.slice(at));
      expect(textOf(log)).toBe('first\nsecond\n\n20%\nlast');
      expect(log.size).toBe('firstsecond20%last'.length);
    }
    expect(textOf(append(append(EMPTY, 'a\n10%\r'), '\n'))).toBe('a\n10%\n');
  });

  it('leaves a block alone once it is complete', () => {
    const line = (n: number) => `line ${n}\n`;
    let log = EMPTY;
    for (let n = 0; n < BLOCK + 2; n++) {
      log = append(log, line(n));
    }
    const [first] = log.blocks;
    expect(first.lines).toHaveLength(BLOCK);
    log = append(log, line(1).repeat(BLOCK));
    expect(log.blocks[0]).toBe(first);
    expect(log.blocks.map(block => block.start)).toEqual([0, BLOCK, 2 * BLOCK]);
  });

  it('keeps the end of a log that is too long, and counts what it left out', () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n}`);
    const log = append(EMPTY, lines.join('\n'));
    expect(log.leftOut).toBeGreaterThan(0);
    expect(log.blocks[0].lines[0]).toBe(`line ${log.leftOut}`);
    const more = append(log, '\nmore');
    expect(textOf(more).endsWith('line 59999\nmore')).toBe(true);
    expect(more.blocks[0].start).toBe(more.leftOut);
  });
});

describe('search', () => {
  it('finds lines whatever their case', () => {
    const log = append(EMPTY, 'Epoch 1\nloss\nEPOCH 2');
    expect(search(log, 'epoch')).toEqual({
      lines: ['Epoch 1', 'EPOCH 2'],
      count: 2
    });
  });
});
