// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { CommandIDs } from './commandids';
import type { NotifyWhen } from './settings';
import type { IChallengeModel } from './tokens';
import type { SubmissionView } from './wire';
import {
  failureLine,
  isOver,
  rankText,
  rowText,
  submissionName
} from './words';

/** Follows what is under way, and ends with the score, as far as the settings want it told. */
export class RunNotifier implements IDisposable {
  /** Make a notifier; `isInSight` says whether the user sees a run's page now. */
  constructor(
    private readonly model: IChallengeModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle,
    private readonly isInSight: (submission: string) => boolean
  ) {
    model.submissionChanged.connect(this._onChanged, this);
  }

  /** Whether the notifier was disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop following. */
  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Say that something is being handed in and follow what becomes of it. */
  async follow(
    name: string,
    handedIn: Promise<SubmissionView>
  ): Promise<SubmissionView> {
    const id = Notification.emit(
      this.trans.__('Handing in %1…', name),
      'in-progress',
      { autoClose: false }
    );
    try {
      const submission = await handedIn;
      if (this._wanted === 'never') {
        Notification.dismiss(id);
      } else {
        this._followed.set(submission.id, id);
      }
      this.model.accept(submission);
      return submission;
    } catch (error) {
      // Whoever handed it in says why not.
      Notification.dismiss(id);
      throw error;
    }
  }

  private _onChanged(_: IChallengeModel, submission: SubmissionView): void {
    const id = this._followed.get(submission.id);
    if (!isOver(submission)) {
      if (id) {
        this._goOn(id, submission);
      } else if (submission.mine) {
        this._underWay.add(submission.id);
      }
      return;
    }
    const wasUnderWay = this._underWay.delete(submission.id);
    this._followed.delete(submission.id);
    if (!id && !wasUnderWay) {
      return;
    }
    const isTold =
      this._wanted === 'always' ||
      (this._wanted === 'hidden' && !this.isInSight(submission.id));
    if (isTold) {
      this._tellEnd(id ?? Notification.emit('', 'default'), submission);
    } else if (id) {
      Notification.dismiss(id);
    }
  }

  /** When the user wants to be told of an end. */
  private get _wanted(): NotifyWhen {
    return this.model.settings.values.notify;
  }

  private _name(submission: SubmissionView): string {
    return this.trans.__(
      '%1 %2',
      submission.challenge_title || submission.challenge,
      submissionName(submission, this.trans)
    );
  }

  private _show(submission: SubmissionView): Notification.IAction {
    return {
      label: this.trans.__('Show'),
      callback: () =>
        void this.commands.execute(CommandIDs.openRun, {
          submission: submission.id
        })
    };
  }

  private _goOn(id: string, submission: SubmissionView): void {
    const { trans } = this;
    Notification.update({
      id,
      message: trans.__(
        '%1: %2',
        this._name(submission),
        rowText(submission, trans)
      ),
      type: 'in-progress',
      autoClose: false,
      actions: [this._show(submission)]
    });
  }

  private _tellEnd(id: string, submission: SubmissionView): void {
    Notification.update({
      id,
      message: this._end(this._name(submission), submission),
      type:
        submission.state === 'scored'
          ? 'success'
          : submission.state === 'failed'
            ? 'error'
            : 'info',
      autoClose: submission.state === 'failed' ? false : 10_000,
      actions: [this._show(submission)]
    });
  }

  private _end(name: string, submission: SubmissionView): string {
    const { trans } = this;
    if (submission.state === 'cancelled') {
      return trans.__('%1 was cancelled.', name);
    }
    if (submission.failure) {
      return trans.__(
        '%1 failed: %2',
        name,
        failureLine(submission.failure, trans)
      );
    }
    const score = submission.score?.display ?? '–';
    return typeof submission.rank === 'number' && !submission.is_try
      ? trans.__(
          '%1 scored %2, rank %3 of %4',
          name,
          score,
          rankText({ ...submission, rank: submission.rank }),
          submission.teams ?? submission.rank
        )
      : trans.__('%1 scored %2', name, score);
  }

  private _followed = new Map<string, string>();
  private _isDisposed = false;
  private _underWay = new Set<string>();
}
