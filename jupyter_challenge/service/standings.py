"""Boards in memory: ranked once per change, rows made when they are asked for."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, TieRule
from jupyter_challenge.core.live_ranking import LiveRanking
from jupyter_challenge.core.metrics import direction_of
from jupyter_challenge.core.rank_intervals import RankIntervals, usable
from jupyter_challenge.service.scoring import ranked_by, secondary
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import StandingRow, VersionRow, utc_now
from jupyter_challenge.store.scores import Key

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
    baseline: str | None
    interval: tuple[int, int] | None


@dataclass(frozen=True)
class Board:
    """A board as of one change; rows are made when they are asked for.

    `standings` are the stored rows with the teams' names, `before` the ranks of a day ago,
    `baselines` the titles of the organiser's baselines by the team that handed them in. `errors`
    are standard errors by team, on the private board; None stands for one that says nothing.
    """

    challenge: Challenge
    seq: int
    hour: datetime
    order: LiveRanking
    standings: dict[str, tuple[StandingRow, str]]
    before: dict[str, int]
    baselines: dict[str, str]
    errors: dict[str, float | None]
    updated_at: datetime | None
    made: dict[str, Row] = field(default_factory=dict)
    sorted: dict[str, list[str]] = field(default_factory=dict)

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

    def teams(self, text: str = "", metric: str = "") -> list[str]:
        """Teams whose names contain a text, best first by a metric, or by rank."""
        wanted = text.casefold()
        ordered = self._by(metric) if metric else self.order.ids()
        return [team for team in ordered if wanted in self.standings[team][1].casefold()]

    def _by(self, metric: str) -> list[str]:
        """All teams by another metric than that which ranks; equal ones by their rank."""
        found = self.sorted.get(metric)
        if found is None:
            spec = next(each for each in self.challenge.metrics if each.name == metric)
            by = ranking.RankedBy(metric, direction_of(spec), spec.precision)
            found = sorted(
                self.order.ids(),
                key=lambda team: ranking.value_key(self.standings[team][0].metrics, by),
            )
            self.sorted[metric] = found
        return found

    @cached_property
    def _intervals(self) -> RankIntervals | None:
        """None where not every score has a standard error that says something."""
        teams = list(self.order.ids())
        errors = [self.errors.get(team) for team in teams]
        by = ranked_by(self.challenge)
        values = [self.standings[team][0].metrics[by.metric] for team in teams]
        known = [error for error in errors if error is not None]
        if len(teams) < 2 or len(known) < len(teams) or not all(map(math.isfinite, values)):
            return None
        return RankIntervals(values, known, by.direction)

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
            baseline=self.baselines.get(standing.team_id),
            interval=self._interval(place),
        )

    def _interval(self, place: ranking.Place) -> tuple[int, int] | None:
        index = self.order.index(place.entry.id)
        if not self.errors or self._intervals is None or index is None:
            return None
        low, high = self._intervals.of(index)
        # Rounding may tie what the errors tell apart.
        return min(low, place.rank), max(high, place.rank_to)


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
    by = ranked_by(challenge)
    empty = LiveRanking(by, ties, secondary(challenge))
    after = kept.seq if kept is not None else -1
    new = scores.standings(session, key, after)
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
    baselines = dict(kept.baselines) if kept is not None else {}
    titles = baseline_titles(version, challenge)
    if titles:
        for team, files, parameters in scores.counting(session, key, after):
            baselines.pop(team, None)
            if len(files) == 1 and not parameters and files[0]["sha256"] in titles:
                baselines[team] = titles[files[0]["sha256"]]
    errors = dict(kept.errors) if kept is not None else {}
    if key[2] == "private":
        errors.update(
            (team, stderr if usable(stderr, n) else None)
            for team, stderr, n in scores.errors(session, key, by.metric, after)
        )
    last = [row.last_at for row, _ in new]
    if kept is not None and kept.updated_at is not None:
        last.append(kept.updated_at)
    return Board(
        challenge, seq, hour, order, standings, before, baselines, errors, max(last, default=None)
    )


def baseline_titles(version: VersionRow, challenge: Challenge) -> dict[str, str]:
    """The organiser's baselines by the digests of their files.

    A baseline is known by what was handed in, so that nobody can call their own row one. A file
    that everybody is given (the starter) marks nobody.
    """
    digests: dict[str, Any] = {each["path"]: each["sha256"] for each in version.manifest}
    given = {each["sha256"] for each in version.layout["files"]}
    given.add(digests.get(challenge.starter or ""))
    found: Iterable[tuple[Any, str]] = (
        (digests.get(each.entry), each.title) for each in challenge.baselines
    )
    return {digest: title for digest, title in found if digest and digest not in given}
