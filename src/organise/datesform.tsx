// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IPhaseDraft, RevealMode } from './datesdraft';
import { changedDates, draftOf } from './datesdraft';
import { fromField, zoneName } from './localtime';
import type { IPageProps } from './organisedocument';
import type { PublishPreview } from './organiserapi';
import { OrganiserApi } from './organiserapi';
import { PreviewView, Problems } from './previewview';
import { RequestError } from '../request';
import { tell } from '../tell';
import type { PhaseView } from '../wire';
import { errorText } from '../words';

/** Start, end and reveal of each phase; what is changed becomes a version of its own. */
export function DatesForm(props: IPageProps): JSX.Element {
  const { model, view, trans } = props;
  const [drafts, setDrafts] = React.useState(() => view.phases.map(draftOf));
  const [looked, setLooked] = React.useState<PublishPreview | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [isBusy, setBusy] = React.useState(false);
  const [isDone, setDone] = React.useState(false);
  const api = new OrganiserApi(model.api);
  const title = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => {
    setDrafts(view.phases.map(draftOf));
    setLooked(null);
  }, [view.version]);
  React.useEffect(() => {
    if (looked) {
      title.current?.focus();
    }
  }, [looked]);
  const changed = changedDates(view.phases, drafts);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (reason) {
      if (!(reason instanceof RequestError)) {
        throw reason;
      }
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    void attempt(async () =>
      setLooked(await api.previewDates(view.id, changed))
    );
  const publish = () =>
    void attempt(async () => {
      await api.setDates(view.id, changed, looked!);
      setDone(true);
      await model.loadChallenge(view.id);
      await model.refresh();
    });

  return (
    <section aria-label={trans.__('Dates')}>
      {isDone && <Done {...props} />}
      {error && <Refused error={error} trans={trans} />}
      {looked ? (
        <>
          <h2 ref={title} tabIndex={-1}>
            {trans.__('Before these dates are published')}
          </h2>
          <div className="jp-Challenge-actions">
            <button
              className="jp-Challenge-button jp-mod-styled jp-mod-accept"
              disabled={isBusy}
              onClick={publish}
            >
              {trans.__('Publish these dates')}
            </button>
            <button
              className="jp-Challenge-button jp-mod-styled"
              disabled={isBusy}
              onClick={() => setLooked(null)}
            >
              {trans.__('Back to the dates')}
            </button>
          </div>
          <PreviewView preview={looked} trans={trans} />
        </>
      ) : (
        <form
          className="jp-Challenge-dates"
          onSubmit={event => {
            event.preventDefault();
            look();
          }}
        >
          <p className="jp-Challenge-hint">
            {trans.__(
              'Times are in your zone, %1. Nothing changes before you have seen what it does.',
              zoneName()
            )}
          </p>
          {drafts.map((draft, index) => (
            <Phase
              key={draft.id}
              phase={view.phases.find(one => one.id === draft.id)}
              draft={draft}
              change={next => {
                setDone(false);
                setDrafts(drafts.map((one, at) => (at === index ? next : one)));
              }}
              trans={trans}
            />
          ))}
          <div className="jp-Challenge-actions">
            <button
              type="submit"
              className="jp-Challenge-button jp-mod-styled jp-mod-accept"
              disabled={isBusy || !changed.length}
            >
              {trans.__('See what this changes')}
            </button>
            <button
              type="button"
              className="jp-Challenge-button jp-mod-styled"
              disabled={isBusy || !changed.length}
              onClick={() => setDrafts(view.phases.map(draftOf))}
            >
              {trans.__('Undo my changes')}
            </button>
          </div>
        </form>
      )}
    </section>
  );
}

function Phase(props: {
  phase: PhaseView | undefined;
  draft: IPhaseDraft;
  change: (draft: IPhaseDraft) => void;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { phase, draft, change, trans } = props;
  if (!phase) {
    return null;
  }
  return (
    <fieldset className="jp-Challenge-phaseDates">
      <legend>{phase.title}</legend>
      <Time
        label={trans.__('Start')}
        value={draft.start}
        none={trans.__('open from the beginning')}
        change={start => change({ ...draft, start })}
      />
      <Time
        label={trans.__('End')}
        value={draft.end}
        none={trans.__('never ends')}
        change={end => change({ ...draft, end })}
      />
      {phase.has_private && (
        <>
          <label>
            <span>{trans.__('Private board opens')}</span>
            <select
              className="jp-mod-styled"
              value={draft.mode}
              onChange={event =>
                change({
                  ...draft,
                  mode: event.target.value as RevealMode
                })
              }
            >
              <option value="end">{trans.__('when the phase ends')}</option>
              <option value="never">{trans.__('never')}</option>
              <option value="time">{trans.__('at a time')}</option>
            </select>
          </label>
          {draft.mode === 'time' && (
            <Time
              label={trans.__('Opens')}
              value={draft.reveal}
              none={trans.__('choose a time')}
              change={reveal => change({ ...draft, reveal })}
            />
          )}
        </>
      )}
    </fieldset>
  );
}

/** A field for a time in the user's zone, with the same instant in UTC beside it. */
function Time(props: {
  label: string;
  value: string;
  none: string;
  change: (value: string) => void;
}): JSX.Element {
  const { label, value, none, change } = props;
  const utc = fromField(value);
  return (
    <label>
      <span>{label}</span>
      <input
        type="datetime-local"
        className="jp-mod-styled"
        max="9999-12-31T23:59"
        value={value}
        onChange={event => change(event.target.value)}
      />
      <span className="jp-Challenge-aside jp-Challenge-number">
        {utc ? `${utc.slice(0, 16).replace('T', ' ')} UTC` : none}
      </span>
    </label>
  );
}

function Refused(props: {
  error: RequestError;
  trans: TranslationBundle;
}): JSX.Element {
  const { error, trans } = props;
  const { message, hint } = errorText(error, trans);
  const problems = error.body.details?.['problems'];
  return Array.isArray(problems) && problems.length ? (
    <Problems problems={problems} trans={trans} />
  ) : (
    <div className="jp-Challenge-face" role="alert">
      <p className="jp-Challenge-faceTitle">{message}</p>
      <p>{hint}</p>
    </div>
  );
}

/** What is left to do: the folder on disk does not know of the new dates. */
function Done(props: IPageProps): JSX.Element {
  const { model, view, folders, trans } = props;
  const api = new OrganiserApi(model.api);
  const write = async () => {
    const folder = await folders.choose(
      trans.__('The folder with challenge.yaml of %1', view.title),
      trans.__('Select it, or open it and select none.'),
      folders.lastOf(view.id)
    );
    if (folder === null) {
      return;
    }
    try {
      const { path, changed } = await api.writeDates(view.id, folder);
      Notification.success(
        changed
          ? trans.__('%1 has the new dates.', path)
          : trans.__('%1 had these dates already.', path)
      );
    } catch (error) {
      tell(error, trans);
    }
  };
  return (
    <div className="jp-Challenge-face jp-Challenge-done" role="status">
      <p className="jp-Challenge-faceTitle">
        {trans.__('The new dates are published.')}
      </p>
      <p>
        {trans.__(
          'Your folder still has the old dates: publishing it would bring them back.'
        )}
      </p>
      <div className="jp-Challenge-actions">
        <button
          className="jp-Challenge-button jp-mod-styled"
          onClick={() => void write()}
        >
          {trans.__('Write the dates into my folder…')}
        </button>
        <a
          className="jp-Challenge-link"
          href={api.specUrl(view.id, view.version)}
          download
        >
          {trans.__('Download challenge.yaml')}
        </a>
      </div>
    </div>
  );
}
