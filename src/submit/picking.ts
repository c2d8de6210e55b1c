// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Folders beside the notebook that every run makes itself. */
const RESERVED: ReadonlySet<string> = new Set(['input', 'output', 'state']);

/** What travels by itself, or never. */
const NOT_OFFERED: ReadonlySet<string> = new Set([
  'challenge.json',
  '__pycache__'
]);

/** Whether a path beside the notebook is one to choose. */
export function isOffered(path: string, notebook: string): boolean {
  const name = path.split('/').pop() ?? path;
  return (
    path !== notebook &&
    !RESERVED.has(path) &&
    !NOT_OFFERED.has(name) &&
    !name.startsWith('.') &&
    !name.endsWith('.pyc')
  );
}

/** Whether a path travels already because a folder does that it is in. */
export function isIn(path: string, declared: ReadonlyArray<string>): boolean {
  return declared.some(one => path.startsWith(`${one.replace(/\/+$/, '')}/`));
}

/** The declared names with one more, or one less; a folder takes the place of what is in it. */
export function toggled(
  path: string,
  declared: ReadonlyArray<string>
): string[] {
  return declared.includes(path)
    ? declared.filter(one => one !== path)
    : [...declared.filter(one => !one.startsWith(`${path}/`)), path];
}
