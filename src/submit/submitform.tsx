// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ErrorFace, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import { errorText } from '../words';
import type { IDraft, IFacts, IStanding, ISubject } from './draft';
import { enter, isGone, likelyChallenge, loadFacts } from './facts';
import { KernelRow } from './kernelrow';
import type { IWayOut } from './obstacles';
import { obstacles } from './obstacles';
import { ParameterFields } from './parameterfields';
import { ObstacleList, TableProblems, Terms } from './problems';
import { RunsOn } from './runson';
import { afterThis } from './texts';
import { ToChallenge } from './tochallenge';
import { Travels } from './travels';

/** What the form knows and what it tells the dialog around it. */
export interface IFormOptions {
  subject: ISubject;
  draft: IDraft;
  standing: IStanding;
  /** Why it was not handed in before. */
  failure: RequestError | null;
  model: IChallengeModel;
  contents: Contents.IManager;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
  /** Called whenever the draft or what may be done with it is another. */
  onChange: (
    draft: IDraft,
    facts: IFacts | null,
    may: { canTry: boolean; canSubmit: boolean }
  ) => void;
  /** Called with a way out that needs the dialog to be gone. */
  onWayOut: (wayOut: IWayOut) => void;
}

/** What would be handed in, where to, what it costs, and what stands against it. */
export function SubmitForm(props: IFormOptions): JSX.Element {
  const { subject, standing, model, trans } = props;
  const [draft, setDraft] = React.useState(props.draft);
  const [facts, setFacts] = React.useState<IFacts | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [failure, setFailure] = React.useState(props.failure);
  const [round, setRound] = React.useState(0);
  const [isReading, setReading] = React.useState(false);
  const [isChoosing, setChoosing] = React.useState(false);
  const loaded = React.useRef(-1);
  const form = React.useRef<HTMLDivElement>(null);
  const change = (changes: Partial<IDraft>) =>
    setDraft(old => ({ ...old, ...changes }));

  React.useEffect(() => {
    let isGoneAlready = false;
    const known = loaded.current === round ? facts : null;
    setError(null);
    loadFacts(model, subject, draft, known).then(
      found => {
        if (isGoneAlready) {
          return;
        }
        loaded.current = round;
        setFacts(found);
        if (!draft.challenge) {
          const challenge =
            found.inspection.challenge ?? likelyChallenge(model);
          if (challenge) {
            change({ challenge });
          }
        }
      },
      reason => {
        if (isGoneAlready) {
          return;
        }
        if (isGone(reason) && draft.challenge && facts !== null) {
          setFacts({ ...facts, view: null });
        } else if (reason instanceof RequestError) {
          setError(reason);
        } else {
          throw reason;
        }
      }
    );
    return () => {
      isGoneAlready = true;
    };
  }, [subject.path, draft.challenge, draft.files, round]);

  const situation = facts && { ...facts, subject, draft, standing };
  const against = situation
    ? obstacles(situation, subject.isTry, trans)
    : undefined;
  React.useEffect(() => {
    props.onChange(draft, facts, {
      canTry:
        !!situation &&
        !!facts?.view?.has_sample &&
        !obstacles(situation, true, trans).length,
      canSubmit: !!situation && !obstacles(situation, false, trans).length
    });
  }, [draft, facts]);

  if (error) {
    return (
      <>
        {isGone(error) && (
          <ToChallenge {...props} draft={draft} view={null} change={change} />
        )}
        <ErrorFace
          error={error}
          trans={trans}
          retry={() => setRound(round + 1)}
        />
      </>
    );
  }
  if (!situation || !against) {
    return <Loading trans={trans} />;
  }
  const { inspection, view, profiles } = situation;
  const takeWayOut = (wayOut: IWayOut) => {
    switch (wayOut.kind) {
      case 'enter':
        if (view?.terms) {
          setReading(true);
        } else if (view) {
          enterNow();
        }
        return;
      case 'leave-out':
        change({
          files: (draft.files ?? inspection.declared).filter(
            name => name !== wayOut.about
          )
        });
        return;
      case 'files':
        setChoosing(true);
        return;
      case 'parameter':
        form.current
          ?.querySelector<HTMLElement>(`[data-parameter="${wayOut.about}"]`)
          ?.focus();
        return;
      default:
        props.onWayOut(wayOut);
    }
  };
  const enterNow = () => {
    enter(model, view!).then(
      () => {
        setReading(false);
        setRound(round + 1);
      },
      reason => {
        if (!(reason instanceof RequestError)) {
          throw reason;
        }
        setFailure(reason);
      }
    );
  };
  if (isReading && view) {
    return (
      <Terms
        view={view}
        rendermime={props.rendermime}
        trans={trans}
        accept={enterNow}
        back={() => setReading(false)}
      />
    );
  }
  const isNotebook = subject.kind === 'notebook';
  const told = failure && {
    ...errorText(failure, trans),
    ...(failure.kind === 'offline'
      ? { hint: trans.__('Submit it again: it counts only once.') }
      : {})
  };
  return (
    <div className="jp-Challenge-form" ref={form}>
      {told && (
        <div className="jp-Challenge-failure" role="alert">
          <strong>{told.message}</strong> {told.hint}
        </div>
      )}
      <dl>
        <Row name={trans.__('To')}>
          <ToChallenge {...props} draft={draft} view={view} change={change} />
        </Row>
        <Row name={trans.__('Travels')}>
          <Travels
            subject={subject}
            inspection={inspection}
            files={draft.files}
            view={view}
            isChoosing={isChoosing}
            setChoosing={setChoosing}
            setFiles={files => change({ files })}
            contents={props.contents}
            trans={trans}
          />
          <TableProblems
            problems={inspection.table}
            failure={failure}
            trans={trans}
          />
        </Row>
        {profiles.length > 0 && (
          <Row name={trans.__('Runs on')}>
            <RunsOn
              profiles={profiles}
              draft={draft}
              change={change}
              trans={trans}
            />
          </Row>
        )}
        {isNotebook && (
          <Row name={trans.__('Kernel')}>
            <KernelRow
              inspection={inspection}
              profiles={profiles}
              profile={draft.profile}
              trans={trans}
            />
          </Row>
        )}
        {isNotebook && Object.keys(inspection.parameters).length > 0 && (
          <Row name={trans.__('Parameters')}>
            <ParameterFields
              given={inspection.parameters}
              texts={draft.parameters}
              setTexts={parameters => change({ parameters })}
              trans={trans}
            />
          </Row>
        )}
        <Row name={trans.__('Note')}>
          <input
            className="jp-mod-styled"
            maxLength={300}
            aria-label={trans.__('Note')}
            placeholder={trans.__('What is new in it (for yourself)')}
            value={draft.note}
            onChange={event => change({ note: event.target.value })}
          />
        </Row>
        {view && (
          <Row name={trans.__('After this')}>
            {afterThis(view, subject.isTry, trans).map(one => (
              <span key={one} className="jp-Challenge-afterThis">
                {one}
              </span>
            ))}
          </Row>
        )}
      </dl>
      <ObstacleList obstacles={against} takeWayOut={takeWayOut} />
    </div>
  );
}

function Row(props: { name: string; children: React.ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
