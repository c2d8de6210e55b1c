// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { ICapturedEnvironment } from '../wire';

/** A package that is another here than where the run is made. */
export interface IDifference {
  name: string;
  /** The version here; null where it is not. */
  here: string | null;
  /** The version there; null where it is not. */
  there: string | null;
}

/** What the two sides know of an environment. */
type Environment = Pick<ICapturedEnvironment, 'version'> & {
  packages?: Record<string, string>;
};

/** Whether there is something to compare. */
export function isComparable(
  environment: { version?: string | null } | undefined
): boolean {
  return !!environment?.version;
}

/**
 * How two environments differ.
 *
 * #### Notes
 * First what the run will not find, then other versions, then what only the run has. The
 * language itself counts as a package.
 */
export function differences(
  language: string,
  here: Environment,
  there: { version?: string | null; packages?: Record<string, string> }
): IDifference[] {
  const mine = here.packages ?? {};
  const theirs = there.packages ?? {};
  const found: IDifference[] = [];
  if (here.version !== there.version) {
    found.push({
      name: language,
      here: here.version ?? null,
      there: there.version ?? null
    });
  }
  const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  const others = names
    .filter(name => mine[name] !== theirs[name])
    .map(name => ({
      name,
      here: mine[name] ?? null,
      there: theirs[name] ?? null
    }))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return [...found, ...others];
}

function rank(one: IDifference): number {
  return one.there === null ? 0 : one.here === null ? 2 : 1;
}
