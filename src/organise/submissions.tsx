// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { Failures } from './failuregroups';
import type { IPageProps } from './organisedocument';
import type { ISubmissionFilter } from './organiserapi';
import { OrganiserApi } from './organiserapi';
import { privateScore } from './organisewords';
import { useNews, useOverview } from './overview';
import { Ago, ErrorFace, Face, Loading, StateMark } from '../marks';
import { RequestError } from '../request';
import { failureWord } from '../run/failures';
import type { SubmissionState, SubmissionView } from '../wire';
import { rowText, stateWord, submissionName } from '../words';

/** Rows that are asked for at a time. */
const PAGE = 100;

/** Pause after typing before teams are searched, in milliseconds. */
const PAUSE = 250;

const STATES: SubmissionState[] = [
  'queued',
  'running',
  'scored',
  'failed',
  'cancelled'
];

const ALL: ISubmissionFilter = {
  q: '',
  state: '',
  phase: '',
  failure: '',
  fault: '',
  kind: 'submissions'
};

/** The submissions of all teams, with filters; a row opens the run. */
export function AllSubmissions(props: IPageProps): JSX.Element {
  const { model, view, commands, trans } = props;
  const [filter, setFilter] = React.useState(ALL);
  const [search, setSearch] = React.useState('');
  const { rows, more, error, isRead, again, readMore } = useSubmissions(
    props,
    filter
  );
  const overview = useOverview(model, view.id, view.version);
  const [debouncer] = React.useState(
    () =>
      new Debouncer((q: string) => setFilter(known => ({ ...known, q })), PAUSE)
  );
  React.useEffect(() => () => debouncer.dispose(), [debouncer]);
  const isNarrow = JSON.stringify(filter) !== JSON.stringify(ALL);
  const showAll = () => {
    setSearch('');
    setFilter(ALL);
  };
  return (
    <section aria-label={trans.__('Submissions of all teams')}>
      {overview.value && overview.value.failures.length > 0 && (
        <Failures
          failures={overview.value.failures}
          total={overview.value.submissions}
          chosen={filter.failure}
          choose={failure =>
            setFilter({ ...ALL, q: filter.q, phase: filter.phase, failure })
          }
          model={model}
          trans={trans}
        />
      )}
      <Filters
        {...props}
        filter={filter}
        setFilter={setFilter}
        search={search}
        failures={overview.value?.failures.map(one => one.failure_class) ?? []}
        setSearch={text => {
          setSearch(text);
          void debouncer.invoke(text);
        }}
      />
      {error && !rows.length ? (
        <ErrorFace error={error} trans={trans} retry={again} />
      ) : !isRead ? (
        <Loading trans={trans} />
      ) : !rows.length ? (
        <Face
          title={
            isNarrow
              ? trans.__('No submission is like that')
              : trans.__('Nobody has submitted yet')
          }
          text={
            isNarrow
              ? undefined
              : trans.__('What teams submit appears here by itself.')
          }
          action={
            isNarrow ? { label: trans.__('Show all'), run: showAll } : undefined
          }
        />
      ) : (
        <Table
          {...props}
          rows={rows}
          open={id =>
            void commands.execute(CommandIDs.openRun, { submission: id })
          }
        />
      )}
      {more && rows.length > 0 && (
        <button
          className="jp-Challenge-button jp-Challenge-older jp-mod-styled"
          onClick={readMore}
        >
          {trans.__('Show older ones')}
        </button>
      )}
    </section>
  );
}

/** Read as many rows as were wanted so far, again with every news. */
function useSubmissions(props: IPageProps, filter: ISubmissionFilter) {
  const { model, view } = props;
  const [rows, setRows] = React.useState<SubmissionView[]>([]);
  const [more, setMore] = React.useState(false);
  const [isRead, setRead] = React.useState(false);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [round, setRound] = React.useState(0);
  const wanted = React.useRef(PAGE);
  const again = React.useCallback(() => setRound(known => known + 1), []);
  useNews(model, view.id, again);
  const key = JSON.stringify(filter);
  React.useEffect(() => {
    wanted.current = PAGE;
  }, [key]);
  React.useEffect(() => {
    let isGone = false;
    const read = async () => {
      const api = new OrganiserApi(model.api);
      const found: SubmissionView[] = [];
      let cursor: string | null = null;
      do {
        const page = await api.submissions(view.id, filter, cursor, PAGE);
        found.push(...page.items);
        cursor = page.next ?? null;
      } while (cursor && found.length < wanted.current && !isGone);
      return { found, cursor };
    };
    read().then(
      ({ found, cursor }) => {
        if (!isGone) {
          setRows(found);
          setMore(cursor !== null);
          setError(null);
          setRead(true);
        }
      },
      reason => {
        if (!isGone && reason instanceof RequestError) {
          setError(reason);
          setRead(true);
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, [model, view.id, key, round]);
  const readMore = () => {
    wanted.current += PAGE;
    again();
  };
  return { rows, more, error, isRead, again, readMore };
}

function Filters(
  props: IPageProps & {
    filter: ISubmissionFilter;
    setFilter: (filter: ISubmissionFilter) => void;
    search: string;
    setSearch: (text: string) => void;
    failures: Parameters<typeof failureWord>[0][];
  }
): JSX.Element {
  const { view, trans, filter, setFilter, search, failures } = props;
  const narrow = (change: Partial<ISubmissionFilter>) =>
    setFilter({ ...filter, ...change });
  const known = failures.filter(one => one !== filter.failure);
  return (
    <div className="jp-Challenge-boardBar jp-Challenge-filters" role="search">
      <input
        type="search"
        className="jp-mod-styled"
        placeholder={trans.__('Search teams…')}
        aria-label={trans.__('Search teams')}
        value={search}
        onChange={event => props.setSearch(event.target.value)}
      />
      <Choice
        label={trans.__('State')}
        value={filter.state}
        choose={state => narrow({ state })}
        choices={[
          ['', trans.__('Every state')],
          ...STATES.map(one => [one, stateWord(one, trans)] as [string, string])
        ]}
      />
      {view.phases.length > 1 && (
        <Choice
          label={trans.__('Phase')}
          value={filter.phase}
          choose={phase => narrow({ phase })}
          choices={[
            ['', trans.__('Every phase')],
            ...view.phases.map(one => [one.id, one.title] as [string, string])
          ]}
        />
      )}
      <Choice
        label={trans.__('Failure')}
        value={filter.failure}
        choose={failure => narrow({ failure })}
        choices={[
          ['', trans.__('Every failure')],
          ...(filter.failure
            ? [filter.failure as (typeof failures)[number], ...known]
            : known
          ).map(one => [one, failureWord(one, trans)] as [string, string])
        ]}
      />
      <Choice
        label={trans.__('Whose fault')}
        value={filter.fault}
        choose={fault => narrow({ fault })}
        choices={[
          ['', trans.__('Whosever fault')],
          ['participant', trans.__('the team’s')],
          ['organiser', trans.__('the challenge’s')],
          ['platform', trans.__('the platform’s')]
        ]}
      />
      <Choice
        label={trans.__('Kind')}
        value={filter.kind}
        choose={kind => narrow({ kind: kind as ISubmissionFilter['kind'] })}
        choices={[
          ['submissions', trans.__('Submissions')],
          ['tries', trans.__('Tries')],
          ['both', trans.__('Both')]
        ]}
      />
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  choose: (value: string) => void;
  choices: [string, string][];
}): JSX.Element {
  return (
    <select
      className="jp-mod-styled"
      aria-label={props.label}
      value={props.value}
      onChange={event => props.choose(event.target.value)}
    >
      {props.choices.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Table(
  props: IPageProps & { rows: SubmissionView[]; open: (id: string) => void }
): JSX.Element {
  const { model, view, trans, rows, open } = props;
  return (
    <div
      className="jp-Challenge-tableBox"
      role="region"
      tabIndex={0}
      aria-label={trans.__('Submissions')}
    >
      <table className="jp-Challenge-table jp-Challenge-all">
        <thead>
          <tr>
            <th scope="col">{trans.__('Team')}</th>
            <th scope="col">{trans.__('Run')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Outcome')}</th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Private')}
            </th>
            {view.phases.length > 1 && <th scope="col">{trans.__('Phase')}</th>}
            <th scope="col">{trans.__('Notebook')}</th>
            <th scope="col">{trans.__('Handed in')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(one => (
            <tr key={one.id} data-state={one.state}>
              <th scope="row">{one.team.name}</th>
              <td>
                <button
                  className="jp-Challenge-link"
                  aria-label={trans.__(
                    'Show %1 of %2',
                    submissionName(one, trans),
                    one.team.name
                  )}
                  onClick={() => open(one.id)}
                >
                  {submissionName(one, trans)}
                </button>
              </td>
              <td>
                <StateMark state={one.state} trans={trans} withWord />
              </td>
              <td className="jp-Challenge-outcome" title={one.failure?.detail}>
                {outcome(one, trans)}
              </td>
              <td className="jp-mod-number">{privateScore(one)}</td>
              {view.phases.length > 1 && <td>{one.phase_title}</td>}
              <td>{one.name}</td>
              <td>
                <Ago time={one.created_at} model={model} trans={trans} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The score, or what went wrong; the state says the rest. */
function outcome(one: SubmissionView, trans: TranslationBundle): string {
  return one.state === 'scored' || one.state === 'failed'
    ? rowText(one, trans)
    : '';
}
