"""Boards: ranked once per change, then read page by page."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Phase, TieRule
from jupyter_challenge.core.errors import ChallengeError, Forbidden, NotFound
from jupyter_challenge.core.live_ranking import LiveRanking
from jupyter_challenge.core.metrics import direction_of, title_of
from jupyter_challenge.core.models import BoardView, MetricView, StandingView, TeamRef
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.scoring import ranked_by, secondary
from jupyter_challenge.service.state import Seen, Service, see
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import StandingRow, VersionRow, utc_now
from jupyter_challenge.store.scores import Key

BoardName = Literal["public", "private"]
_KEEP = 64


@dataclass(frozen=True)
class Row:
    """A ranked row, ready to be shown to anybody who may see the board."""

    rank: int
    rank_to: int
    team: str
    name: str
    values: dict[str, float | None]
    display: dict[str, str]
    entries: int
    last_at: datetime
    submission: str
    move: int | None


@dataclass(frozen=True)
class Board:
    """A board as of one change; rows are made when they are asked for.

    `standings` are the stored rows with the teams' names, `before` the ranks of a day ago.
    """

    challenge: Challenge
    seq: int
    hour: datetime
    order: LiveRanking
    standings: dict[str, tuple[StandingRow, str]]
    before: dict[str, int]
    updated_at: datetime | None
    made: dict[str, Row] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many teams are ranked."""
        return len(self.order)

    def row_of(self, team: str) -> Row | None:
        """The row of a team."""
        place = self.order.place(team)
        return None if place is None else self._row(place)

    def rows(self, start: int = 0, stop: int | None = None) -> list[Row]:
        """Rows from `start` to before `stop`, best first."""
        return [self._row(place) for place in self.order.places(start, stop)]

    def found(self, text: str) -> list[str]:
        """Teams whose names contain a text, best first."""
        wanted = text.casefold()
        return [team for team in self.order.ids() if wanted in self.standings[team][1].casefold()]

    def _row(self, place: ranking.Place) -> Row:
        row = self.made.get(place.entry.id)
        if row is None:
            row = self.made[place.entry.id] = self._make_row(place)
        return row

    def _make_row(self, place: ranking.Place) -> Row:
        standing, name = self.standings[place.entry.id]
        values: dict[str, float | None] = {}
        shown: dict[str, str] = {}
        for spec in self.challenge.metrics:
            value = standing.metrics.get(spec.name)
            rounded = ranking.rounded(value, spec.precision)
            values[spec.name] = None if rounded is None else float(rounded)
            shown[spec.name] = ranking.display(value, spec.precision)
        before = self.before.get(standing.team_id)
        return Row(
            rank=place.rank,
            rank_to=place.rank_to,
            team=standing.team_id,
            name=name,
            values=values,
            display=shown,
            entries=standing.entries,
            last_at=standing.last_at,
            submission=standing.submission_id,
            move=None if before is None else before - place.rank,
        )


class Boards:
    """Boards in memory; each learns only what was written since it was looked at."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[tuple[Key, str], Board] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, version: VersionRow, phase: str, board: str) -> Board:
        """A board of the current version, as it is in this session."""
        evaluator = version.evaluators.get(phase, "")
        key = (version.challenge_id, phase, board, evaluator)
        # The version's rules (precision, ties) belong to the name: they may change alone.
        name = (key, version.digest)
        seq = scores.newest_seq(session, key)
        hour = utc_now().replace(minute=0, second=0, microsecond=0)
        kept = self._kept.get(name)
        if kept is not None and kept.seq == seq and kept.hour == hour:
            return kept
        with self._lock:
            kept = self._kept.get(name)
            # A session that began earlier may know less than what is kept: it gets its own.
            if kept is not None and kept.seq > seq:
                return _made(session, version, key, seq, hour, None)
            if kept is None or kept.seq != seq or kept.hour != hour:
                kept = _made(session, version, key, seq, hour, kept)
                if name not in self._kept and len(self._kept) >= _KEEP:
                    del self._kept[next(iter(self._kept))]
                self._kept[name] = kept
            return kept


def _made(
    session: Session, version: VersionRow, key: Key, seq: int, hour: datetime, kept: Board | None
) -> Board:
    challenge = challenges.spec(version)
    phase = challenge.phase(key[1])
    ties = phase.ties if phase is not None else TieRule.SHARED
    empty = LiveRanking(ranked_by(challenge), ties, secondary(challenge))
    new = scores.standings(session, key, after=kept.seq if kept is not None else -1)
    standings = dict(kept.standings) if kept is not None else {}
    standings.update((row.team_id, (row, team)) for row, team in new)
    order = (kept.order if kept is not None else empty).with_entries(
        ranking.Entry(row.team_id, row.metrics, row.reached_at) for row, _ in new
    )
    if kept is not None and kept.hour == hour:
        before = kept.before
    else:
        # A day before the hour began, so that it is worked out once an hour.
        past = empty.with_entries(
            ranking.Entry(team, metrics, reached)
            for team, metrics, reached in scores.standings_at(
                session, key, hour - timedelta(days=1)
            )
        )
        before = {place.entry.id: place.rank for place in past.places()}
    last = [row.last_at for row, _ in new]
    if kept is not None and kept.updated_at is not None:
        last.append(kept.updated_at)
    return Board(challenge, seq, hour, order, standings, before, max(last, default=None))


def metric_views(challenge: Challenge) -> list[MetricView]:
    """The metrics as columns."""
    return [
        MetricView(
            name=spec.name,
            label=title_of(spec),
            direction=direction_of(spec),
            precision=spec.precision,
            ranked=spec.name == challenge.ranked_metric.name,
        )
        for spec in challenge.metrics
    ]


def standing_view(seen: Seen, row: Row) -> StandingView:
    """A row as the asker sees it; the submission is named to its own team and organisers."""
    mine = seen.team is not None and seen.team.id == row.team
    return StandingView(
        rank=row.rank,
        rank_to=row.rank_to,
        move=row.move,
        team=TeamRef(id=row.team, name=row.name),
        mine=mine,
        values=row.values,
        display=row.display,
        entries=row.entries,
        last_at=row.last_at,
        submission=row.submission if mine or seen.manages else None,
    )


def allowed(
    session: Session, identity: Identity, challenge_id: str, phase_id: str | None, board: str
) -> tuple[Seen, Phase]:
    """A challenge and a phase of which the asker may see a board; the current phase with None.

    Raises:
        NotFound: There is no such challenge, phase or board.
        Forbidden: The private board is not revealed yet.
    """
    seen = see(session, identity, challenge_id)
    phase = (
        seen.challenge.current_phase(utc_now())
        if phase_id is None
        else seen.challenge.phase(phase_id)
    )
    if phase is None or (board == "private" and phase.split is None):
        raise NotFound(
            f'{seen.challenge.title} has no {board} board of a phase "{phase_id}".',
            hint=f"Its phases: {', '.join(each.id for each in seen.challenge.phases)}.",
        )
    if board == "private" and not seen.manages and not phase.revealed(utc_now()):
        raise Forbidden(
            "The private board is not open yet.", hint="The Rules page says when it opens."
        )
    return seen, phase


def find(
    session: Session, service: Service, identity: Identity, challenge_id: str, phase_id: str,
    board: str,
) -> tuple[Seen, Phase, Board]:  # fmt: skip
    """A board that the asker may see; raises what `allowed` raises."""
    seen, phase = allowed(session, identity, challenge_id, phase_id, board)
    return seen, phase, service.boards.get(session, seen.version, phase.id, board)


def page(
    service: Service,
    identity: Identity,
    challenge_id: str,
    phase_id: str,
    board: BoardName,
    *,
    cursor: str | None,
    limit: int,
    q: str,
) -> BoardView:
    """One page of a board; the asker's own row is there on every page."""
    with service.db.read() as session:
        seen, phase, found = find(session, service, identity, challenge_id, phase_id, board)
    offset = _offset(cursor)
    mine = found.row_of(seen.team.id) if seen.team is not None else None
    if q.strip():
        teams = found.found(q.strip())
        total = len(teams)
        rows = [found.row_of(team) for team in teams[offset : offset + limit]]
    else:
        total = len(found)
        rows = [*found.rows(offset, offset + limit)]
    return BoardView(
        challenge=seen.row.id,
        title=seen.challenge.title,
        phase=phase.id,
        phase_title=phase.label,
        board=board,
        practice=service.practice or not phase.ranked,
        metrics=metric_views(seen.challenge),
        rows=[standing_view(seen, row) for row in rows if row is not None],
        total=total,
        offset=offset,
        next=str(offset + limit) if offset + limit < total else None,
        mine=standing_view(seen, mine) if mine is not None else None,
        updated_at=found.updated_at,
    )


def as_csv(
    service: Service, identity: Identity, challenge_id: str, phase_id: str, board: BoardName
) -> str:
    """A whole board as CSV; values are rounded as they rank."""
    with service.db.read() as session:
        seen, _, found = find(session, service, identity, challenge_id, phase_id, board)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [spec.name for spec in seen.challenge.metrics]
    writer.writerow(["rank", "rank_to", "team", *names, "entries", "last_at"])
    for row in found.rows():
        writer.writerow(
            [
                row.rank,
                row.rank_to,
                harmless(row.name),
                *(row.display[name] for name in names),
                row.entries,
                row.last_at.isoformat(),
            ]
        )
    return out.getvalue()


def harmless(text: str) -> str:
    """A name that a spreadsheet would run as a formula is quoted."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not cursor.isdigit() or len(cursor) > 9:
        raise ChallengeError(
            "That cursor is not one of ours.", hint="Read the board from its beginning."
        )
    return int(cursor)
