// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Contents } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { boardCsv } from './board/boardapi';
import { CommandIDs } from './commandids';
import { Markdown } from './marks';
import type { RunNotifier } from './notify';
import { tell } from './tell';
import type { IChallengeModel } from './tokens';

/** What actions need of the application. */
export interface IActors {
  model: IChallengeModel;
  commands: CommandRegistry;
  notifier: RunNotifier;
  rendermime: IRenderMimeRegistry;
  contents: Contents.IManager;
  browsers: IFileBrowserFactory | null;
  tracker: INotebookTracker | null;
  /** Where the last choices are remembered. */
  state: IStateDB | null;
  trans: TranslationBundle;
  translator: ITranslator;
}

/** Enter a challenge; where it has terms, they are shown and accepted first. */
export async function enterChallenge(
  actors: IActors,
  id: string
): Promise<void> {
  const { model, rendermime, trans } = actors;
  try {
    const view = await model.loadChallenge(id);
    if (view.terms) {
      const answer = await showDialog({
        title: trans.__('Terms of %1', view.title),
        body: (
          <div className="jp-Challenge jp-Challenge-terms">
            <Markdown source={view.terms} rendermime={rendermime} />
          </div>
        ),
        buttons: [
          Dialog.cancelButton({ label: trans.__('Cancel') }),
          Dialog.okButton({ label: trans.__('Accept and enter') })
        ]
      });
      if (!answer.button.accept) {
        return;
      }
    }
    await model.api.enter(id, view.terms_digest ?? null);
    await model.refresh();
  } catch (error) {
    tell(error, trans);
  }
}

/** Publish an example, so that there is something to try, and show it. */
export async function addExample(
  actors: IActors,
  name?: string
): Promise<void> {
  const { model, commands, trans } = actors;
  try {
    const view = await model.api.publishExample(name);
    await model.refresh();
    model.current = view.id;
    await commands.execute(CommandIDs.showPanel);
  } catch (error) {
    tell(error, trans);
  }
}

/** Save the public board of a challenge's phase as CSV. */
export async function saveBoard(actors: IActors, id: string): Promise<void> {
  const { model, trans } = actors;
  try {
    const view = model.challenge(id) ?? (await model.loadChallenge(id));
    const link = document.createElement('a');
    link.href = boardCsv(model.api, id, view.phase.id, 'public');
    link.download = '';
    document.body.appendChild(link);
    link.click();
    link.remove();
  } catch (error) {
    tell(error, trans);
  }
}

/** Choose a submission for the private board, or take the choice back. */
export async function selectSubmission(
  actors: IActors,
  id: string,
  isSelected: boolean
): Promise<void> {
  const { model, trans } = actors;
  try {
    model.accept(await model.api.select(id, isSelected));
  } catch (error) {
    tell(error, trans);
  }
}

/** Cancel a run; asks first where that costs something. */
export async function cancelRun(actors: IActors, id: string): Promise<void> {
  const { model, trans } = actors;
  const submission = model.submission(id);
  // Nobody is asked about what costs nothing.
  const isFree =
    submission && (submission.is_try || submission.state === 'queued');
  if (!isFree) {
    const answer = await showDialog({
      title: trans.__('Cancel this run?'),
      body: submission
        ? trans.__(
            '%1 stops and is not scored; it has started, so it uses one submission.',
            submission.name
          )
        : trans.__('It stops and is not scored.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Let it run') }),
        Dialog.warnButton({ label: trans.__('Cancel the run') })
      ]
    });
    if (!answer.button.accept) {
      return;
    }
  }
  try {
    model.accept(await model.api.cancel(id));
  } catch (error) {
    tell(error, trans);
  }
}
