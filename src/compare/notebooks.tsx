// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CompareApi } from './compareapi';
import type { Comparison } from './comparison';
import type { NotebookDiff } from './nbdiff';
import { ErrorFace, Face, Hosted, Loading } from '../marks';
import { RequestError } from '../request';
import { sealed } from '../run/executed';
import type { SubmissionView } from '../wire';
import { submissionName } from '../words';

interface IProps extends Comparison.IOptions {
  views: [SubmissionView, SubmissionView];
  trans: TranslationBundle;
}

/** The notebooks of two submissions side by side; outputs only where they are asked for. */
export function Notebooks(props: IProps): JSX.Element {
  const { parts, views, trans } = props;
  const [withOutputs, setOutputs] = React.useState(false);
  const [showsAll, setShowsAll] = React.useState(false);
  const other = views.find(view => view.kind !== 'notebook');
  if (other) {
    return (
      <Face
        title={trans.__('There are no two notebooks to lay side by side')}
        text={trans.__(
          '%1 is a predictions file.',
          submissionName(other, trans)
        )}
      />
    );
  }
  if (!parts) {
    return (
      <Face title={trans.__('This application does not show notebooks')} />
    );
  }
  const ran = views.every(view => view.has_notebook);
  return (
    <div
      className={`jp-Challenge-compareNotebooks ${showsAll ? '' : 'jp-mod-changedOnly'}`}
    >
      <div className="jp-Challenge-logBar">
        <label>
          <input
            type="checkbox"
            checked={showsAll}
            onChange={event => setShowsAll(event.target.checked)}
          />
          {trans.__('Unchanged cells')}
        </label>
        <label
          title={ran ? '' : trans.__('There are no outputs of both to see.')}
        >
          <input
            type="checkbox"
            checked={withOutputs}
            disabled={!ran}
            onChange={event => setOutputs(event.target.checked)}
          />
          {trans.__('Outputs')}
        </label>
      </div>
      <Drawn
        {...props}
        key={String(withOutputs)}
        parts={parts}
        withOutputs={withOutputs}
      />
    </div>
  );
}

function Drawn(
  props: IProps & {
    parts: NonNullable<IProps['parts']>;
    withOutputs: boolean;
  }
): JSX.Element {
  const { model, parts, translator, trans, views, withOutputs } = props;
  const [first, second] = views;
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const [isSame, setSame] = React.useState(false);
  const [widget, setWidget] = React.useState<NotebookDiff | null>(null);
  React.useEffect(() => {
    let made: NotebookDiff | null = null;
    let isGone = false;
    setError(null);
    const draw = async () => {
      const [answer, { NotebookDiff }] = await Promise.all([
        new CompareApi(model.api).notebooks(first.id, second.id, withOutputs),
        import('./nbdiff')
      ]);
      if (isGone) {
        return;
      }
      setSame(answer.diff.length === 0);
      made = new NotebookDiff(
        {
          editorFactory: parts.editorFactory,
          rendermime: sealed(parts.rendermime),
          translator,
          names: {
            first: trans.__('Code of %1', submissionName(first, trans)),
            second: trans.__('Code of %1', submissionName(second, trans))
          }
        },
        answer
      );
      setWidget(made);
      await made.draw();
    };
    draw().catch(reason => {
      if (!(reason instanceof RequestError)) {
        throw reason;
      }
      if (!isGone) {
        setError(reason);
      }
    });
    return () => {
      isGone = true;
      made?.dispose();
    };
  }, [first.id, second.id, withOutputs, round]);
  if (error) {
    return (
      <ErrorFace
        error={error}
        trans={trans}
        retry={() => setRound(round + 1)}
      />
    );
  }
  if (!widget) {
    return <Loading trans={trans} />;
  }
  return (
    <>
      {isSame && (
        <p className="jp-Challenge-hint" role="status">
          {withOutputs
            ? trans.__('Both have the same cells and the same outputs.')
            : trans.__('Both have the same cells.')}
        </p>
      )}
      <div className={isSame ? 'jp-mod-same' : ''}>
        <div className="jp-Challenge-diffHead" aria-hidden={true}>
          <span>
            <span className="jp-Challenge-removedSign">−</span>{' '}
            {submissionName(first, trans)}
          </span>
          <span>
            <span className="jp-Challenge-addedSign">+</span>{' '}
            {submissionName(second, trans)}
          </span>
        </div>
        <Hosted widget={widget} />
      </div>
    </>
  );
}
