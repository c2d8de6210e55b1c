// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { FileDialog } from '@jupyterlab/filebrowser';

import type { IActors } from '../actions';
import type { IGetJob } from './getapi';
import { getFolder } from './getting';
import { holdsSpec, outside } from './outside';

/** Where the user put each challenge's folder, for as long as the page lives. */
const places = new Map<string, string>();

/** Make or complete the participant's folder where the user wants it, and open its notebook. */
export async function getStarter(
  actors: IActors,
  challenge: string,
  folder?: string
): Promise<void> {
  const got = await getWhereWanted(actors, challenge, folder, false);
  if (got?.notebook) {
    await actors.commands.execute('docmanager:open', { path: got.notebook });
  }
}

/** Bring the challenge's files, without opening any. */
export async function getData(
  actors: IActors,
  challenge: string,
  folder?: string
): Promise<void> {
  await getWhereWanted(actors, challenge, folder, true);
}

/** Open a file of the challenge in the participant's folder; without the folder, make it first. */
export async function openFile(
  actors: IActors,
  challenge: string,
  path: string
): Promise<void> {
  const got = await getWhereWanted(
    actors,
    challenge,
    places.get(challenge),
    false
  );
  if (got) {
    await actors.commands.execute('docmanager:open', {
      path: PathExt.join(got.folder, path)
    });
  }
}

async function getWhereWanted(
  actors: IActors,
  challenge: string,
  folder: string | undefined,
  isTold: boolean
): Promise<IGetJob | null> {
  const wanted = folder ?? (await askFolder(actors, challenge));
  if (wanted === null) {
    return null;
  }
  const got = await getFolder(actors, challenge, wanted, isTold);
  if (!got) {
    return null;
  }
  places.set(challenge, got.folder);
  if (actors.commands.hasCommand('filebrowser:go-to-path')) {
    // The folder is ready in the file browser, but this panel stays in front.
    await actors.commands.execute('filebrowser:go-to-path', {
      path: got.folder,
      dontShowBrowser: true
    });
  }
  return got;
}

/** Ask in which folder the challenge's own folder is to be; null when the user gave up. */
async function askFolder(
  actors: IActors,
  challenge: string
): Promise<string | null> {
  const { browsers, contents, trans, translator } = actors;
  const browser = browsers?.tracker.currentWidget ?? null;
  const here = browser
    ? await outside(contents, contents.localPath(browser.model.path))
    : '';
  // One that is in its folder already goes on there.
  const above =
    PathExt.basename(here) === challenge ? PathExt.dirname(here) : here;
  if (browser) {
    const answer = await FileDialog.getExistingDirectory({
      manager: browser.model.manager,
      translator,
      title: trans.__('Where to put the folder “%1”?', challenge),
      label: trans.__(
        'Choose a folder. In it, “%1” is made with the data and the starter; what you changed there stays.',
        challenge
      ),
      defaultPath: above
    });
    const chosen = answer.value?.[0];
    if (!answer.button.accept || !chosen) {
      return null;
    }
    const into = contents.localPath(chosen.path);
    const folder = PathExt.join(into, challenge);
    // The organiser's own folder has the challenge's name as a rule.
    return (await holdsSpec(contents, folder))
      ? PathExt.join(into, `my-${challenge}`)
      : folder;
  }
  const answer = await InputDialog.getText({
    title: trans.__('Where to put the folder “%1”?', challenge),
    label: trans.__('Folder on the server'),
    text: PathExt.join(above, challenge),
    okLabel: trans.__('Put it there')
  });
  return answer.button.accept && answer.value ? answer.value.trim() : null;
}
