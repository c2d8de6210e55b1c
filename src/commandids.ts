/** The ids of the commands, for those who execute them. */
export namespace CommandIDs {
  export const showPanel = 'jupyter-challenge:show-panel';
  export const refresh = 'jupyter-challenge:refresh-panel';
  export const submit = 'jupyter-challenge:submit-notebook';
  export const tryOut = 'jupyter-challenge:try-notebook';
  export const addExample = 'jupyter-challenge:add-example';
  export const enter = 'jupyter-challenge:enter-challenge';
  export const getStarter = 'jupyter-challenge:get-starter';
  export const openChallenge = 'jupyter-challenge:open-challenge';
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
  export const cancelRun = 'jupyter-challenge:cancel-run';
}
