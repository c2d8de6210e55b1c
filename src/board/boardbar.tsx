// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Ago } from '../marks';
import { parseTime, span } from '../time';
import type { IChallengeModel } from '../tokens';
import type { BoardView, ChallengeView, PhaseView } from '../wire';
import { phaseTime } from '../words';
import type { BoardName } from './boardapi';
import { boardCsv } from './boardapi';

interface IProps {
  model: IChallengeModel;
  view: ChallengeView;
  phase: PhaseView;
  board: BoardName;
  head: BoardView | null;
  readAt: number;
  isOld: boolean;
  search: string;
  trans: TranslationBundle;
  jump: (() => void) | null;
  setPhase: (phase: string) => void;
  setBoard: (board: BoardName) => void;
  setSearch: (text: string) => void;
}

/** What stands above a board: which one, how current, search, my row and the download. */
export function BoardBar(props: IProps): JSX.Element {
  const { model, view, phase, board, head, search, trans, jump } = props;
  return (
    <>
      <div className="jp-Challenge-boardBar">
        {view.phases.length > 1 && (
          <select
            className="jp-mod-styled"
            aria-label={trans.__('Phase')}
            value={phase.id}
            onChange={event => props.setPhase(event.target.value)}
          >
            {view.phases.map(one => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
          </select>
        )}
        {phase.has_private && <Which {...props} />}
        <span className="jp-Challenge-hint jp-Challenge-number" role="status">
          {head ? trans._n('1 team', '%1 teams', head.total) : ''}
        </span>
        <span className="jp-Challenge-hint jp-Challenge-updated">
          {props.isOld
            ? trans.__('not up to date: the server does not answer')
            : props.readAt > 0 && (
                <>
                  {trans.__('updated')}
                  <Ago
                    time={new Date(props.readAt).toISOString()}
                    model={model}
                    trans={trans}
                  />
                </>
              )}
        </span>
        <span className="jp-Challenge-space" />
        {head?.mine && (
          <button
            className="jp-Challenge-link"
            disabled={!jump}
            onClick={() => jump?.()}
          >
            {trans.__('My row')}
          </button>
        )}
        <input
          type="search"
          className="jp-mod-styled"
          placeholder={trans.__('Search teams…')}
          aria-label={trans.__('Search teams')}
          value={search}
          onChange={event => props.setSearch(event.target.value)}
        />
        <a
          className="jp-Challenge-link"
          href={boardCsv(model.api, view.id, phase.id, board)}
          download
        >
          {trans.__('CSV')}
        </a>
      </div>
      <Notes {...props} />
    </>
  );
}

/** The choice between the public and the private board. */
function Which(props: IProps): JSX.Element {
  const { view, phase, board, trans } = props;
  const isClosed = !phase.revealed && view.role === 'participant';
  return (
    <div
      className="jp-Challenge-steps"
      role="group"
      aria-label={trans.__('Board')}
    >
      <button
        aria-pressed={board === 'public'}
        onClick={() => props.setBoard('public')}
      >
        {trans.__('Public')}
      </button>
      <button
        aria-pressed={board === 'private'}
        disabled={isClosed}
        title={isClosed ? trans.__('Opens when the phase reveals it') : ''}
        onClick={() => props.setBoard('private')}
      >
        {trans.__('Private')}
      </button>
    </div>
  );
}

/** What one should know to read the board: practice, an end, a private board that is to come. */
function Notes(props: IProps): JSX.Element {
  const { view, phase, board, trans } = props;
  const now = Date.now();
  const notes: string[] = [];
  if (view.practice) {
    notes.push(trans.__('Practice: scores here are your own word.'));
  }
  if (phase.state === 'ended') {
    notes.push(
      trans.__(
        'This phase %1: what is submitted now does not count here.',
        phaseTime(phase, now, trans)
      )
    );
  } else if (view.closed) {
    notes.push(trans.__('The organiser closed this challenge.'));
  }
  if (phase.has_private && !phase.revealed) {
    const opens = parseTime(phase.reveals_at) - now;
    if (board === 'private') {
      notes.push(trans.__('Only organisers see this board until it opens.'));
    } else if (opens > 0) {
      notes.push(
        trans.__('The private board opens in %1.', span(opens, trans))
      );
    }
  }
  return (
    <div className="jp-Challenge-boardNotes jp-Challenge-practice">
      {notes.map(note => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}
