// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAR = 100 * DAY;

/** Read a time of the wire, in milliseconds; NaN when there is none. */
export function parseTime(time: string | null | undefined): number {
  return time ? Date.parse(time) : NaN;
}

let exactly: Intl.DateTimeFormat | undefined;

/** The time in the user's zone, with the zone's name. */
export function exactTime(time: string | null | undefined): string {
  const at = parseTime(time);
  // Made once: to make one takes longer than to draw a row.
  exactly ??= new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    timeStyle: 'long'
  });
  return Number.isNaN(at) ? '' : exactly.format(at);
}

/** The day of a time too far ahead to count the days to it; empty where it is nearer. */
export function farDate(time: string | null | undefined, now: number): string {
  const at = parseTime(time);
  return at - now > FAR
    ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(at)
    : '';
}

/** How long ago a time was, in one unit. */
export function ago(
  time: string | null | undefined,
  now: number,
  trans: TranslationBundle
): string {
  const passed = now - parseTime(time);
  if (Number.isNaN(passed)) {
    return '';
  }
  if (passed < MINUTE) {
    return trans.__('just now');
  }
  if (passed < HOUR) {
    return trans.__('%1 min ago', Math.floor(passed / MINUTE));
  }
  if (passed < DAY) {
    return trans.__('%1 h ago', Math.floor(passed / HOUR));
  }
  return trans.__('%1 d ago', Math.floor(passed / DAY));
}

/** A span in its two largest units, such as `3 d 4 h`. */
export function span(milliseconds: number, trans: TranslationBundle): string {
  const left = Math.max(0, milliseconds);
  const days = Math.floor(left / DAY);
  const hours = Math.floor((left % DAY) / HOUR);
  const minutes = Math.floor((left % HOUR) / MINUTE);
  if (days >= 7 || (days > 0 && hours === 0)) {
    return trans.__('%1 d', days);
  }
  if (days > 0) {
    return trans.__('%1 d %2 h', days, hours);
  }
  if (hours > 0) {
    return minutes
      ? trans.__('%1 h %2 min', hours, minutes)
      : trans.__('%1 h', hours);
  }
  return minutes ? trans.__('%1 min', minutes) : trans.__('less than a minute');
}

/** A running time as on a stop-watch: `0:09`, `1:02:03`. */
export function stopwatch(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  const pad = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours
    ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}`
    : `${minutes}:${pad(seconds % 60)}`;
}

/** A time that something took: tenths of seconds below ten seconds, then whole ones. */
export function took(seconds: number, trans: TranslationBundle): string {
  return seconds < 10
    ? trans.__('%1 s', seconds.toFixed(1))
    : seconds < 120
      ? trans.__('%1 s', Math.round(seconds))
      : stopwatch(seconds * SECOND);
}
