/** The ids of the commands that organisers use. */
export namespace OrganiseIDs {
  export const closeChallenge = 'jupyter-challenge:close-challenge';
}
