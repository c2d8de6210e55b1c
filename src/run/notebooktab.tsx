// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { INotebookContent } from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { INotebookParts } from './executed';
import { ExecutedNotebook, onlyCell } from './executed';
import { failureHint } from './failures';
import { ErrorFace, Face, Hosted, Loading } from '../marks';
import { RequestError } from '../request';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { isOver } from '../words';

interface IProps {
  model: IChallengeModel;
  parts: INotebookParts | null;
  trans: TranslationBundle;
  view: SubmissionView;
}

/** The notebook as it ran, or why there is none. */
export function NotebookTab(props: IProps): JSX.Element {
  const { view, parts, trans } = props;
  if (view.kind !== 'notebook') {
    return <Face title={trans.__('A predictions file has no notebook')} />;
  }
  if (!isOver(view)) {
    return (
      <Face
        title={trans.__('The notebook is still running')}
        text={trans.__('It appears here when the run is over.')}
      />
    );
  }
  if (!view.has_notebook || !parts) {
    return (
      <Face
        title={trans.__('No notebook was kept')}
        text={trans.__('The run ended before its first cell did.')}
      />
    );
  }
  return <Executed {...props} parts={parts} />;
}

function Executed(props: IProps & { parts: INotebookParts }): JSX.Element {
  const { view, parts, model, trans } = props;
  const [content, setContent] = React.useState<INotebookContent | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const failing = view.failure?.cell_index ?? null;
  React.useEffect(() => {
    let isGone = false;
    setError(null);
    model.api.executed(view.id).then(
      answer => {
        if (!isGone) {
          setContent(answer);
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
  }, [view.id, view.attempt, round]);
  const isThere = failing !== null && !!content?.cells[failing];
  return (
    <>
      <div className="jp-Challenge-logBar">
        <span className="jp-Challenge-hint">
          {trans.__('Read-only, as it ran; nothing in it is executed here.')}
        </span>
        <span className="jp-Challenge-space" />
        <a
          className="jp-Challenge-link"
          href={model.api.notebookUrl(view.id)}
          download
        >
          {trans.__('Download')}
        </a>
      </div>
      {error ? (
        <ErrorFace
          error={error}
          trans={trans}
          retry={() => setRound(round + 1)}
        />
      ) : content ? (
        <>
          {isThere && (
            <section
              className="jp-Challenge-failingCell"
              aria-label={trans.__('The cell that failed')}
            >
              <h2>
                {trans.__('Cell %1 stopped here', view.failure?.cell ?? '')}
              </h2>
              <p>
                <code>{view.failure?.failure_class}</code>{' '}
                {view.failure && failureHint(view.failure, trans)}
              </p>
              <Cells
                parts={parts}
                content={onlyCell(content, failing)}
                failing={0}
              />
            </section>
          )}
          <section aria-label={trans.__('The whole notebook')}>
            {isThere && <h2>{trans.__('The whole notebook')}</h2>}
            <Cells parts={parts} content={content} failing={failing} />
          </section>
        </>
      ) : (
        <Loading trans={trans} />
      )}
    </>
  );
}

/** Cells as JupyterLab draws them. */
function Cells(props: {
  parts: INotebookParts;
  content: INotebookContent;
  failing: number | null;
}): JSX.Element | null {
  const { parts, content, failing } = props;
  const [widget, setWidget] = React.useState<ExecutedNotebook | null>(null);
  const key = failing === 0 && content.cells.length === 1 ? failing : content;
  React.useEffect(() => {
    const made = new ExecutedNotebook(parts, content, failing);
    setWidget(made);
    return () => made.dispose();
  }, [key]);
  return widget && <Hosted widget={widget} />;
}
