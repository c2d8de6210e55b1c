import type { Api } from '../api';
import type { ChallengeView } from '../wire';

/** Typed calls that only organisers make. */
export class OrganiserApi {
  /** Call by the connection that the others use. */
  constructor(private readonly api: Api) {}

  /** Close a challenge for submissions, or open it again. */
  close(challenge: string, closed: boolean): Promise<ChallengeView> {
    return this.api.send('PATCH', this._path(challenge), { closed });
  }

  /** The address of everything that was submitted, as a zip. */
  exportUrl(challenge: string): string {
    return this.api.address(`${this._path(challenge)}/export`);
  }

  private _path(challenge: string): string {
    return `challenges/${encodeURIComponent(challenge)}`;
  }
}
