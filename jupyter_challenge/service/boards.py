"""Boards: ranked once per change, then read page by page."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Phase
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


@dataclass
class Board:
    """A board as of one change."""

    state: tuple[int, int] = (0, 0)
    rows: list[Row] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    updated_at: datetime | None = None
    standings: dict[str, tuple[StandingRow, str]] = field(default_factory=dict)

    def place_of(self, team: str) -> Row | None:
        """The row of a team."""
        at = self.index.get(team)
        return None if at is None else self.rows[at]


class Boards:
    """Ranked boards, kept until a score changes them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[tuple[Key, str], Board] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, version: VersionRow, phase: str, board: str) -> Board:
        """A board of the current version, as it is in this session."""
        evaluator = version.evaluators.get(phase, "")
        key = (version.challenge_id, phase, board, evaluator)
        state = scores.board_state(session, key)
        # The version's rules (precision, ties) belong to the key: they may change alone.
        name = (key, version.digest)
        kept = self._kept.get(name)
        if kept is not None and kept.state == state:
            return kept
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept.state == state:
                return kept
            standings: dict[str, tuple[StandingRow, str]] = {}
            if kept is not None and kept.state[1] <= state[1] and kept.state[0] <= state[0]:
                standings = dict(kept.standings)
                new = scores.standings(session, key, after=kept.state[0])
            else:
                new = scores.standings(session, key)
            standings.update((row.team_id, (row, team)) for row, team in new)
            if len(standings) != state[1]:  # a team was taken off
                standings = {
                    row.team_id: (row, team) for row, team in scores.standings(session, key)
                }
            made = _ranked(challenges.spec(version), phase, standings)
            made.state = state
            if len(self._kept) >= _KEEP:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = made
            return made


def _ranked(
    challenge: Challenge, phase_id: str, standings: dict[str, tuple[StandingRow, str]]
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
        rows.append(_row(challenge, standing, name, place.rank, place.rank_to))
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
