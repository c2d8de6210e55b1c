import type { TranslationBundle } from '@jupyterlab/translation';

import type { ChallengeView, IInspection } from '../wire';

/** Something that stands in the way of a submission, with the way out. */
export interface IObstacle {
  message: string;
  hint: string;
}

/** Everything that prevents a submission, or a try, of this notebook now. */
export function obstacles(
  facts: { inspection: IInspection; view: ChallengeView },
  isTry: boolean,
  trans: TranslationBundle
): IObstacle[] {
  const { inspection, view } = facts;
  const found: IObstacle[] = inspection.problems.map(({ message, hint }) => ({
    message,
    hint
  }));
  if (!view.entered) {
    found.push({
      message: trans.__('You have not entered this challenge.'),
      hint: trans.__('Enter it in the sidebar first.')
    });
  } else if (isTry) {
    if (!view.has_sample) {
      found.push({
        message: trans.__('This challenge has no public sample to try on.'),
        hint: trans.__('Submit the notebook instead.')
      });
    }
  } else if (view.phase.state !== 'open') {
    found.push({
      message:
        view.phase.state === 'soon'
          ? trans.__('The phase has not started.')
          : trans.__('The phase has ended.'),
      hint: view.has_sample ? trans.__('You can still try the notebook.') : ''
    });
  } else if (view.quota?.blocked) {
    found.push({
      message: view.quota.blocked.message,
      hint: view.quota.blocked.hint
    });
  }
  return found;
}
