"""Who waits where, and for about how long: of this service's own queue, or of its engine's."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

from jupyter_challenge.core import fairness
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.cluster_api import ApiRefused
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import runs
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import SubmissionRow, utc_now

LAST_RUNS = 20
_ROUNDED_TO = 10


def places(session: Session, service: Service) -> dict[str, int]:
    """The place of each queued submission, 1 is next.

    Where the engine has a queue per challenge, it is the place in that; what it was not given yet
    comes behind, and what it has just let go has no place any more.
    """
    waiting = [in_line(row) for row in runs.queue(session)]
    order = fairness.next_order(waiting, running(session))
    if not has_queues(service):
        return {each.id: place for place, each in enumerate(order, start=1)}
    latest = runs.latest(session, [each.id for each in waiting])
    theirs = _of_the_engine(service)
    found = {each: theirs[run.id] for each, run in latest.items() if run.id in theirs}
    behind = max(found.values(), default=0)
    rest = [each.id for each in order if latest[each.id].state == runs.WAITING]
    return {**found, **{each: behind + number for number, each in enumerate(rest, start=1)}}


def in_line(row: SubmissionRow) -> fairness.Waiting:
    """A submission as it waits."""
    return fairness.Waiting(row.id, row.team_id, row.created_at, first=row.verifies is not None)


def running(session: Session) -> list[str]:
    """The team of each run that is at work, once per run."""
    counts = runs.active_by_team(session)
    return [team for team, number in counts.items() for _ in range(number)]


def has_queues(service: Service) -> bool:
    """Whether the engine has a queue of its own."""
    return bool(getattr(service.engine, "queues", False))


def slots(service: Service, at_work: int, waiting: int) -> int:
    """How many runs can be at work: of an engine with a queue what is, once somebody waits."""
    if not has_queues(service):
        return service.config.parallel_runs
    return max(1, at_work) if waiting else at_work + 1


class Estimates:
    """About how long runs wait, of how long the last ones took: asked once per challenge."""

    def __init__(self, session: Session) -> None:
        """Begin without having asked."""
        self._session = session
        self._median: dict[str, float | None] = {}

    def seconds(self, challenge_id: str, ends: int, at_once: int, *, hidden: bool) -> float | None:
        """About how long it takes until so many runs have ended.

        Args:
            challenge_id: Whose last runs say how long one takes.
            ends: How many have to end.
            at_once: How many are at work.
            hidden: Whether its data is, so that not even a duration is told exactly.
        """
        if ends <= 0:
            return 0.0
        if challenge_id not in self._median:
            last = runs.last_durations(self._session, challenge_id, LAST_RUNS)
            self._median[challenge_id] = statistics.median(last) if last else None
        median = self._median[challenge_id]
        if median is None:
            return None
        step = 6 * _ROUNDED_TO if hidden else _ROUNDED_TO
        return float(step * max(1, math.ceil(ends / at_once * median / step)))


def ahead(session: Session, service: Service, team_id: str) -> tuple[int, int]:
    """How many runs must end before one more of a team may begin, and how many can be at work."""
    mine = fairness.Waiting("", team_id, utc_now())
    queue = [in_line(row) for row in runs.queue(session)]
    at_work = running(session)
    at_once = slots(service, len(at_work), len(queue))
    order = fairness.next_order([*queue, mine], at_work)
    return order.index(mine) + len(at_work) - at_once + 1, at_once


def _of_the_engine(service: Service) -> Mapping[str, int]:
    try:
        found: Mapping[str, int] = service.engine.places()  # type: ignore[attr-defined]
    except (Unavailable, ApiRefused):
        return {}  # a place that is missing keeps nobody from reading the rest
    return found
