// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commandids';
import type { ChallengeView } from '../wire';

/** Open the menu of a challenge below a button, which has the focus again when it closes. */
export function openChallengeMenu(
  commands: CommandRegistry,
  view: ChallengeView,
  button: HTMLElement
): void {
  const menu = new Menu({ commands });
  const challenge = view.id;
  menu.addItem({
    command: CommandIDs.openChallenge,
    args: { challenge, tab: 'about' }
  });
  menu.addItem({ type: 'separator' });
  if (view.starter) {
    menu.addItem({ command: CommandIDs.getStarter, args: { challenge } });
  }
  if (view.files.length) {
    menu.addItem({ command: CommandIDs.getData, args: { challenge } });
  }
  if (view.baselines?.length) {
    menu.addItem({
      command: CommandIDs.openChallenge,
      args: { challenge, tab: 'about', section: 'baselines' }
    });
  }
  menu.addItem({ command: CommandIDs.saveBoard, args: { challenge } });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.refresh });
  menu.aboutToClose.connect(() => {
    button.setAttribute('aria-expanded', 'false');
    button.focus();
    // What the menu began is under way before it goes.
    requestAnimationFrame(() => menu.dispose());
  });
  button.setAttribute('aria-expanded', 'true');
  const { right, bottom } = button.getBoundingClientRect();
  menu.open(right, bottom, { horizontalAlignment: 'right' });
  menu.activateNextItem();
}
