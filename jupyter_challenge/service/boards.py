"""Boards: ranked once per change, then read page by page."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Phase, TieRule
from jupyter_challenge.core.errors import ChallengeError, Forbidden, NotFound
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
    search: str
    move: int | None = None


@dataclass
class Board:
    """A board as of one change."""

    state: tuple[int, int] = (0, 0)
    rows: list[Row] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    updated_at: datetime | None = None
    standings: dict[str, tuple[StandingRow, str]] = field(default_factory=dict)
    hour: datetime | None = None

    def place_of(self, team: str) -> Row | None:
        """The row of a team."""
        at = self.index.get(team)
        return None if at is None else self.rows[at]


class Boards:
    """Ranked boards, kept until a score changes them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[tuple[Key, str], Board] = {}
        self._before: dict[tuple[Key, str], tuple[datetime, dict[str, int]]] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, version: VersionRow, phase: str, board: str) -> Board:
        """A board of the current version, as it is in this session."""
        evaluator = version.evaluators.get(phase, "")
        key = (version.challenge_id, phase, board, evaluator)
        state = scores.board_state(session, key)
        hour = utc_now().replace(minute=0, second=0, microsecond=0)
        # The version's rules (precision, ties) belong to the name: they may change alone.
        name = (key, version.digest)
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept.state == state and kept.hour == hour:
                return kept
            challenge = challenges.spec(version)
            standings = _standings(session, key, state, kept)
            before = self._yesterday(session, challenge, key, name, hour) if standings else {}
            made = _ranked(challenge, phase, standings, before)
            made.state, made.hour = state, hour
            if len(self._kept) >= _KEEP:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = made
            return made

    def _yesterday(
        self,
        session: Session,
        challenge: Challenge,
        key: Key,
        name: tuple[Key, str],
        hour: datetime,
    ) -> dict[str, int]:
        """Rank of each team a day before the hour began; it is the same for the whole hour."""
        kept = self._before.get(name)
        if kept is not None and kept[0] == hour:
            return kept[1]
        phase = challenge.phase(key[1])
        rows = scores.standings_at(session, key, hour - timedelta(days=1))
        result = ranking.rank(
            [ranking.Entry(team, metrics, reached) for team, metrics, reached in rows],
            ranked_by(challenge),
            phase.ties if phase is not None else TieRule.SHARED,
            secondary(challenge),
        )
        ranks = {place.entry.id: place.rank for place in result.places}
        if len(self._before) >= _KEEP:
            del self._before[next(iter(self._before))]
        self._before[name] = (hour, ranks)
        return ranks


def _standings(
    session: Session, key: Key, state: tuple[int, int], kept: Board | None
) -> dict[str, tuple[StandingRow, str]]:
    """The rows of a board: those that are kept, with what was written since."""
    if kept is not None and kept.state[0] <= state[0] and kept.state[1] <= state[1]:
        found = dict(kept.standings)
        new = scores.standings(session, key, after=kept.state[0])
        found.update((row.team_id, (row, name)) for row, name in new)
        if len(found) == state[1]:
            return found
    return {row.team_id: (row, name) for row, name in scores.standings(session, key)}


def _ranked(
    challenge: Challenge,
    phase_id: str,
    standings: dict[str, tuple[StandingRow, str]],
    before: dict[str, int],
) -> Board:
    phase = challenge.phase(phase_id)
    assert phase is not None
    result = ranking.rank(
        [ranking.Entry(row.team_id, row.metrics, row.reached_at) for row, _ in standings.values()],
        ranked_by(challenge),
        phase.ties,
        secondary(challenge),
    )
    rows = []
    for place in result.places:
        standing, name = standings[place.entry.id]
        row = _row(challenge, standing, name, place.rank, place.rank_to)
        if row.team in before:
            row = replace(row, move=before[row.team] - row.rank)
        rows.append(row)
    return Board(
        rows=rows,
        index={row.team: at for at, row in enumerate(rows)},
        updated_at=max((row.last_at for row in rows), default=None),
        standings=standings,
    )


def _row(challenge: Challenge, standing: StandingRow, name: str, rank: int, rank_to: int) -> Row:
    values: dict[str, float | None] = {}
    shown: dict[str, str] = {}
    for spec in challenge.metrics:
        value = ranking.rounded(standing.metrics.get(spec.name), spec.precision)
        values[spec.name] = None if value is None else float(value)
        shown[spec.name] = ranking.display(standing.metrics.get(spec.name), spec.precision)
    return Row(
        rank=rank,
        rank_to=rank_to,
        team=standing.team_id,
        name=name,
        values=values,
        display=shown,
        entries=standing.entries,
        last_at=standing.last_at,
        submission=standing.submission_id,
        search=name.casefold(),
    )


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


def find(
    session: Session, service: Service, identity: Identity, challenge_id: str, phase_id: str,
    board: str,
) -> tuple[Seen, Phase, Board]:  # fmt: skip
    """A board that the asker may see.

    Raises:
        NotFound: There is no such challenge, phase or board.
        Forbidden: The private board is not revealed yet.
    """
    seen = see(session, identity, challenge_id)
    phase = seen.challenge.phase(phase_id)
    if phase is None or (board == "private" and phase.split is None):
        raise NotFound(
            f'{seen.challenge.title} has no {board} board of a phase "{phase_id}".',
            hint=f"Its phases: {', '.join(each.id for each in seen.challenge.phases)}.",
        )
    if board == "private" and not seen.manages and not phase.revealed(utc_now()):
        raise Forbidden(
            "The private board is not open yet.", hint="The Rules page says when it opens."
        )
    return seen, phase, service.boards.get(session, seen.version, phase_id, board)


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
    wanted = q.strip().casefold()
    rows = [row for row in found.rows if wanted in row.search] if wanted else found.rows
    mine = found.place_of(seen.team.id) if seen.team is not None else None
    shown = rows[offset : offset + limit]
    return BoardView(
        challenge=seen.row.id,
        title=seen.challenge.title,
        phase=phase.id,
        phase_title=phase.label,
        board=board,
        practice=service.practice or not phase.ranked,
        metrics=metric_views(seen.challenge),
        rows=[standing_view(seen, row) for row in shown],
        total=len(rows),
        offset=offset,
        next=str(offset + limit) if offset + limit < len(rows) else None,
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
    for row in found.rows:
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
