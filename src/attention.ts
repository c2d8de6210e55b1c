// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IMessageHandler, Message } from '@lumino/messaging';
import { MessageLoop } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';

import type { IChallengeModel } from './tokens';

/**
 * Have the model follow the service for as long as a widget is in sight.
 *
 * #### Notes
 * While nothing is in sight and no run is under way, nobody is asked for anything.
 */
export function attendWhileVisible(
  model: IChallengeModel,
  widget: Widget
): void {
  const look = (_: IMessageHandler, msg: Message) => {
    switch (msg.type) {
      // A hook comes before the widget itself, whose `isVisible` is not true yet.
      case 'after-attach':
        if (!widget.isHidden && (!widget.parent || widget.parent.isVisible)) {
          model.attend(widget);
        }
        break;
      case 'after-show':
        model.attend(widget);
        break;
      case 'after-hide':
      case 'before-detach':
        model.leave(widget);
        break;
    }
    return true;
  };
  MessageLoop.installMessageHook(widget, look);
  widget.disposed.connect(() => model.leave(widget));
  if (widget.isVisible) {
    model.attend(widget);
  }
}
