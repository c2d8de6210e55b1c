// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** The ids of the commands that organisers use. */
export namespace OrganiseIDs {
  /** Close a challenge for submissions, or open it again. */
  export const closeChallenge = 'jupyter-challenge:close-challenge';
  /** Make a working challenge folder from the template. */
  export const createChallenge = 'jupyter-challenge:create-challenge';
  /** Save everything that was submitted as a zip beside one's files. */
  export const exportChallenge = 'jupyter-challenge:export-challenge';
  /** Show all teams' submissions, the versions or the dates of a challenge. */
  export const organise = 'jupyter-challenge:organise-challenge';
}
