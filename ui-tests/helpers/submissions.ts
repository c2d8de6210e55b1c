import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { PATIENCE } from './challenges';
import { expect } from './lab';
import type { Cell } from './notebooks';
import { notebookOf } from './notebooks';

/** What is said about a submission that a test hands in. */
export interface IHandIn {
  cells: Cell[];
  challenge?: string;
  isTry?: boolean;
  kernel?: string;
  parameters?: Record<string, unknown>;
}

/** Submissions that are handed in by the Jupyter server's own route, without any dialog. */
export class Submissions {
  constructor(
    readonly page: IJupyterLabPageFixture,
    readonly folder: string
  ) {}

  /** Write a notebook and hand it in; returns the submission's id. */
  async handIn(name: string, options: IHandIn): Promise<string> {
    const path = `${this.folder}/${name}`;
    const kernel = options.kernel ?? 'python3';
    const content = notebookOf(options.cells, {
      kernelspec: { name: kernel, display_name: kernel }
    });
    await this.page.contents.uploadContent(
      JSON.stringify(content),
      'text',
      path
    );
    const answer = await this.page.request.post(this._at('submit'), {
      data: {
        path,
        challenge: options.challenge ?? 'iris',
        is_try: options.isTry ?? false,
        files: [],
        parameters: options.parameters ?? {},
        idempotency_key: `${path}-${Date.now()}`
      }
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    return (await answer.json()).id;
  }

  /** Wait until a submission is over; returns its state. */
  async over(id: string): Promise<string> {
    let state = '';
    await expect
      .poll(async () => {
        const answer = await this.page.request.get(
          this._at(`api/v1/submissions/${id}`)
        );
        state = (await answer.json()).state;
        return ['scored', 'failed', 'cancelled'].includes(state);
      }, PATIENCE)
      .toBe(true);
    return state;
  }

  /** Execute a command of the extension. */
  async execute(
    command: string,
    args: Record<string, string> = {}
  ): Promise<void> {
    await this.page.evaluate(
      ([id, given]) =>
        window.jupyterapp.commands.execute(
          `jupyter-challenge:${id}`,
          given as Record<string, string>
        ),
      [command, args] as const
    );
  }

  private _at(route: string): string {
    return new URL(`/jupyter-challenge/${route}`, this.page.url()).href;
  }
}
