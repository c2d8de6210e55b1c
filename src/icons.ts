// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { LabIcon } from '@jupyterlab/ui-components';

/** An icon of 16 × 16 in the current colour. */
function icon(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `jupyter-challenge:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">${body}</svg>`
  });
}

/** The sidebar's icon: a winners' stand. */
export const challengeIcon = icon(
  'challenge',
  '<path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M6 3h4v11H6zM1 7h4v7H1zM11 9h4v5h-4z"/>'
);

/** Hand in a notebook. */
export const submitIcon = icon(
  'submit',
  '<path class="jp-icon3" fill="#616161" d="M7 11V4.9L4.7 7.2 3.6 6.1 8 1.7l4.4 4.4-1.1 1.1L9 4.9V11zM2 12.5h12V14H2z"/>'
);

/** Try a notebook on the sample. */
export const tryIcon = icon(
  'try',
  '<path class="jp-icon3" fill="#616161" d="M5.5 1.5h5V3H10v3.3l3.6 6.3A1.3 1.3 0 0 1 12.5 14.5h-9a1.3 1.3 0 0 1-1.1-1.9L6 6.3V3h-.5zm2 1.5v3.7L6.2 9h3.6L8.5 6.7V3z"/>'
);

/** A submission that waits. */
export const queuedIcon = icon(
  'queued',
  '<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 1.7"/>'
);

/** A submission that runs. */
export const runningIcon = icon(
  'running',
  '<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.5" opacity=".35"/><path d="M8 3a5 5 0 0 1 5 5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>'
);

/** A submission that was scored, or a step that is done. */
export const doneIcon = icon(
  'done',
  '<path d="M3 8.5l3.2 3.2L13 4.8" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>'
);

/** A submission or step that failed. */
export const failedIcon = icon(
  'failed',
  '<path d="M4 4l8 8M12 4l-8 8" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>'
);

/** A submission that was cancelled, or a step that was left out. */
export const cancelledIcon = icon(
  'cancelled',
  '<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M4.5 11.5l7-7" stroke="currentColor" stroke-width="1.5"/>'
);

/** A submission that is selected for the private board. */
export const selectedIcon = icon(
  'selected',
  '<path class="jp-icon3" fill="#616161" d="M8 1l2.2 4.6 5 .6-3.7 3.4 1 4.9L8 12l-4.5 2.5 1-4.9L.8 6.2l5-.6z"/>'
);

/** A submission that could be selected for the private board. */
export const unselectedIcon = icon(
  'unselected',
  '<path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M8 1l2.2 4.6 5 .6-3.7 3.4 1 4.9L8 12l-4.5 2.5 1-4.9L.8 6.2l5-.6zm0 2.9L6.7 6.8l-3.1.4 2.3 2.1-.6 3.1L8 10.9l2.7 1.5-.6-3.1 2.3-2.1-3.1-.4z"/>'
);

/** Two submissions beside each other. */
export const compareIcon = icon(
  'compare',
  '<path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M2 2h5v12H2zm1.2 1.2v9.6h2.6V3.2zM9 2h5v12H9zm1.2 1.2v9.6h2.6V3.2z"/>'
);
