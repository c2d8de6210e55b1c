// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { Loading } from '../marks';
import { tell } from '../tell';
import type { IChallengeModel } from '../tokens';
import type { SubmissionView } from '../wire';
import { isOver } from '../words';
import { SubmissionRows } from './rows';

/** How many rows are in sight before more are asked for. */
const ROWS = 50;

/** As many as one sees at a glance, without a filter. */
const FEW = 5;

/** Which rows are in sight. */
type RowFilter = 'all' | 'open' | 'scored' | 'failed' | 'cancelled' | 'tries';

interface IProps {
  model: IChallengeModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  id: string;
}

/** What became of what I handed in. */
export function MySubmissions(props: IProps): JSX.Element {
  const { model, commands, trans, id } = props;
  const [filter, setFilter] = React.useState<RowFilter>('all');
  const [limit, setLimit] = React.useState(ROWS);
  const [chosen, setChosen] = React.useState<string[] | null>(null);
  const [isBusy, setBusy] = React.useState(false);
  const all = model.submissions(id);
  const found = all?.filter(one => isShown(one, filter)) ?? [];
  const hasMore = model.hasMoreSubmissions(id);
  const isShort = found.length < limit && hasMore;

  // A filter may find little in what was read so far: read on until there is enough.
  React.useEffect(() => {
    if (isShort && !isBusy) {
      setBusy(true);
      model
        .loadMoreSubmissions(id)
        .catch(error => {
          setLimit(found.length);
          tell(error, trans);
        })
        .finally(() => setBusy(false));
    }
  }, [isShort, isBusy, id]);

  const choose = (one: string) => {
    const next = chosen?.includes(one)
      ? chosen.filter(other => other !== one)
      : [...(chosen ?? []), one];
    if (next.length < 2) {
      setChosen(next);
      return;
    }
    setChosen(null);
    void commands.execute(CommandIDs.compareSubmissions, {
      first: next[0],
      second: next[1]
    });
  };
  const canCompare =
    commands.hasCommand(CommandIDs.compareSubmissions) &&
    (all?.length ?? 0) > 1;

  return (
    <section aria-label={trans.__('My submissions')}>
      <div className="jp-Challenge-sectionTitle">
        <h3>{trans.__('My submissions')}</h3>
        {canCompare && (
          <button
            className="jp-Challenge-link"
            aria-pressed={chosen !== null}
            onClick={() => setChosen(chosen ? null : [])}
          >
            {chosen ? trans.__('Do not compare') : trans.__('Compare')}
          </button>
        )}
      </div>
      {all === undefined ? (
        <Loading trans={trans} />
      ) : all.length === 0 ? (
        <p className="jp-Challenge-hint">
          {trans.__('None yet. What you submit or try appears here.')}
        </p>
      ) : (
        <>
          {(all.length > FEW || filter !== 'all') && (
            <Filter
              filter={filter}
              trans={trans}
              setFilter={next => {
                setFilter(next);
                setLimit(ROWS);
              }}
            />
          )}
          {chosen && (
            <p className="jp-Challenge-hint" role="status">
              {chosen.length
                ? trans.__('Choose one more to compare it with.')
                : trans.__('Choose two to compare.')}
            </p>
          )}
          <SubmissionRows
            {...props}
            view={model.challenge(id)}
            chosen={chosen}
            choose={choose}
            submissions={found.slice(0, limit)}
          />
          {!found.length && !isBusy && (
            <p className="jp-Challenge-hint">{trans.__('None of these.')}</p>
          )}
          {(hasMore || found.length > limit) && (
            <button
              className="jp-Challenge-link jp-Challenge-more"
              disabled={isBusy}
              onClick={() => setLimit(limit + ROWS)}
            >
              {isBusy ? trans.__('Loading…') : trans.__('Show more')}
            </button>
          )}
        </>
      )}
    </section>
  );
}

function Filter(props: {
  filter: RowFilter;
  setFilter: (filter: RowFilter) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { filter, trans } = props;
  const choices: [RowFilter, string][] = [
    ['all', trans.__('All')],
    ['open', trans.__('Under way')],
    ['scored', trans.__('Scored')],
    ['failed', trans.__('Failed')],
    ['cancelled', trans.__('Cancelled')],
    ['tries', trans.__('Tries')]
  ];
  return (
    <div className="jp-Challenge-rowFilter">
      <HTMLSelect
        aria-label={trans.__('Which submissions are shown')}
        value={filter}
        onChange={event => props.setFilter(event.target.value as RowFilter)}
      >
        {choices.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </HTMLSelect>
    </div>
  );
}

function isShown(submission: SubmissionView, filter: RowFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'open':
      return !isOver(submission);
    case 'tries':
      return submission.is_try;
    default:
      return submission.state === filter;
  }
}
