// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The text of a log as lines, in blocks that a page can draw one by one. */

/** Lines of a block that is complete. */
export const BLOCK = 250;

/** Most lines and characters that are kept; the whole log is a download. */
const MOST_LINES = 50_000;
const MOST_CHARACTERS = 8_000_000;

/** Most lines that a search shows. */
const MOST_FOUND = 2000;

/** Some lines that follow each other; never changed once it is complete. */
export interface ILogBlock {
  /** The number of its first line, counted from 0. */
  readonly start: number;
  readonly lines: ReadonlyArray<string>;
}

/** A log as far as it was read; immutable, so that what is drawn is never drawn again. */
export interface ILogText {
  readonly blocks: ReadonlyArray<ILogBlock>;
  /** Lines at the beginning that are not kept. */
  readonly leftOut: number;
  /** Characters that are kept. */
  readonly size: number;
}

/** A log of which nothing was read yet. */
export const EMPTY: ILogText = { blocks: [], leftOut: 0, size: 0 };

/** A line as a terminal would leave it: what follows a carriage return is written over it. */
export function asLeft(line: string): string {
  const states = line.split('\r');
  for (let at = states.length - 1; at > 0; at--) {
    if (states[at] !== '') {
      return states[at];
    }
  }
  return states[0];
}

/** Add text to a log. */
export function append(log: ILogText, text: string): ILogText {
  if (text === '') {
    return log;
  }
  const known = [...log.blocks];
  const last = known.pop();
  const open = last ? [...last.lines] : [];
  const lines = ((open.pop() ?? '') + text).split('\n').map(asLeft);
  if (text.endsWith('\r')) {
    // What comes next is written over this line.
    lines[lines.length - 1] += '\r';
  }
  const start = last ? last.start : log.leftOut;
  const all = [...open, ...lines];
  let size = log.size - length(open) + length(all);
  if (last) {
    size -= last.lines[last.lines.length - 1].length;
  }
  for (let at = 0; at < all.length; at += BLOCK) {
    known.push({ start: start + at, lines: all.slice(at, at + BLOCK) });
  }
  const end = start + all.length;
  let leftOut = log.leftOut;
  while (
    known.length > 1 &&
    (end - leftOut > MOST_LINES + BLOCK || size > MOST_CHARACTERS)
  ) {
    const gone = known.shift()!;
    size -= length(gone.lines);
    leftOut += gone.lines.length;
  }
  return { blocks: known, leftOut, size };
}

/** The lines that contain a text, whatever its case. */
export function search(
  log: ILogText,
  text: string
): { lines: string[]; count: number } {
  const wanted = text.toLowerCase();
  const lines: string[] = [];
  let count = 0;
  for (const block of log.blocks) {
    for (const line of block.lines) {
      if (line.toLowerCase().includes(wanted)) {
        count += 1;
        if (lines.length < MOST_FOUND) {
          lines.push(line);
        }
      }
    }
  }
  return { lines, count };
}

function length(lines: ReadonlyArray<string>): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}
