import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { OrganiserApi } from './organiserapi';
import { OrganiseIDs } from './organiseids';
import { tell } from '../tell';
import type { IChallengeModel } from '../tokens';

/** What organisers' actions need of the application. */
export interface IOrganising {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** Add the commands of organisers. */
export function addOrganising(options: IOrganising): void {
  const { commands, trans } = options;
  commands.addCommand(OrganiseIDs.closeChallenge, {
    label: args =>
      args['closed'] === false
        ? trans.__('Open Challenge Again…')
        : trans.__('Close Challenge…'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          challenge: {
            type: 'string',
            description: trans.__('The id of the challenge')
          },
          closed: {
            type: 'boolean',
            description: trans.__('False opens it again')
          }
        },
        required: ['challenge']
      }
    },
    execute: args =>
      closeChallenge(
        options,
        String(args['challenge']),
        args['closed'] !== false
      )
  });
}

/** Close a challenge for submissions, or open it again, after saying what that means. */
async function closeChallenge(
  options: IOrganising,
  id: string,
  closed: boolean
): Promise<void> {
  const { model, trans } = options;
  try {
    const { title } = await model.api.challenge(id);
    const answer = await showDialog({
      title: closed
        ? trans.__('Close “%1”?', title)
        : trans.__('Open “%1” again?', title),
      body: closed
        ? trans.__(
            'Nobody can submit until you open it again. What waits or runs is still scored; boards, scores and dates stay as they are.'
          )
        : trans.__(
            'Teams can submit again in every phase that is open by its dates. Boards, scores and dates stay as they are.'
          ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        closed
          ? Dialog.warnButton({ label: trans.__('Close it') })
          : Dialog.okButton({ label: trans.__('Open it') })
      ]
    });
    if (!answer.button.accept) {
      return;
    }
    await new OrganiserApi(model.api).close(id, closed);
    await model.loadChallenge(id);
    await model.refresh();
    Notification.success(
      closed
        ? trans.__('%1 is closed.', title)
        : trans.__('%1 is open again.', title)
    );
  } catch (error) {
    tell(error, trans);
  }
}
