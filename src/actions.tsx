import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';

import { CommandIDs } from './commandids';
import { Markdown } from './marks';
import type { RunNotifier } from './notify';
import { RequestError } from './request';
import { tell } from './tell';
import type { IChallengeModel } from './tokens';
import type { ISubmitRequest, SubmissionView } from './wire';

/** The notebook's metadata that says which challenge it belongs to. */
const METADATA_KEY = 'jupyter_challenge';

/** How often a submission that got no answer is sent again, with the same key. */
const SEND_AGAIN = 2;

/** What actions need of the application. */
export interface IActors {
  model: IChallengeModel;
  commands: CommandRegistry;
  notifier: RunNotifier;
  rendermime: IRenderMimeRegistry;
  contents: Contents.IManager;
  browsers: IFileBrowserFactory | null;
  trans: TranslationBundle;
}

/** Hand in a notebook, or try it, after asking how. */
export async function submitNotebook(
  actors: IActors,
  panel: NotebookPanel,
  options: { isTry: boolean; challenge?: string }
): Promise<void> {
  const { model, notifier, contents, trans } = actors;
  const notebook = panel.content.model;
  if (!notebook) {
    return;
  }
  model.wake();
  const known = notebook.getMetadata(METADATA_KEY) as
    { challenge?: string; files?: string[] } | undefined;
  const challenge = await whichChallenge(
    actors,
    known?.challenge ?? null,
    options.challenge
  );
  if (!challenge) {
    return;
  }
  if (panel.context.model.dirty) {
    await panel.context.save();
  }
  // Loaded when it is needed: it is no part of a start.
  const { askSubmit } = await import('./submit/submit');
  const path = contents.localPath(panel.context.path);
  const choice = await askSubmit(
    { path, challenge, isTry: options.isTry },
    model,
    trans
  );
  if (!choice || panel.isDisposed) {
    return;
  }
  const files = choice.files ?? known?.files ?? [];
  if (
    known?.challenge !== challenge ||
    JSON.stringify(known?.files ?? []) !== JSON.stringify(files)
  ) {
    notebook.setMetadata(METADATA_KEY, { challenge, files });
    await panel.context.save();
  }
  const submission = await notifier.follow(
    panel.context.localPath.split('/').pop() ?? path,
    send(model, {
      path,
      challenge,
      is_try: choice.isTry,
      files,
      parameters: choice.parameters,
      note: choice.note,
      idempotency_key: UUID.uuid4()
    })
  );
  if (submission) {
    model.current = challenge;
    model.loadChallenge(challenge).catch(error => tell(error, trans));
  }
}

/** Send a submission; one that got no answer is sent again and counts once. */
export async function send(
  model: IChallengeModel,
  request: ISubmitRequest
): Promise<SubmissionView> {
  for (let left = SEND_AGAIN; ; left--) {
    try {
      return await model.api.submit(request);
    } catch (error) {
      const isLost = error instanceof RequestError && error.status === 0;
      if (!isLost || left === 0) {
        throw error;
      }
    }
  }
}

/** The challenge that a file goes to: its own, the one in sight, the only one, or the user's choice. */
export async function whichChallenge(
  actors: IActors,
  own: string | null,
  named: string | undefined
): Promise<string | null> {
  const { model, commands, trans } = actors;
  if (named) {
    return named;
  }
  if (own) {
    return own;
  }
  if (model.state !== 'ready') {
    await model.refresh();
  }
  const entered = model.challenges.filter(one => one.entered);
  if (model.current && entered.some(one => one.id === model.current)) {
    return model.current;
  }
  if (entered.length === 1) {
    return entered[0].id;
  }
  if (!entered.length) {
    await commands.execute(CommandIDs.showPanel);
    if (model.state === 'ready') {
      Notification.info(
        trans.__('Choose a challenge in the sidebar and enter it first.')
      );
    }
    return null;
  }
  const answer = await InputDialog.getItem({
    title: trans.__('Which challenge is this for?'),
    items: entered.map(one => one.title),
    okLabel: trans.__('Go on')
  });
  const chosen = entered.find(one => one.title === answer.value);
  return answer.button.accept && chosen ? chosen.id : null;
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

/** Publish the example, so that there is something to try, and show it. */
export async function addExample(actors: IActors): Promise<void> {
  const { model, commands, trans } = actors;
  try {
    const view = await model.api.publishExample();
    await model.refresh();
    model.current = view.id;
    await commands.execute(CommandIDs.showPanel);
  } catch (error) {
    tell(error, trans);
  }
}

/** Make the participant's folder and open its notebook. */
export async function getStarter(actors: IActors, id: string): Promise<void> {
  const { model, commands, trans } = actors;
  try {
    const got = await model.api.get(id);
    if (commands.hasCommand('filebrowser:go-to-path')) {
      // The folder is ready in the file browser, but this panel stays in front.
      await commands.execute('filebrowser:go-to-path', {
        path: got.folder,
        dontShowBrowser: true
      });
    }
    if (got.notebook) {
      await commands.execute('docmanager:open', { path: got.notebook });
    } else {
      Notification.info(
        trans.__('The files are in the folder %1.', got.folder)
      );
    }
    if (got.kept?.length) {
      Notification.info(
        trans.__(
          'You changed %1, so it was left as it is.',
          got.kept.join(', ')
        )
      );
    }
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

/** Cancel a run, after asking. */
export async function cancelRun(actors: IActors, id: string): Promise<void> {
  const { model, trans } = actors;
  const submission = model.submission(id);
  const answer = await showDialog({
    title: trans.__('Cancel this run?'),
    body: submission
      ? submission.is_try || !submission.started_at
        ? trans.__(
            '%1 stops and is not scored; it uses no quota.',
            submission.name
          )
        : trans.__(
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
  try {
    model.accept(await model.api.cancel(id));
  } catch (error) {
    tell(error, trans);
  }
}
