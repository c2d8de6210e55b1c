"""Who waits where, and for about how long: of this service's own queue, or of its engine's."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from jupyter_challenge.core import fairness
from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import runs
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import RunRow, SubmissionRow, utc_now

LAST_RUNS = 20
_ROUNDED_TO = 10
_JUST_GIVEN = timedelta(seconds=10)
"""How long an engine may take to say where a run is that it was given."""


class Lines:
    """Who waits for what and what is at work, read once.

    Where the engine has queues, only those stand in each other's way whose runs may be on the same
    kind of nodes. A run that chose none may be on any.
    """

    def __init__(self, session: Session, service: Service) -> None:
        """Read them."""
        self._service = service
        self._catalogue = service.engine.catalogue if service.engine.queues else Catalogue()
        self._queue = runs.queue(session)
        self._at_work = runs.at_work(session)
        self._kinds: dict[str | None, str] = {}
        self._waiting: dict[str, list[SubmissionRow]] = {}
        self._working: dict[str, list[str]] = {}
        self._latest: Mapping[str, RunRow] = {}
        if service.engine.queues:
            self._latest = runs.latest(session, [row.id for row in self._queue])

    def waiting(self, profile: str | None) -> list[SubmissionRow]:
        """What waits for the same as runs on a profile do."""
        kind = self._kind(profile)
        if kind not in self._waiting:
            self._waiting[kind] = [row for row in self._queue if self._meet(row.profile, kind)]
        return self._waiting[kind]

    def at_work(self, profile: str | None) -> list[str]:
        """The team of each run that is at work on the same, once per run."""
        kind = self._kind(profile)
        if kind not in self._working:
            at_work = self._at_work
            self._working[kind] = [team for team, its in at_work if self._meet(its, kind)]
        return self._working[kind]

    def slots(self, profile: str | None) -> int:
        """How many runs can be at work: of an engine with a queue what is, once somebody waits."""
        if not self._service.engine.queues:
            return self._service.config.parallel_runs
        at_work = len(self.at_work(profile))
        return max(1, at_work) if self.waiting(profile) else at_work + 1

    def ahead(self, team_id: str, profile: str | None) -> int:
        """How many runs must end before one more of a team may begin."""
        mine = fairness.Waiting("", team_id, utc_now())
        queue = [in_line(row) for row in self.waiting(profile)]
        at_work = self.at_work(profile)
        order = fairness.next_order([*queue, mine], at_work)
        return order.index(mine) + len(at_work) - self.slots(profile) + 1

    def places(self) -> dict[str, int]:
        """The place of each queued submission, 1 is next.

        Where the engine has queues, it is the place in one of them among those that wait for the
        same nodes; what it was not given yet, or only just, comes behind all, and what it has let
        go has no place any more. While the engine can't be asked, nothing has a place.
        """
        teams = [team for team, _ in self._at_work]
        order = fairness.next_order([in_line(row) for row in self._queue], teams)
        if not self._service.engine.queues:
            return {each.id: place for place, each in enumerate(order, start=1)}
        theirs = _of_the_engine(self._service)
        if theirs is None:
            return {}
        rows = {row.id: row for row in self._queue}
        given = {each: theirs[run.id] for each, run in self._latest.items() if run.id in theirs}
        just_given = [each.id for each in order if self._is_just_given(each.id, theirs)]
        rest = [each.id for each in order if self._latest[each.id].state == runs.WAITING]
        found: dict[str, int] = {}
        everywhere: Counter[str] = Counter()
        lines: dict[str, Counter[str]] = {}
        for each in [*sorted(given, key=lambda each: given[each][1]), *just_given, *rest]:
            kind = self._kind(rows[each].profile)
            line = everywhere
            if each in given:
                line = lines.setdefault(given[each][0], Counter())
                everywhere[kind] += 1
            found[each] = 1 + (line[kind] + line[""] if kind else line.total())
            line[kind] += 1
        return found

    def _is_just_given(self, submission_id: str, theirs: Mapping[str, tuple[str, int]]) -> bool:
        """Whether the engine has a run since a moment in which it can't have said where it is.

        Without that, who comes next would be told to be the first.
        """
        run = self._latest[submission_id]
        if run.id in theirs or run.claimed_at is None or run.interruptions:
            return False
        return utc_now() - run.claimed_at < _JUST_GIVEN

    def _meet(self, profile: str | None, kind: str) -> bool:
        return not kind or self._kind(profile) in {kind, ""}

    def _kind(self, profile: str | None) -> str:
        """The kind of nodes of a profile; empty where it is any."""
        if profile not in self._kinds:
            found = self._catalogue.get(profile or "")
            self._kinds[profile] = self._catalogue.nodes_of(found) if found is not None else ""
        return self._kinds[profile]


def in_line(row: SubmissionRow) -> fairness.Waiting:
    """A submission as it waits."""
    return fairness.Waiting(row.id, row.team_id, row.created_at, first=row.verifies is not None)


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


def _of_the_engine(service: Service) -> Mapping[str, tuple[str, int]] | None:
    try:
        return service.engine.places()
    except Unavailable:
        return None  # a place that is missing keeps nobody from reading the rest
