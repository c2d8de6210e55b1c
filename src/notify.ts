import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { CommandIDs } from './commandids';
import type { IChallengeModel } from './tokens';
import type { SubmissionView } from './wire';
import { failureLine, isOver, rowText, submissionName } from './words';

/** Follows what was handed in from this page, and ends with the score. */
export class RunNotifier implements IDisposable {
  /** Make a notifier; `open` shows a run. */
  constructor(
    private readonly model: IChallengeModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
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
      this._followed.set(submission.id, id);
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
    if (!id) {
      return;
    }
    const { trans } = this;
    const name = trans.__(
      '%1 %2',
      submission.challenge_title || submission.challenge,
      submissionName(submission, trans)
    );
    const show = {
      label: trans.__('Show'),
      callback: () =>
        void this.commands.execute(CommandIDs.openRun, {
          submission: submission.id
        })
    };
    if (!isOver(submission)) {
      Notification.update({
        id,
        message: trans.__('%1: %2', name, rowText(submission, trans)),
        type: 'in-progress',
        autoClose: false,
        actions: [show]
      });
      return;
    }
    this._followed.delete(submission.id);
    Notification.update({
      id,
      message: this._end(name, submission),
      type:
        submission.state === 'scored'
          ? 'success'
          : submission.state === 'failed'
            ? 'error'
            : 'info',
      autoClose: submission.state === 'failed' ? false : 10_000,
      actions: [show]
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
          submission.rank,
          submission.teams ?? submission.rank
        )
      : trans.__('%1 scored %2', name, score);
  }

  private _followed = new Map<string, string>();
  private _isDisposed = false;
}
