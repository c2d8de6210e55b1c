"""How the scores of a board came to be: a team's submissions, its best, and the leader's best."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_challenge.core import ranking
from jupyter_challenge.core.models import HistoryPoint, HistoryStep, HistoryView
from jupyter_challenge.core.ranking import RankedBy
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.boards import BoardName, allowed, metric_views
from jupyter_challenge.service.leaders import Reached, records
from jupyter_challenge.service.scoring import ranked_by
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import scores


def history(
    service: Service, identity: Identity, challenge_id: str, phase_id: str | None, board: BoardName
) -> HistoryView:
    """My team's scores and the leader's over time.

    Raises:
        NotFound: There is no such challenge, phase or board.
        Forbidden: The private board is not revealed yet.
    """
    with service.db.read() as session:
        seen, phase = allowed(session, identity, challenge_id, phase_id, board)
        by = ranked_by(seen.challenge)
        key = (seen.row.id, phase.id, board, seen.version.evaluators.get(phase.id, ""))
        mine, counting = [], None
        if seen.team is not None:
            mine = scores.values_of(session, key, by.metric, seen.team.id)
            standing = scores.standing(session, key, seen.team.id)
            counting = standing.submission_id if standing is not None else None
        leader = service.leaders.get(session, key, by)
    best = records([(at, value) for _, _, at, value, _ in mine], by)
    points = [
        HistoryPoint(
            submission=submission,
            number=number,
            at=at,
            value=_shown(value, by),
            display=ranking.display(value, by.precision),
            stderr=stderr,
            counts=submission == counting,
            is_best=(at, value) == best[-1],
        )
        for submission, number, at, value, stderr in mine
    ]
    return HistoryView(
        challenge=seen.row.id,
        phase=phase.id,
        board=board,
        metric=next(each for each in metric_views(seen.challenge) if each.ranked),
        points=points,
        best=_steps(best, by),
        leader=_steps(leader, by),
    )


def _steps(values: Iterable[Reached], by: RankedBy) -> list[HistoryStep]:
    return [
        HistoryStep(at=at, value=_shown(value, by), display=ranking.display(value, by.precision))
        for at, value in values
    ]


def _shown(value: float, by: RankedBy) -> float:
    """A value as it ranks: more digits would tell more of hidden labels than the board does."""
    return float(ranking.rounded(value, by.precision) or 0)
