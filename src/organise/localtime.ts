// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Times in a form: what the field holds is the user's zone, what travels is UTC. */

/** The value of a `datetime-local` field; empty for no date. */
export function toField(time: string | null | undefined): string {
  const at = time ? new Date(time) : null;
  if (!at || Number.isNaN(at.getTime())) {
    return '';
  }
  const pad = (n: number, digits = 2) => String(n).padStart(digits, '0');
  const day = [
    pad(at.getFullYear(), 4),
    pad(at.getMonth() + 1),
    pad(at.getDate())
  ];
  const clock = [pad(at.getHours()), pad(at.getMinutes())];
  if (at.getSeconds()) {
    clock.push(pad(at.getSeconds()));
  }
  return `${day.join('-')}T${clock.join(':')}`;
}

/** The instant that a field names, as UTC; null for an empty one. */
export function fromField(value: string): string | null {
  const at = value ? new Date(value) : null;
  return !at || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** Whether two times are one instant. */
export function isSame(
  first: string | null | undefined,
  second: string | null | undefined
): boolean {
  return first && second
    ? Date.parse(first) === Date.parse(second)
    : !first === !second;
}

/** The name of the user's zone. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
