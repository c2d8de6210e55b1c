// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The ids of the commands, for those who execute them. */
export namespace CommandIDs {
  /** Show the list of challenges in the sidebar. */
  export const showPanel = 'jupyter-challenge:show-panel';
  /** Read challenges and submissions anew. */
  export const refresh = 'jupyter-challenge:refresh-panel';
  /** Submit the notebook in front to its challenge. */
  export const submit = 'jupyter-challenge:submit-notebook';
  /** Try the notebook in front on the public sample of its challenge. */
  export const tryOut = 'jupyter-challenge:try-notebook';
  /** Publish an example challenge: iris, digits or shower. */
  export const addExample = 'jupyter-challenge:add-example';
  /** Enter a challenge, after its terms. */
  export const enter = 'jupyter-challenge:enter-challenge';
  /** Make a folder with a challenge's data and its starter, and open the notebook. */
  export const getStarter = 'jupyter-challenge:get-starter';
  /** Open a challenge's page. */
  export const openChallenge = 'jupyter-challenge:open-challenge';
  /** Open a submission's page. */
  export const openRun = 'jupyter-challenge:open-run';
  /** Open the page of an organiser's baseline. */
  export const openBaseline = 'jupyter-challenge:open-baseline';
  /** Get a challenge's data into a folder, or what is new of it. */
  export const getData = 'jupyter-challenge:get-data';
  /** Save a board as CSV. */
  export const saveBoard = 'jupyter-challenge:save-board';
  /** Submit the notebook or predictions file that is selected in the file browser. */
  export const submitFile = 'jupyter-challenge:submit-file';
  /** Try the notebook that is selected in the file browser on the public sample. */
  export const tryFile = 'jupyter-challenge:try-file';
  /** Publish a challenge folder. */
  export const publishFolder = 'jupyter-challenge:publish-folder';
  /** Publish the challenge folder that is selected in the file browser. */
  export const publishSelected = 'jupyter-challenge:publish-selected-folder';
  /** Choose a submission to count in the end, or take the choice back. */
  export const selectSubmission = 'jupyter-challenge:select-submission';
  /** Compare two submissions side by side. */
  export const compareSubmissions = 'jupyter-challenge:compare-submissions';
  /** Open a copy of the notebook that was handed in. */
  export const openNotebook = 'jupyter-challenge:open-notebook';
  /** Cancel a submission that is queued or running. */
  export const cancelRun = 'jupyter-challenge:cancel-run';
  /** Sign in at the hub again, as storage is reached by that. */
  export const storageSignIn = 'jupyter-challenge:sign-in-for-storage';
  /** Have the server ask for its tokens for storage now. */
  export const storageRetry = 'jupyter-challenge:ask-for-storage';
}
