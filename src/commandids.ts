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
  /** Publish the iris example, where there is no challenge yet. */
  export const addExample = 'jupyter-challenge:add-example';
  /** Enter a challenge, after its terms. */
  export const enter = 'jupyter-challenge:enter-challenge';
  /** Make a folder with a challenge's data and its starter, and open the notebook. */
  export const getStarter = 'jupyter-challenge:get-starter';
  /** Open a challenge's page. */
  export const openChallenge = 'jupyter-challenge:open-challenge';
  /** Open a submission's page. */
  export const openRun = 'jupyter-challenge:open-run';
  export const openBaseline = 'jupyter-challenge:open-baseline';
  export const getData = 'jupyter-challenge:get-data';
  export const saveBoard = 'jupyter-challenge:save-board';
  export const submitFile = 'jupyter-challenge:submit-file';
  export const tryFile = 'jupyter-challenge:try-file';
  export const publishFolder = 'jupyter-challenge:publish-folder';
  export const publishSelected = 'jupyter-challenge:publish-selected-folder';
  export const selectSubmission = 'jupyter-challenge:select-submission';
  export const compareSubmissions = 'jupyter-challenge:compare-submissions';
  /** Cancel a submission that is queued or running. */
  export const cancelRun = 'jupyter-challenge:cancel-run';
}
