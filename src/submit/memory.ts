// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IDraft } from './draft';
import { parameterText } from './parameters';

/** What the last choices for a file were. */
interface IMemory {
  profile: string | null;
  /** Texts of fields, each with what the notebook gave then. */
  parameters: Record<string, { text: string; given: string }>;
  /** The challenge of a file that cannot say it itself. */
  challenge: string | null;
}

/** Remember the choices for a file. */
export async function remember(
  state: IStateDB | null,
  path: string,
  draft: IDraft,
  given: Readonly<Record<string, unknown>>
): Promise<void> {
  const parameters: IMemory['parameters'] = {};
  for (const [name, text] of Object.entries(draft.parameters)) {
    if (name in given && text !== parameterText(given[name])) {
      parameters[name] = { text, given: parameterText(given[name]) };
    }
  }
  const memory: IMemory = {
    profile: draft.profile,
    challenge: draft.challenge,
    parameters
  };
  await state?.save(key(path), memory as unknown as ReadonlyPartialJSONObject);
}

/** The last choices for a file. */
export async function recall(
  state: IStateDB | null,
  path: string
): Promise<IMemory | null> {
  const memory = (await state?.fetch(key(path))) as unknown;
  return memory && typeof memory === 'object' ? (memory as IMemory) : null;
}

/** The texts to begin with: those of last time, where the notebook still gives the same. */
export function remembered(
  memory: IMemory | null,
  given: Readonly<Record<string, unknown>>
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(memory?.parameters ?? {})
      .filter(
        ([name, one]) =>
          name in given && parameterText(given[name]) === one.given
      )
      .map(([name, one]) => [name, one.text])
  );
}

function key(path: string): string {
  return `jupyter-challenge:choices:${path}`;
}
