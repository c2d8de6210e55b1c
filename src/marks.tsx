// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** Small parts that every view is made of. */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { CommandIDs } from './commandids';
import {
  cancelledIcon,
  doneIcon,
  failedIcon,
  queuedIcon,
  runningIcon
} from './icons';
import type { RequestError } from './request';
import { ago, exactTime, parseTime, stopwatch } from './time';
import type { IChallengeModel } from './tokens';
import type { StepState, SubmissionState } from './wire';
import { errorText, stateWord, stepWord } from './words';

const ICONS: Record<SubmissionState | StepState, LabIcon> = {
  queued: queuedIcon,
  pending: queuedIcon,
  running: runningIcon,
  scored: doneIcon,
  succeeded: doneIcon,
  failed: failedIcon,
  cancelled: cancelledIcon,
  skipped: cancelledIcon
};

/** A state as a shape in its colour; the word is there for those who do not see it. */
export function StateMark(props: {
  state: SubmissionState | StepState;
  trans: TranslationBundle;
  withWord?: boolean;
}): JSX.Element {
  const { state, trans } = props;
  const Icon = ICONS[state];
  const word =
    state === 'queued' || state === 'scored'
      ? stateWord(state, trans)
      : state === 'failed' || state === 'cancelled' || state === 'running'
        ? stateWord(state, trans)
        : stepWord(state, trans);
  return (
    <span className={`jp-Challenge-state jp-mod-${state}`} title={word}>
      <Icon.react tag="span" className="jp-Challenge-stateIcon" />
      <span className={props.withWord ? '' : 'jp-Challenge-unseen'}>
        {word}
      </span>
    </span>
  );
}

/** How long ago something was, with the exact time on hover. */
export function Ago(props: {
  time: string | null | undefined;
  model: IChallengeModel;
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <time dateTime={props.time ?? undefined} title={exactTime(props.time)}>
      <UseSignal signal={props.model.clock}>
        {() => <>{ago(props.time, Date.now(), props.trans)}</>}
      </UseSignal>
    </time>
  );
}

/** A running stop-watch. */
export function Elapsed(props: {
  since: string | null | undefined;
  model: IChallengeModel;
}): JSX.Element {
  return (
    <span className="jp-Challenge-number">
      <UseSignal signal={props.model.clock}>
        {() => {
          const passed = Date.now() - parseTime(props.since);
          return <>{Number.isNaN(passed) ? '' : stopwatch(passed)}</>;
        }}
      </UseSignal>
    </span>
  );
}

/** The face of a view that has nothing to show: what, why, and one next action. */
export function Face(props: {
  title: string;
  text?: string;
  action?: { label: string; run: () => void };
}): JSX.Element {
  return (
    <div className="jp-Challenge-face" role="status">
      <p className="jp-Challenge-faceTitle">{props.title}</p>
      {props.text && <p>{props.text}</p>}
      {props.action && (
        <button
          className="jp-Challenge-button jp-mod-styled"
          onClick={props.action.run}
        >
          {props.action.label}
        </button>
      )}
    </div>
  );
}

/** The face of a view whose request failed. */
export function ErrorFace(props: {
  error: RequestError;
  trans: TranslationBundle;
  retry: () => void;
}): JSX.Element {
  const { message, hint } = errorText(props.error, props.trans);
  return (
    <Face
      title={message}
      text={hint}
      action={{ label: props.trans.__('Try again'), run: props.retry }}
    />
  );
}

/** The face of a document whose challenge does not exist, or not any more. */
export function NoChallenge(props: {
  challenge: string;
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { challenge, model, commands, trans } = props;
  return (
    <Face
      title={trans.__('There is no challenge “%1” here', challenge)}
      action={{
        label: trans.__('All challenges'),
        run: () => {
          model.current = null;
          void commands.execute(CommandIDs.showPanel);
        }
      }}
    />
  );
}

/** One line for a request that failed where what is known stays in sight. */
export function ErrorLine(props: {
  error: RequestError;
  trans: TranslationBundle;
  retry: () => void;
}): JSX.Element {
  const { message, hint } = errorText(props.error, props.trans);
  return (
    <>
      <span title={hint}>{message}</span>
      <button className="jp-Challenge-link" onClick={props.retry}>
        {props.trans.__('Try again')}
      </button>
    </>
  );
}

/** The face of a view that still loads; it takes no more room than a line. */
export function Loading(props: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-Challenge-face jp-mod-loading" role="status">
      {props.trans.__('Loading…')}
    </div>
  );
}

/** Take a widget out of the page, also where React has removed its place already. */
function takeOut(widget: Widget): void {
  if (widget.isDisposed || !widget.isAttached) {
    return;
  }
  if (widget.node.isConnected) {
    Widget.detach(widget);
  } else {
    MessageLoop.sendMessage(widget, Widget.Msg.AfterDetach);
  }
}

/** Put a Lumino widget into React's tree; whoever made it disposes it. */
export function Hosted(props: {
  widget: Widget;
  className?: string;
}): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const { widget } = props;
    if (host.current && !widget.isDisposed) {
      Widget.attach(widget, host.current);
    }
    return () => takeOut(widget);
  }, [props.widget]);
  return <div ref={host} className={props.className} />;
}

/** Markdown of the organiser's, sanitised: nothing in it may run. */
export function Markdown(props: {
  source: string;
  rendermime: IRenderMimeRegistry;
  /** Called when it is there, so that what follows has its place. */
  onDrawn?: () => void;
}): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const renderer = props.rendermime.createRenderer('text/markdown');
    const model = new MimeModel({
      data: { 'text/markdown': props.source },
      trusted: false
    });
    let isGone = false;
    void renderer.renderModel(model).then(() => {
      if (!isGone && host.current) {
        Widget.attach(renderer, host.current);
        props.onDrawn?.();
      }
    });
    return () => {
      isGone = true;
      takeOut(renderer);
      renderer.dispose();
    };
  }, [props.source, props.rendermime]);
  return <div ref={host} className="jp-Challenge-markdown" />;
}
