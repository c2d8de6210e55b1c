import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ErrorFace, Loading } from '../marks';
import { parameterText } from './parameters';
import { RequestError } from '../request';
import { obstacles } from './obstacles';
import type { IFields, ISubmitFacts, ISubmitSubject } from './submit';
import type { IChallengeModel } from '../tokens';
import type { ChallengeView, IInspection, QuotaView } from '../wire';
import { bytes } from '../words';

interface IProps {
  subject: ISubmitSubject;
  model: IChallengeModel;
  trans: TranslationBundle;
  onFields: (fields: IFields) => void;
  onFacts: (facts: ISubmitFacts, canTry: boolean, canSubmit: boolean) => void;
}

/** What would be handed in, where to, what it costs, and what stands against it. */
export function SubmitForm(props: IProps): JSX.Element {
  const { subject, model, trans } = props;
  const [facts, setFacts] = React.useState<ISubmitFacts | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const [fields, setFields] = React.useState<IFields>({
    files: null,
    parameters: {},
    note: ''
  });
  React.useEffect(() => {
    let isGone = false;
    setError(null);
    Promise.all([
      model.api.inspect(subject.path, fields.files),
      model.loadChallenge(subject.challenge)
    ]).then(
      ([inspection, view]) => {
        if (!isGone) {
          setFacts({ inspection, view });
        }
      },
      reason => {
        if (!isGone && reason instanceof RequestError) {
          setError(reason);
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [subject.path, subject.challenge, fields.files, round]);
  React.useEffect(() => props.onFields(fields), [fields]);
  React.useEffect(() => {
    if (facts) {
      props.onFacts(
        facts,
        facts.view.has_sample && !obstacles(facts, true, trans).length,
        !obstacles(facts, false, trans).length
      );
    }
  }, [facts]);
  if (error) {
    return (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => setRound(round + 1)}
      />
    );
  }
  if (!facts) {
    return <Loading trans={trans} />;
  }
  const { inspection, view } = facts;
  const against = obstacles(facts, subject.isTry, trans);
  return (
    <div className="jp-Challenge-form">
      <dl>
        <Row name={trans.__('To')}>
          {trans.__('%1 · %2', view.title, view.phase.title)}
        </Row>
        <Row name={trans.__('Travels')}>
          <Travels
            inspection={inspection}
            files={fields.files}
            setFiles={files => setFields({ ...fields, files })}
            trans={trans}
          />
        </Row>
        <Row name={trans.__('Kernel')}>{kernelText(inspection, trans)}</Row>
        {Object.keys(inspection.parameters).length > 0 && (
          <Row name={trans.__('Parameters')}>
            {Object.entries(inspection.parameters).map(([name, value]) => (
              <label key={name} className="jp-Challenge-parameter">
                <code>{name}</code>
                <input
                  className="jp-mod-styled"
                  value={fields.parameters[name] ?? parameterText(value)}
                  onChange={event =>
                    setFields({
                      ...fields,
                      parameters: {
                        ...fields.parameters,
                        [name]: event.target.value
                      }
                    })
                  }
                />
              </label>
            ))}
          </Row>
        )}
        <Row name={trans.__('Note')}>
          <input
            className="jp-mod-styled"
            maxLength={300}
            aria-label={trans.__('Note')}
            placeholder={trans.__('What is new in it (for yourself)')}
            value={fields.note}
            onChange={event =>
              setFields({ ...fields, note: event.target.value })
            }
          />
        </Row>
        <Row name={trans.__('After this')}>
          {afterThis(view, subject.isTry, trans)}
        </Row>
      </dl>
      <div className="jp-Challenge-obstacles" role="status">
        {against.map(one => (
          <p key={one.message}>
            <strong>{one.message}</strong> {one.hint}
          </p>
        ))}
      </div>
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

/** The files that travel, with their sizes; they can be changed. */
function Travels(props: {
  inspection: IInspection;
  files: string[] | null;
  setFiles: (files: string[]) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { inspection, setFiles, trans } = props;
  const [isChanging, setChanging] = React.useState(false);
  const [added, setAdded] = React.useState('');
  const entry = inspection.path.split('/').pop();
  const others = inspection.files.filter(file => file.path !== entry);
  const inEntryFirst = [
    ...inspection.files.filter(file => file.path === entry),
    ...others
  ];
  const declared = others
    .map(file => file.path)
    .filter(path => path !== 'challenge.json');
  const add = () => {
    const path = added.trim();
    if (path && !declared.includes(path)) {
      setFiles([...declared, path]);
    }
    setAdded('');
  };
  return (
    <div>
      <ul className="jp-Challenge-files">
        {inEntryFirst.map(file => (
          <li key={file.path} className={file.missing ? 'jp-mod-missing' : ''}>
            <span>{file.path}</span>
            <span className="jp-Challenge-number">
              {file.missing
                ? trans.__('missing')
                : bytes(file.size ?? 0, trans)}
            </span>
            {isChanging && declared.includes(file.path) && (
              <button
                className="jp-Challenge-link"
                type="button"
                aria-label={trans.__('Leave %1 out', file.path)}
                onClick={() =>
                  setFiles(declared.filter(path => path !== file.path))
                }
              >
                {trans.__('Leave out')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {isChanging ? (
        <div className="jp-Challenge-addFile">
          <input
            className="jp-mod-styled"
            aria-label={trans.__('File to add')}
            placeholder={trans.__('features.py')}
            value={added}
            onChange={event => setAdded(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Enter') {
                event.preventDefault();
                event.stopPropagation();
                add();
              }
            }}
          />
          <button className="jp-Challenge-link" type="button" onClick={add}>
            {trans.__('Add')}
          </button>
        </div>
      ) : (
        <button
          className="jp-Challenge-link"
          type="button"
          onClick={() => setChanging(true)}
        >
          {trans.__('Change files')}
        </button>
      )}
    </div>
  );
}

/** The kernel, and how many packages of its environment were read. */
function kernelText(inspection: IInspection, trans: TranslationBundle): string {
  const { kernel, language, environment } = inspection;
  const count = Object.keys(environment.packages ?? {}).length;
  const { version } = environment;
  const name = [kernel ?? trans.__('none'), version ?? language]
    .filter(Boolean)
    .join(' · ');
  return count
    ? trans._n(
        '%2 · 1 package captured',
        '%2 · %1 packages captured',
        count,
        name
      )
    : name;
}

/** What is left once this one is handed in. */
export function afterThis(
  view: ChallengeView,
  isTry: boolean,
  trans: TranslationBundle
): string {
  if (isTry) {
    return trans.__('A try uses no quota and counts nowhere.');
  }
  const quota: Partial<QuotaView> = view.quota ?? view.phase.quota ?? {};
  const parts: string[] = [];
  if (typeof quota.left_today === 'number') {
    parts.push(
      trans.__(
        '%1 of %2 left today.',
        Math.max(0, quota.left_today - 1),
        quota.per_day ?? quota.left_today
      )
    );
  }
  if (typeof quota.left_total === 'number') {
    parts.push(
      trans.__(
        '%1 of %2 left in this phase.',
        Math.max(0, quota.left_total - 1),
        quota.total ?? quota.left_total
      )
    );
  }
  if (typeof quota.failures_left_today === 'number') {
    parts.push(
      trans.__(
        '%1 of %2 failed runs left today.',
        quota.failures_left_today,
        quota.failures_per_day ?? quota.failures_left_today
      )
    );
  }
  return parts.join(' ') || trans.__('No limit on submissions.');
}
