// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** What the fields of the dates form hold, and what of it is another date. */
import { fromField, isSame, toField } from './localtime';
import type { IPhaseDates } from './organiserapi';
import type { PhaseView } from '../wire';

/** When the private board opens. */
export type RevealMode = 'end' | 'never' | 'time';

/** The fields of one phase. */
export interface IPhaseDraft {
  id: string;
  start: string;
  end: string;
  mode: RevealMode;
  reveal: string;
}

/** The mode that a phase has now. */
function modeOf(phase: PhaseView): RevealMode {
  if (!phase.reveals_at) {
    return 'never';
  }
  return isSame(phase.reveals_at, phase.ends_at) ? 'end' : 'time';
}

/** The fields as a phase fills them. */
export function draftOf(phase: PhaseView): IPhaseDraft {
  const mode = modeOf(phase);
  return {
    id: phase.id,
    start: toField(phase.starts_at),
    end: toField(phase.ends_at),
    mode,
    reveal: mode === 'time' ? toField(phase.reveals_at) : ''
  };
}

/** The dates that differ from those of now; phases in which none does are left out. */
export function changedDates(
  phases: readonly PhaseView[],
  drafts: readonly IPhaseDraft[]
): IPhaseDates[] {
  const found: IPhaseDates[] = [];
  for (const draft of drafts) {
    const phase = phases.find(one => one.id === draft.id);
    if (!phase) {
      continue;
    }
    const before = draftOf(phase);
    const dates: IPhaseDates = { id: draft.id };
    // A field that was not touched must not cut the seconds off what is there.
    if (draft.start !== before.start) {
      dates.starts_at = fromField(draft.start);
    }
    if (draft.end !== before.end) {
      dates.ends_at = fromField(draft.end);
    }
    if (
      phase.has_private &&
      (draft.mode !== before.mode || draft.reveal !== before.reveal)
    ) {
      dates.reveals_at =
        draft.mode === 'time'
          ? (fromField(draft.reveal) ?? 'never')
          : draft.mode;
    }
    if (Object.keys(dates).length > 1) {
      found.push(dates);
    }
  }
  return found;
}
