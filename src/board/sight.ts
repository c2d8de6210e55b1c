// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Which rows of a long list are in sight; pure. */

/** Rows that are drawn beyond those in sight, on either side. */
const BEYOND = 6;

/** Rows are drawn anew after so many, not after each. */
const STEP = 3;

/** Part of a list. */
export interface ISight {
  /** The first row that is drawn. */
  first: number;
  /** The row after the last that is drawn. */
  end: number;
}

/** The rows to draw for a place of the scroll bar. */
export function rowsToDraw(
  scrollTop: number,
  height: number,
  rowHeight: number,
  total: number
): ISight {
  const top = Math.max(0, Math.floor(scrollTop / rowHeight));
  const bottom = Math.ceil((scrollTop + height) / rowHeight);
  const first = Math.max(0, Math.floor((top - BEYOND) / STEP) * STEP);
  const end = Math.ceil((bottom + BEYOND) / STEP) * STEP;
  return {
    first: Math.min(first, Math.max(0, total - 1)),
    end: Math.min(end, total)
  };
}

/** Where a row is, seen from what is in sight: null for a row that is wholly in sight. */
export function sideOf(
  index: number,
  scrollTop: number,
  height: number,
  rowHeight: number
): 'above' | 'below' | null {
  if (index * rowHeight < scrollTop) {
    return 'above';
  }
  return (index + 1) * rowHeight > scrollTop + height ? 'below' : null;
}

/** The place of the scroll bar that brings a row into the middle. */
export function scrollFor(
  index: number,
  height: number,
  rowHeight: number
): number {
  return Math.max(0, index * rowHeight - Math.max(0, height - rowHeight) / 2);
}
