/** The ids of the commands that organisers use. */
export namespace OrganiseIDs {
  /** Close a challenge to new submissions, or open it again. */
  export const closeChallenge = 'jupyter-challenge:close-challenge';
}
