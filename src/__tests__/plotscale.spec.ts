// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import {
  decimalsFor,
  scale,
  scaleWithin,
  stepLine,
  ticks,
  timeRange,
  timeTicks,
  valueRange
} from '../board/plotscale';

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;

describe('scale', () => {
  it('turns values into places, also upside down', () => {
    expect(scale(5, [0, 10], [100, 200])).toBe(150);
    expect(scale(2, [0, 10], [200, 100])).toBe(180);
  });

  it('puts all in the middle of a range that has no width', () => {
    expect(scale(3, [3, 3], [0, 50])).toBe(25);
  });

  it('stays within where that is wanted', () => {
    expect(scaleWithin(20, [0, 10], [200, 100])).toBe(100);
    expect(scaleWithin(-1, [0, 10], [200, 100])).toBe(200);
  });
});

describe('ticks', () => {
  it.each([
    [[0, 1], 4, [0, 0.5, 1]],
    [[0.62, 0.97], 4, [0.7, 0.8, 0.9]],
    [[-3, 3], 3, [-2, 0, 2]],
    [[0.96661, 0.96674], 3, [0.96665, 0.9667]],
    [[1200, 9100], 4, [2000, 4000, 6000, 8000]]
  ] as [[number, number], number, number[]][])(
    'of %j, about %d, are round',
    (range, wanted, expected) => {
      expect(ticks(range, wanted)).toEqual(expected);
    }
  );

  it('are none for no range', () => {
    expect(ticks([1, 1], 4)).toEqual([]);
    expect(ticks([0, 1], 0)).toEqual([]);
  });

  it('never become many', () => {
    for (let n = 0; n < 200; n++) {
      const low = Math.sin(n) * Math.pow(10, (n % 9) - 4);
      const range = [low, low + Math.pow(7, (n % 11) - 5)] as const;
      const found = ticks(range, 5);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(6);
      expect(found[0]).toBeGreaterThanOrEqual(range[0] - 1e-9);
    }
  });

  it('show as many decimals as tell them apart', () => {
    expect(decimalsFor([0.7, 0.8, 0.9], 4)).toBe(1);
    expect(decimalsFor([2000, 4000], 4)).toBe(0);
    expect(decimalsFor([0.96665, 0.9667], 6)).toBe(5);
    expect(decimalsFor([0.5], 4)).toBe(4);
  });
});

describe('the range of values', () => {
  it('holds all and some air', () => {
    const [low, high] = valueRange([0.5, 0.7, 0.9], 'maximize');
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.9);
  });

  it('leaves out what is far worse than most, whichever way is better', () => {
    const more = valueRange([-1000, 0.7, 0.8, 0.81, 0.9], 'maximize');
    expect(more[0]).toBeGreaterThan(0);
    expect(more[1]).toBeGreaterThan(0.9);
    const less = valueRange([1000, 0.3, 0.2, 0.21, 0.1], 'minimize');
    expect(less[1]).toBeLessThan(1);
    expect(less[0]).toBeLessThan(0.1);
  });

  it('keeps what is far better than most', () => {
    expect(valueRange([0.1, 0.1, 0.11, 0.9], 'maximize')[1]).toBeGreaterThan(
      0.9
    );
  });

  it('has a width for one value and for none', () => {
    const [low, high] = valueRange([0.5], 'maximize');
    expect(high).toBeGreaterThan(low);
    expect(valueRange([], 'minimize')).toEqual([0, 1]);
  });
});

describe('times', () => {
  const utc = () => 0;

  it('stand at full hours', () => {
    const start = Date.UTC(2026, 4, 1, 9, 20);
    const found = timeTicks([start, start + 6 * HOUR], 6, utc);
    expect(found.map(one => new Date(one.at).toISOString())).toEqual([
      '2026-05-01T10:00:00.000Z',
      '2026-05-01T11:00:00.000Z',
      '2026-05-01T12:00:00.000Z',
      '2026-05-01T13:00:00.000Z',
      '2026-05-01T14:00:00.000Z',
      '2026-05-01T15:00:00.000Z'
    ]);
    expect(found.some(one => one.isDay)).toBe(false);
  });

  it('stand at midnights of the zone, also over a change to summer time', () => {
    // Zurich: an hour before UTC's midnight, two from 29 March 2026 on.
    const change = Date.UTC(2026, 2, 29, 1);
    const zurich = (at: number) => (at < change ? -60 : -120);
    const start = Date.UTC(2026, 2, 27, 12);
    const found = timeTicks([start, start + 4 * DAY], 4, zurich);
    expect(found.map(one => new Date(one.at).toISOString())).toEqual([
      '2026-03-27T23:00:00.000Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
      '2026-03-30T22:00:00.000Z'
    ]);
    expect(found.every(one => one.isDay)).toBe(true);
  });

  it('never become more than wanted by much', () => {
    for (let n = 0; n < 24; n++) {
      const range = [0, 60_000 * Math.pow(2, n)] as const;
      expect(timeTicks(range, 6, utc).length).toBeLessThanOrEqual(7);
    }
  });

  it('hold all that happened, and now', () => {
    const [from, to] = timeRange([5 * DAY, 2 * DAY], 6 * DAY);
    expect(from).toBeLessThan(2 * DAY);
    expect(to).toBeGreaterThan(6 * DAY);
    expect(timeRange([], 6 * DAY)).toEqual([5 * DAY, 6 * DAY]);
  });
});

describe('a step line', () => {
  it('holds each value until the next', () => {
    const steps = [
      { at: 1, value: 0.5 },
      { at: 3, value: 0.7 }
    ];
    expect(stepLine(steps, 9)).toEqual([
      { at: 1, value: 0.5 },
      { at: 3, value: 0.5 },
      { at: 3, value: 0.7 },
      { at: 9, value: 0.7 }
    ]);
    expect(stepLine([], 9)).toEqual([]);
  });
});
