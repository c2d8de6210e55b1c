// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { textBelow } from './textbelow';
import { Face, Markdown } from '../marks';
import type { BaselineView, ChallengeView } from '../wire';

interface IProps {
  view: ChallengeView;
  commands: CommandRegistry;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
  /** The part that is to be in sight; empty for the beginning. */
  section: string;
  /** Called when it is. */
  onSection: () => void;
}

/** What the organiser says of the challenge, and what is easily reached in it. */
export function AboutPage(props: IProps): JSX.Element {
  const { view, rendermime, trans, section } = props;
  const [isDrawn, setDrawn] = React.useState(!view.description);
  const page = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const part = page.current?.querySelector<HTMLElement>(
      `[data-section="${CSS.escape(section)}"]`
    );
    // Before the description is there, it would be pushed out of sight again.
    if (isDrawn && part) {
      part.scrollIntoView();
      part.focus({ preventScroll: true });
      props.onSection();
    }
  }, [section, isDrawn]);
  return (
    <div ref={page}>
      {view.description ? (
        <Markdown
          source={textBelow(view.description, view.title, view.summary)}
          rendermime={rendermime}
          onDrawn={() => setDrawn(true)}
        />
      ) : (
        <Face title={trans.__('The organiser has not written anything yet')} />
      )}
      {!!view.baselines?.length && (
        <Baselines {...props} baselines={view.baselines} />
      )}
    </div>
  );
}

/** What the organiser handed in to show what is easily reached. */
function Baselines(props: IProps & { baselines: BaselineView[] }): JSX.Element {
  const { view, commands, trans, baselines } = props;
  const metric = view.metrics.find(one => one.ranked) ?? view.metrics[0];
  return (
    <section data-section="baselines" tabIndex={-1}>
      <h2>{trans.__('Baselines')}</h2>
      <p className="jp-Challenge-hint">
        {trans.__(
          'What the organiser reached with little effort. Try to be better.'
        )}
      </p>
      <table className="jp-Challenge-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Baseline')}</th>
            <th scope="col" className="jp-mod-number">
              {metric.label}
            </th>
            <th scope="col">{trans.__('Notebook')}</th>
          </tr>
        </thead>
        <tbody>
          {baselines.map(one => (
            <tr key={one.title}>
              <th scope="row">{one.title}</th>
              <td className="jp-mod-number">
                {one.score?.display ?? trans.__('no score yet')}
              </td>
              <td>
                {one.notebook ? (
                  <button
                    className="jp-Challenge-link"
                    disabled={!view.entered && !!view.terms}
                    title={
                      view.entered || !view.terms
                        ? one.notebook
                        : trans.__('Enter the challenge first')
                    }
                    onClick={() =>
                      void commands.execute(CommandIDs.openBaseline, {
                        challenge: view.id,
                        path: one.notebook
                      })
                    }
                  >
                    {trans.__('Open the baseline')}
                  </button>
                ) : (
                  '–'
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
