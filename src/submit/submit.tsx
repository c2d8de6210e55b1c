import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { parameterValue } from './parameters';
import { SubmitForm } from './submitform';
import type { IChallengeModel } from '../tokens';
import type { ChallengeView, IInspection } from '../wire';

const TRY_CLASS = 'jp-Challenge-tryButton';
const SUBMIT_CLASS = 'jp-Challenge-submitButton';

/** What the user decided in the dialog. */
export interface ISubmitChoice {
  isTry: boolean;
  files: string[] | undefined;
  parameters: Record<string, unknown>;
  note: string;
}

/** What the dialog is about. */
export interface ISubmitSubject {
  /** The notebook's path on the server. */
  path: string;
  /** The challenge's id. */
  challenge: string;
  /** Whether a try was asked for. */
  isTry: boolean;
}

/** What the form's fields hold. */
export interface IFields {
  files: string[] | null;
  parameters: Record<string, string>;
  note: string;
}

/** What the server said of the notebook and the challenge. */
export interface ISubmitFacts {
  inspection: IInspection;
  view: ChallengeView;
}

/**
 * Ask how to hand in a notebook.
 *
 * #### Notes
 * Whatever prevents a submission is said in place of its button.
 */
export async function askSubmit(
  subject: ISubmitSubject,
  model: IChallengeModel,
  trans: TranslationBundle
): Promise<ISubmitChoice | null> {
  const body = new SubmitBody(subject, model, trans);
  const tryButton = Dialog.createButton({
    label: trans.__('Try on sample'),
    caption: trans.__('Run it on the public sample; it counts nowhere'),
    className: TRY_CLASS,
    accept: true,
    actions: ['try']
  });
  const submitButton = Dialog.okButton({
    label: trans.__('Submit'),
    className: SUBMIT_CLASS
  });
  const dialog = new SubmitDialog(body, {
    title: subject.isTry
      ? trans.__('Try “%1”', name(subject.path))
      : trans.__('Submit “%1”', name(subject.path)),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      tryButton,
      submitButton
    ],
    defaultButton: subject.isTry ? 1 : 2,
    focusNodeSelector: `.${subject.isTry ? TRY_CLASS : SUBMIT_CLASS}`
  });
  dialog.addClass('jp-Challenge-dialog');
  const result = await dialog.launch();
  if (!result.button.accept || !result.value) {
    return null;
  }
  return { ...result.value, isTry: result.button.actions.includes('try') };
}

/** A dialog whose buttons do nothing while the body says why not. */
class SubmitDialog extends Dialog<ISubmitChoice> {
  constructor(
    private readonly subject: SubmitBody,
    options: Partial<Dialog.IOptions<ISubmitChoice>>
  ) {
    super(options);
    subject.permit = (canTry, canSubmit) => {
      this.toggleClass('jp-mod-noTry', !canTry);
      this.toggleClass('jp-mod-noSubmit', !canSubmit);
      // What was hidden when the dialog opened could not take the focus then.
      if (!(document.activeElement instanceof HTMLInputElement)) {
        const button = this.subject.isTry ? TRY_CLASS : SUBMIT_CLASS;
        this.node.querySelector<HTMLElement>(`.${button}`)?.focus();
      }
    };
    subject.permit(false, false);
  }

  resolve(index?: number): void {
    const isTry = (index ?? (this.subject.isTry ? 1 : 2)) === 1;
    const isCancel = index === 0;
    const blocked = isTry ? 'jp-mod-noTry' : 'jp-mod-noSubmit';
    if (isCancel || !this.hasClass(blocked)) {
      super.resolve(index);
    }
  }
}

/** The dialog's body; loads what it says when it is shown. */
class SubmitBody
  extends ReactWidget
  implements Dialog.IBodyWidget<ISubmitChoice>
{
  constructor(
    private readonly subject: ISubmitSubject,
    private readonly model: IChallengeModel,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Challenge');
    this.addClass('jp-Challenge-submit');
  }

  /** Called with what may be done, whenever that changes. */
  permit: (canTry: boolean, canSubmit: boolean) => void = () => undefined;

  /** Whether a try was asked for. */
  get isTry(): boolean {
    return this.subject.isTry;
  }

  /** What the fields hold now. */
  getValue(): ISubmitChoice {
    const { files, parameters, note } = this._fields;
    const given = this._facts?.inspection.parameters ?? {};
    const changed = Object.entries(parameters)
      .map(([key, text]) => [key, parameterValue(text, given[key])] as const)
      .filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(given[key])
      );
    return {
      isTry: this.isTry,
      files: files ?? undefined,
      parameters: Object.fromEntries(changed),
      note
    };
  }

  protected render(): JSX.Element {
    return (
      <SubmitForm
        subject={this.subject}
        model={this.model}
        trans={this.trans}
        onFields={fields => {
          this._fields = fields;
        }}
        onFacts={(facts, canTry, canSubmit) => {
          this._facts = facts;
          this.permit(canTry, canSubmit);
        }}
      />
    );
  }

  private _facts: ISubmitFacts | null = null;
  private _fields: IFields = { files: null, parameters: {}, note: '' };
}

function name(path: string): string {
  return path.split('/').pop() ?? path;
}
