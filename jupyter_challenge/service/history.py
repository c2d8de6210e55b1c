"""How the scores of a board came to be: a team's submissions, its best, and the leader's best."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from jupyter_challenge.core import ranking
from jupyter_challenge.core.models import HistoryPoint, HistoryStep, HistoryView
from jupyter_challenge.core.ranking import RankedBy
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.boards import BoardName, allowed, metric_views
from jupyter_challenge.service.scoring import ranked_by
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import scores
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.scores import Key

_KEEP = 64
# On PostgreSQL a line may become visible after one with a higher number: look back this far.
_OVERLAP = 1_000

Reached = tuple[datetime, float]
"""A value, and when what reached it was handed in."""


class Leaders:
    """The best so far of each board, in memory: only new lines of the standings' log are read."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[tuple[Key, RankedBy], tuple[int, int, list[Reached]]] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, key: Key, by: RankedBy) -> list[Reached]:
        """Every time at which the best of a board became better, oldest first."""
        seq = scores.newest_seq(session, key)
        with self._lock:
            known, last, steps = self._kept.get((key, by), (-1, 0, []))
            if known == seq:
                return steps
            new = scores.logged(session, key, max(0, last - _OVERLAP))
            reached = [
                (at, float(metrics[by.metric])) for _, at, metrics in new if by.metric in metrics
            ]
            # A slow run may end after one that was handed in later: put them in order again.
            steps = _records([*steps, *reached], by)
            last = max((line for line, _, _ in new), default=last)
            if (key, by) not in self._kept and len(self._kept) >= _KEEP:
                del self._kept[next(iter(self._kept))]
            self._kept[key, by] = (max(known, seq), last, steps)
            return steps


def _records(values: Iterable[Reached], by: RankedBy) -> list[Reached]:
    """Those that were better than all before them."""
    found: list[Reached] = []
    for at, value in sorted(values, key=lambda one: one[0]):
        if ranking.better(value, found[-1][1] if found else None, by):
            found.append((at, value))
    return found


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
    best = _records([(at, value) for _, _, at, value, _ in mine], by)
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
