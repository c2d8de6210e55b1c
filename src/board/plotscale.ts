// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The sums behind the plot of scores over time; pure. */

/** A point of the plot, in the units of what it shows. */
export interface IValue {
  /** When, in milliseconds. */
  at: number;
  /** How much. */
  value: number;
}

/** From where to where. */
export type Range = readonly [number, number];

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map(n => n * MINUTE),
  ...[1, 2, 3, 6, 12].map(n => n * HOUR),
  ...[1, 2, 4, 7, 14, 28, 56, 91, 182, 365].map(n => n * DAY)
];

/** How far beyond the best a bad score may push the axis, in spans from median to best. */
const REACH = 6;

/** Turn a value of one range into the place in another. */
export function scale(value: number, from: Range, to: Range): number {
  const span = from[1] - from[0];
  return span === 0
    ? (to[0] + to[1]) / 2
    : to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/** The same, kept within what it is turned into. */
export function scaleWithin(value: number, from: Range, to: Range): number {
  const low = Math.min(...to);
  const high = Math.max(...to);
  return Math.min(high, Math.max(low, scale(value, from, to)));
}

/**
 * The values that the axis shows.
 *
 * #### Notes
 * One run gone wrong must not press all others into a line: what is much worse than most is left
 * out, and stands at the edge of the plot.
 */
export function valueRange(
  values: ReadonlyArray<number>,
  direction: 'maximize' | 'minimize'
): Range {
  const sorted = [...values].sort((a, b) => a - b);
  if (!sorted.length) {
    return [0, 1];
  }
  let [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const median = sorted[Math.floor(sorted.length / 2)];
  if (direction === 'maximize') {
    const reach = REACH * (high - median);
    low = reach > 0 ? Math.max(low, high - reach) : low;
  } else {
    const reach = REACH * (median - low);
    high = reach > 0 ? Math.min(high, low + reach) : high;
  }
  const air = (high - low) * 0.08 || Math.abs(high) * 0.05 || 0.5;
  return [low - air, high + air];
}

/** Round values within a range, about as many as wanted: 1, 2 or 5 times a power of ten apart. */
export function ticks(range: Range, wanted: number): number[] {
  const span = range[1] - range[0];
  if (!(span > 0) || wanted < 1) {
    return [];
  }
  const rough = span / wanted;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const times = [1, 2, 5, 10].find(n => n * power >= rough * 0.999) ?? 10;
  const step = times * power;
  const found: number[] = [];
  // Counted in whole steps, as sums of decimals drift.
  for (let n = Math.ceil(range[0] / step); n * step <= range[1]; n++) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}

/** Decimals that tell ticks apart, at most those that rank. */
export function decimalsFor(
  values: ReadonlyArray<number>,
  precision: number
): number {
  const steps = values.slice(1).map((value, n) => value - values[n]);
  const step = Math.min(...steps);
  return Number.isFinite(step) && step > 0
    ? Math.min(precision, Math.max(0, Math.ceil(-Math.log10(step) - 0.001)))
    : precision;
}

/** Times within a range, at most as many as wanted, at full hours or midnights of the zone. */
export function timeTicks(
  range: Range,
  wanted: number,
  offset = (at: number) => new Date(at).getTimezoneOffset()
): { at: number; isDay: boolean }[] {
  const span = range[1] - range[0];
  if (!(span > 0) || wanted < 1) {
    return [];
  }
  const step =
    TIME_STEPS.find(one => span / one <= wanted) ??
    Math.ceil(span / wanted / (365 * DAY)) * 365 * DAY;
  const found: { at: number; isDay: boolean }[] = [];
  const local = (at: number) => at - offset(at) * MINUTE;
  const first = Math.ceil(local(range[0]) / step) * step;
  for (let n = 0; n <= wanted + 1; n++) {
    const wall = first + n * step;
    // The offset of that very time: a change to summer time lies between.
    const at = wall + offset(wall + offset(wall) * MINUTE) * MINUTE;
    if (at >= range[0] && at <= range[1]) {
      found.push({ at, isDay: step >= DAY || wall % DAY === 0 });
    }
  }
  return found;
}

/** The corners of a step line that holds each value until the next, and the last to `end`. */
export function stepLine(steps: ReadonlyArray<IValue>, end: number): IValue[] {
  const corners: IValue[] = [];
  steps.forEach((step, n) => {
    if (n > 0) {
      corners.push({ at: step.at, value: steps[n - 1].value });
    }
    corners.push(step);
  });
  const last = steps[steps.length - 1];
  if (last && end > last.at) {
    corners.push({ at: end, value: last.value });
  }
  return corners;
}

/** The times that the axis shows: all that happened, and a little air. */
export function timeRange(times: ReadonlyArray<number>, now: number): Range {
  if (!times.length) {
    return [now - DAY, now];
  }
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = Math.max(
    now,
    times.reduce((a, b) => Math.max(a, b))
  );
  const air = Math.max((last - first) * 0.03, MINUTE);
  return [first - air, last + air];
}
