"""A board as it travels: page by page, and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Literal

from jupyter_challenge.core.challenge import Challenge, Phase
from jupyter_challenge.core.errors import ChallengeError, Forbidden, NotFound
from jupyter_challenge.core.metrics import direction_of, title_of
from jupyter_challenge.core.models import BoardView, MetricView, StandingView, TeamRef
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import Seen, see
from jupyter_challenge.service.standings import Board, Row
from jupyter_challenge.service.state import Service
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import utc_now

BoardName = Literal["public", "private"]


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


def standing_view(seen: Seen, row: Row, public: Row | None = None) -> StandingView:
    """A row as the asker sees it; the submission is named to its own team and organisers.

    Args:
        seen: Who asks.
        row: What they see.
        public: The team's row on the public board, where `row` is on the private one.
    """
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
        baseline=row.baseline,
        public_rank=public.rank if public is not None else None,
        rank_low=row.interval[0] if row.interval is not None else None,
        rank_high=row.interval[1] if row.interval is not None else None,
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
    cursor: str | None = None,
    offset: int | None = None,
    limit: int = 50,
    q: str = "",
    sort: str = "",
) -> BoardView:
    """One page of a board; the asker's own row is there on every page.

    Args:
        service: Where boards are kept.
        identity: Who asks.
        challenge_id: Of the challenge.
        phase_id: Of the phase.
        board: Public or private.
        cursor: `next` of the page before.
        offset: Any place in the list, in place of a cursor.
        limit: Rows on the page.
        q: Part of a team's name.
        sort: Metric that orders the rows, best first; empty for the rank.
    """
    with service.db.read() as session:
        seen, phase, found = find(session, service, identity, challenge_id, phase_id, board)
        public = (
            service.boards.get(session, seen.version, phase.id, "public")
            if board == "private"
            else None
        )
    start = _offset(cursor) if offset is None else offset
    ranked = seen.challenge.ranked_metric.name
    if sort == ranked:
        sort = ""
    if sort and sort not in {each.name for each in seen.challenge.metrics}:
        raise ChallengeError(
            f'"{sort}" is not a metric of {seen.challenge.title}.',
            hint=f"Its metrics: {', '.join(each.name for each in seen.challenge.metrics)}.",
        )
    mine = found.row_of(seen.team.id) if seen.team is not None else None
    if q.strip() or sort:
        teams = found.teams(q.strip(), sort)
        total = len(teams)
        rows = [found.row_of(team) for team in teams[start : start + limit]]
        at = teams.index(mine.team) if mine is not None and mine.team in teams else None
    else:
        total = len(found)
        rows = [*found.rows(start, start + limit)]
        at = found.order.index(mine.team) if mine is not None else None

    def view(row: Row) -> StandingView:
        return standing_view(seen, row, public.row_of(row.team) if public is not None else None)

    return BoardView(
        challenge=seen.row.id,
        title=seen.challenge.title,
        phase=phase.id,
        phase_title=phase.label,
        board=board,
        practice=service.practice or not phase.ranked,
        metrics=metric_views(seen.challenge),
        rows=[view(row) for row in rows if row is not None],
        total=total,
        offset=start,
        next=str(start + limit) if start + limit < total else None,
        mine=view(mine) if mine is not None else None,
        mine_at=at,
        sort=sort,
        updated_at=found.updated_at,
    )


def as_csv(
    service: Service, identity: Identity, challenge_id: str, phase_id: str, board: BoardName
) -> str:
    """A whole board as CSV; values are rounded as they rank.

    The private board also tells each team's rank on the public one.
    """
    with service.db.read() as session:
        seen, phase, found = find(session, service, identity, challenge_id, phase_id, board)
        public = (
            service.boards.get(session, seen.version, phase.id, "public")
            if board == "private"
            else None
        )
    views = [
        standing_view(seen, row, public.row_of(row.team) if public is not None else None)
        for row in found.rows()
    ]
    more = ["public_rank"] if public is not None else []
    if any(each.rank_low is not None for each in views):
        more += ["rank_low", "rank_high"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [spec.name for spec in seen.challenge.metrics]
    writer.writerow(["rank", "rank_to", "team", *names, "entries", "last_at", *more])
    for row in views:
        writer.writerow(
            [
                row.rank,
                row.rank_to,
                harmless(row.team.name),
                *(row.display[name] for name in names),
                row.entries,
                row.last_at.isoformat(),
                *(getattr(row, name) for name in more),
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
