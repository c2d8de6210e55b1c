// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { packageRows, parameterRows, scoreRows } from '../compare/differences';
import { kernelText } from '../run/environment';
import type { ScoreView, SubmissionView } from '../wire';
import { submission } from './wireparts';

function score(
  metric: string,
  value: number,
  changes: Partial<ScoreView> = {}
): ScoreView {
  return {
    board: 'public',
    metric,
    label: metric,
    value,
    display: value.toFixed(2),
    direction: 'maximize',
    ranked: true,
    ...changes
  };
}

function scored(...scores: ScoreView[]): SubmissionView {
  return submission({ state: 'scored', scores });
}

describe('scoreRows', () => {
  it('says which is better by the direction of the metric', () => {
    const loss = { direction: 'minimize' as const };
    const rows = scoreRows(
      scored(score('accuracy', 0.9), score('loss', 0.3, loss)),
      scored(score('accuracy', 0.95), score('loss', 0.4, loss))
    );
    expect(rows.map(row => [row.label, row.change, row.isBetter])).toEqual([
      ['accuracy', '+0.05', true],
      ['loss', '+0.10', false]
    ]);
  });

  it('calls what is equal as it ranks neither better nor worse', () => {
    const [row] = scoreRows(
      scored(score('accuracy', 0.9)),
      scored(score('accuracy', 0.9001))
    );
    expect(row.isBetter).toBeNull();
    expect(row.change).toBe('±0');
  });

  it('keeps a metric that only one of them has', () => {
    const rows = scoreRows(
      scored(score('accuracy', 0.9)),
      scored(score('accuracy', 0.8, { board: 'private' }))
    );
    expect(rows.map(row => [row.first, row.second, row.isBetter])).toEqual([
      ['0.90', '–', null],
      ['–', '0.80', null]
    ]);
  });
});

describe('parameterRows', () => {
  it('begins with what differs', () => {
    const rows = parameterRows(
      submission({ parameters: { a: 1, b: [1], c: 'x' } }),
      submission({ parameters: { a: 1, b: [1, 2], d: null } })
    );
    expect(rows).toEqual([
      { key: 'b', first: '[1]', second: '[1,2]' },
      { key: 'c', first: 'x', second: null },
      { key: 'd', first: null, second: 'null' },
      { key: 'a', first: '1', second: '1' }
    ]);
  });
});

describe('packageRows', () => {
  it('leaves out what is the same', () => {
    const rows = packageRows(
      submission({ environment: { packages: { numpy: '2.0', scipy: '1.0' } } }),
      submission({ environment: { packages: { numpy: '2.1', scipy: '1.0' } } })
    );
    expect(rows).toEqual([{ key: 'numpy', first: '2.0', second: '2.1' }]);
  });
});

describe('kernelText', () => {
  it('is short where little is known', () => {
    const of = (environment: Record<string, unknown>) =>
      kernelText(submission({ environment }));
    expect(
      of({ kernel: 'ir', display_name: 'R', language: 'r', version: '4.5' })
    ).toBe('R · 4.5');
    expect(of({ kernel: 'bash', language: 'bash' })).toBe('bash');
    expect(
      of({ kernel: 'xc', display_name: 'Notebook', language: 'julia' })
    ).toBe('Notebook · julia');
    expect(of({})).toBe('');
  });
});
