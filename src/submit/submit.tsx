// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IDraft, IFacts } from './draft';
import type { IWayOut } from './obstacles';
import type { IFormOptions } from './submitform';
import { SubmitForm } from './submitform';

const TRY_CLASS = 'jp-Challenge-tryButton';
const SUBMIT_CLASS = 'jp-Challenge-submitButton';

/** The buttons, in their order. */
const TRY = 0;
const CANCEL = 1;
const SUBMIT = 2;

/** How the dialog was left. */
export interface ISubmitAnswer {
  /** What is to be done: hand it in, try it, or take a way out and come back. */
  action: 'submit' | 'try' | 'cancel' | IWayOut;
  draft: IDraft;
  facts: IFacts | null;
}

/**
 * Ask how to hand in a file.
 *
 * #### Notes
 * Whatever prevents a submission is said in place of its button.
 */
export async function askSubmit(
  options: Omit<IFormOptions, 'onChange' | 'onWayOut'>
): Promise<ISubmitAnswer> {
  const { subject, trans } = options;
  const body = new SubmitBody(options);
  const dialog = new SubmitDialog(body, {
    title: subject.isTry
      ? trans.__('Try “%1”', subject.name)
      : trans.__('Submit “%1”', subject.name),
    body,
    buttons: [
      Dialog.createButton({
        label: trans.__('Try on sample'),
        caption: trans.__('Run it on the public sample; it counts nowhere'),
        className: TRY_CLASS,
        accept: true
      }),
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Submit'), className: SUBMIT_CLASS })
    ],
    defaultButton: subject.isTry ? TRY : SUBMIT
  });
  dialog.addClass('jp-Challenge-dialog');
  const result = await dialog.launch();
  const { draft, facts } = body;
  return {
    action:
      body.wayOut ??
      (!result.button.accept
        ? 'cancel'
        : result.button.className === TRY_CLASS
          ? 'try'
          : 'submit'),
    draft,
    facts
  };
}

/** A dialog whose buttons do nothing while the body says why not. */
class SubmitDialog extends Dialog<unknown> {
  constructor(
    private readonly form: SubmitBody,
    options: Partial<Dialog.IOptions<unknown>>
  ) {
    super(options);
    form.permit = may => this._permit(may);
    form.leave = () => this.reject();
    this._permit({ canTry: false, canSubmit: false });
  }

  /** Press a button, unless something stands against it. */
  resolve(index?: number): void {
    const pressed = index ?? this._wanted;
    const blocked = pressed === TRY ? 'jp-mod-noTry' : 'jp-mod-noSubmit';
    if (pressed === CANCEL || !this.hasClass(blocked)) {
      super.resolve(pressed);
    }
  }

  /** Leave the keys to the form's own parts, and keep Tab inside. */
  handleEvent(event: Event): void {
    if (event.type === 'keydown') {
      const { key, shiftKey } = event as KeyboardEvent;
      const target = event.target as HTMLElement;
      if (key === 'Tab') {
        this._keepInside(event, shiftKey);
        return;
      }
      const isInForm = this.form.node.contains(target);
      if (
        isInForm &&
        !(key === 'Enter' && isText(target)) &&
        key !== 'Escape'
      ) {
        return;
      }
    }
    super.handleEvent(event);
  }

  private get _wanted(): number {
    return this.form.options.subject.isTry ? TRY : SUBMIT;
  }

  private _permit(may: { canTry: boolean; canSubmit: boolean }): void {
    this.toggleClass('jp-mod-noTry', !may.canTry);
    this.toggleClass('jp-mod-noSubmit', !may.canSubmit);
    // What was hidden when the dialog opened could not take the focus then.
    const isWanted = this._wanted === TRY ? may.canTry : may.canSubmit;
    if (!isWanted && this.isAttached && !this._isFocused()) {
      // Without the focus inside, not even Escape would be heard.
      this.node.querySelector<HTMLElement>('.jp-mod-reject')?.focus();
    }
    if (isWanted && !this._wasFocused) {
      this._wasFocused = true;
      const name = this._wanted === TRY ? TRY_CLASS : SUBMIT_CLASS;
      if (!this.form.node.contains(document.activeElement)) {
        this.node.querySelector<HTMLElement>(`.${name}`)?.focus();
      }
    }
  }

  private _isFocused(): boolean {
    const active = document.activeElement;
    return (
      active instanceof HTMLElement &&
      this.node.contains(active) &&
      active.checkVisibility()
    );
  }

  private _keepInside(event: Event, isBack: boolean): void {
    const parts = [
      ...this.node.querySelectorAll<HTMLElement>(
        'button, input, select, textarea, summary, a[href], [tabindex="0"]'
      )
    ].filter(one => one.checkVisibility() && !one.hasAttribute('disabled'));
    const [first, last] = [parts[0], parts[parts.length - 1]];
    if (document.activeElement === (isBack ? first : last)) {
      event.preventDefault();
      event.stopPropagation();
      (isBack ? last : first)?.focus();
    }
  }

  private _wasFocused = false;
}

/** The dialog's body; loads what it says when it is shown. */
class SubmitBody extends ReactWidget {
  constructor(readonly options: Omit<IFormOptions, 'onChange' | 'onWayOut'>) {
    super();
    this.draft = options.draft;
    this.addClass('jp-Challenge');
    this.addClass('jp-Challenge-submit');
  }

  /** What the user decided so far. */
  draft: IDraft;

  /** What the servers said. */
  facts: IFacts | null = null;

  /** The way out that was taken, if it was one. */
  wayOut: IWayOut | null = null;

  /** Called with what may be done, whenever that changes. */
  permit: (may: { canTry: boolean; canSubmit: boolean }) => void = () =>
    undefined;

  /** Closes the dialog. */
  leave: () => void = () => undefined;

  protected render(): JSX.Element {
    return (
      <SubmitForm
        {...this.options}
        onChange={(draft, facts, may) => {
          this.draft = draft;
          this.facts = facts;
          this.permit(may);
        }}
        onWayOut={wayOut => {
          this.wayOut = wayOut;
          this.leave();
        }}
      />
    );
  }
}

/** Whether Enter in an element means the whole form. */
function isText(target: HTMLElement): boolean {
  return (
    target instanceof HTMLInputElement &&
    target.type !== 'checkbox' &&
    target.type !== 'radio'
  );
}
