"""Teams with submissions and standings, written into a store: boards as large as one wants.

`python -m benchmarks.filling FOLDER` does it for a data folder, also while a server uses it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Direction
from jupyter_challenge.core.metrics import direction_of
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.service.scoring import ranked_by
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.database import Database, changed
from jupyter_challenge.store.orm import (
    ChangeRow,
    EntryRow,
    MemberRow,
    RunRow,
    ScoreRow,
    StandingLogRow,
    StandingRow,
    SubmissionRow,
    TeamRow,
    utc_now,
)

DAYS = 30
ROWS = 400


@dataclass
class _Rows:
    """What is written for some teams."""

    submissions: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    standings: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)


def fill(
    db: Database,
    challenge_id: str,
    names: Sequence[str],
    entries: int,
    *,
    seed: int = 1,
    grain: int | None = None,
) -> list[tuple[str, str]]:
    """Write teams of one, each with its submissions, scores and standings.

    Args:
        db: The store.
        challenge_id: Of a challenge that is published.
        names: Of the teams and of their only members; one that is there is given submissions.
        entries: Submissions of each.
        seed: The same seed writes the same values.
        grain: Rows that an accuracy is counted over, so that teams tie; any value without.

    Returns:
        Of each team its id and one submission.
    """
    draw, now = random.Random(f"{challenge_id} {seed}"), utc_now()
    began = now - timedelta(days=DAYS)
    counting = []
    with db.write() as session:
        found = challenges.challenge(session, challenge_id)
        assert found is not None, f"there is no {challenge_id}"
        version = found[1]
        challenge = challenges.spec(version)
        phase = challenge.phases[0]
        boards = ["public", "private"] if phase.split is not None else ["public"]
        digest = version.evaluators[phase.id]
        there = dict(
            session.execute(
                sa.select(TeamRow.name, TeamRow.id).where(TeamRow.challenge_id == challenge_id)
            ).all()
        )  # fmt: skip
        teams = [(there.get(name) or _id(draw), name) for name in names]
        new = [(id, name) for id, name in teams if name not in there]
        put = session.connection().execute
        if new:
            common = {"challenge_id": challenge_id}
            put(TeamRow.__table__.insert(),
                [{**common, "id": i, "name": n, "created_at": began} for i, n in new])  # fmt: skip
            put(MemberRow.__table__.insert(),
                [{**common, "team_id": i, "user": n, "joined_at": began}
                 for i, n in new])  # fmt: skip
            put(EntryRow.__table__.insert(),
                [{**common, "team_id": i, "user": n, "entered_at": began, "last_number": entries,
                  "last_try": 0} for i, n in new])  # fmt: skip
        newest = session.scalar(sa.select(sa.func.max(ChangeRow.seq))) or 0
        for start in range(0, len(teams), 500):
            rows = _Rows()
            for team, name in teams[start : start + 500]:
                base = {
                    "challenge_id": challenge_id,
                    "phase": phase.id,
                    "version": version.digest,
                    "team_id": team,
                    "user": name,
                }
                times = sorted(
                    began + timedelta(seconds=draw.randrange(DAYS * 86400)) for _ in range(entries)
                )
                counting.append(
                    (team, _team(rows, draw, challenge, boards, digest, base, times, grain))
                )
            for standing in rows.standings:
                standing["seq"] = newest + 1
            for table, made in (
                (SubmissionRow, rows.submissions),
                (RunRow, rows.runs),
                (ScoreRow, rows.scores),
                (StandingRow, rows.standings),
                (StandingLogRow, rows.log),
            ):
                put(table.__table__.insert(), made)
        for team in there.values():
            row = session.get(EntryRow, team)
            if row is not None and team in {id for id, _ in teams}:
                row.last_number = max(row.last_number, entries)
        changed(session, ChangeKind.BOARD, challenge_id, phase.id)
    return counting


def _team(
    rows: _Rows,
    draw: random.Random,
    challenge: Challenge,
    boards: Sequence[str],
    evaluator: str,
    base: dict[str, Any],
    times: Sequence[datetime],
    grain: int | None,
) -> str:
    """Add what one team handed in; return the submission that counts."""
    by = ranked_by(challenge)
    skill = draw.betavariate(8, 3)
    best: dict[str, Any] | None = None
    counts = ""
    for number, at in enumerate(times, start=1):
        submission, run = _id(draw), _id(draw)
        # One learns, with good days and bad ones.
        learned = skill * (0.75 + 0.25 * number / len(times)) + draw.gauss(0, 0.03)
        values = {
            board: {
                metric.name: _value(
                    draw, learned + draw.gauss(0, 0.02), direction_of(metric),
                    grain if metric.name == "accuracy" else None,
                )
                for metric in challenge.metrics
            }
            for board in boards
        }  # fmt: skip
        rows.submissions.append(
            {
                **base, "id": submission, "number": number, "is_try": False, "kind": "predictions",
                "entry": "predictions.csv", "bundle": "0" * 64, "files": [], "parameters": {},
                "environment": {}, "note": "", "state": "scored", "created_at": at,
                "started_at": at, "ended_at": at, "score": values["public"][by.metric],
            }
        )  # fmt: skip
        rows.runs.append(
            {"id": run, "submission_id": submission, "attempt": 1, "engine": "bench",
             "state": "succeeded", "cleared": True, "steps": [], "created_at": at, "logs": {}}
        )  # fmt: skip
        rows.scores += [
            {"run_id": run, "submission_id": submission, "board": board, "metric": name,
             "evaluator": evaluator, "value": value, "created_at": at, "n": ROWS,
             "stderr": (max(0.0, min(1.0, value)) * (1 - min(1.0, value)) / ROWS) ** 0.5 or None}
            for board, metrics in values.items()
            for name, value in metrics.items()
        ]  # fmt: skip
        public = values["public"]
        if best is not None and not ranking.better(public[by.metric], best[by.metric], by):
            continue
        best, counts = public, submission
        for board, metrics in values.items():
            rows.log.append(
                {"challenge_id": base["challenge_id"], "phase": base["phase"], "board": board,
                 "evaluator": evaluator, "team_id": base["team_id"], "submission_id": submission,
                 "metrics": metrics, "reached_at": at, "at": at}
            )  # fmt: skip
    for row in rows.log[-len(boards) :]:
        metrics = row["metrics"]
        rows.standings.append(
            {key: row[key] for key in ("challenge_id", "phase", "board", "evaluator", "team_id",
                                       "submission_id", "metrics", "reached_at")}
            | {"value": metrics[by.metric], "entries": len(times), "last_at": times[-1]}
        )  # fmt: skip
    return counts


def _value(draw: random.Random, quality: float, direction: Direction, grain: int | None) -> float:
    quality = min(0.999, max(0.001, quality))
    if grain:
        quality = int(quality * grain) / grain
    return round(quality if direction is Direction.MAXIMIZE else 1.2 * (1 - quality), 6)


def _id(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128)))


def new_score(
    db: Database, key: scores.Key, team: str, submission: str, value: float, metric: str
) -> None:
    """Store a standing, as the end of a run does."""
    now = utc_now()
    with db.write() as session:
        scores.put_standing(
            session, key, team, submission=submission, value=value, metrics={metric: value},
            entries=16, reached_at=now, last_at=now,
        )  # fmt: skip


def _score_again(db: Database, challenge_id: str, value: float) -> None:
    """Give the team that stands last on the public board another value."""
    with db.read() as session:
        found = challenges.challenge(session, challenge_id)
        assert found is not None, f"there is no {challenge_id}"
        phase = challenges.spec(found[1]).phases[0].id
        key = (challenge_id, phase, "public", found[1].evaluators[phase])
        rows = [row for row, _ in scores.standings(session, key)]
        last = min(rows, key=lambda row: row.value)
        metric = challenges.spec(found[1]).ranked_metric.name
    new_score(db, key, last.team_id, last.submission_id, value, metric)
    db.close()


def _command() -> None:
    from jupyter_challenge import connect
    from jupyter_challenge.client.configuration import load_config
    from jupyter_challenge.service.auth import process_owner
    from tests.tiny import write_challenge

    parser = argparse.ArgumentParser(prog="python -m benchmarks.filling", description=__doc__)
    parser.add_argument("folder", type=Path, help="data folder")
    parser.add_argument("--challenge", default="many", help="id; published when it is not there")
    parser.add_argument("--teams", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--me", action="store_true", help="enter too, and have submissions")
    parser.add_argument("--score", type=float, help="store this score of the last team, no more")
    parser.add_argument("--revealed", action="store_true", help="with a private board, open")
    given = parser.parse_args()
    config = load_config(given.folder)
    config.warm = False
    if given.score is not None:
        _score_again(Database(config.database_url), given.challenge, given.score)
        return
    phase: dict[str, Any] = {"id": "main", "quota": {"per_day": 50, "concurrent": 50}}
    if given.revealed:
        phase |= {"split": {"public": 0.5}, "reveal": "2001-01-01T00:00:00Z"}
    with connect(config=config) as client, tempfile.TemporaryDirectory() as folder:
        client.publish(
            write_challenge(
                Path(folder, "made"),
                id=given.challenge,
                title=given.challenge.capitalize(),
                metrics=[{"name": "accuracy", "ranked": True}, {"name": "log_loss"}],
                phases=[phase],
            )
        )
        if given.me:
            client.enter(given.challenge)
    names = [f"team {number:05d}" for number in range(given.teams)]
    if given.me:
        names.insert(len(names) // 2, process_owner().name)
    db = Database(config.database_url)
    try:
        with db.read() as session:
            there = challenges.teams_in(session, given.challenge)
        if there < len(names):
            fill(db, given.challenge, names, given.entries, seed=given.seed)
    finally:
        db.close()
    print(f"{len(names)} teams in {given.challenge}")


if __name__ == "__main__":
    _command()
