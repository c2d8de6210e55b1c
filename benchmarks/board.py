"""A page of a board with 10,000 teams and 150,000 submissions, on SQLite.

Pages are asked for through the whole service in this process (ASGI, authorisation, JSON), in
turn with the floor: the same fifty rows by one indexed query on a bare connection. Every
twentieth page a new score is stored, so that the board is ranked anew as in a live contest.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path

import httpx

from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import (
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
from tests.service.folders import zipped
from tests.tiny import write_challenge

TEAMS, SUBMISSIONS, PAGE = 10_000, 150_000, 50
PAGES_A_ROUND, SCORE_EVERY = 100, 20
GOAL = 0.020
FLOOR = """
SELECT s.team_id, t.name, s.value, s.metrics, s.entries, s.last_at FROM standing s
JOIN team t ON t.id = s.team_id
WHERE s.challenge_id = ? AND s.phase = 'main' AND s.board = 'public' AND s.evaluator = ?
ORDER BY s.value DESC LIMIT ? OFFSET ?
"""


def main(rounds: int) -> None:
    """Fill a database, ask for pages and print percentiles."""
    with tempfile.TemporaryDirectory(prefix="bench-board-") as folder:
        service = EmbeddedService(ChallengeConfig(data_dir=folder, warm=False))
        service.start(runs=False)
        try:
            asyncio.run(_measure(service, Path(folder), rounds))
        finally:
            service.stop()


async def _measure(service: EmbeddedService, folder: Path, rounds: int) -> None:
    app = service.app_for(Identity("team-77", admin=True))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://bench/api/v1", timeout=120
    ) as http:
        tiny = write_challenge(folder / "tiny")
        made = await http.post("/challenges", files={"folder": ("f.zip", zipped(tiny))})
        made.raise_for_status()
        db = service.service.db
        key, submissions = fill(db)
        bare = sqlite3.connect(folder / "challenge.db")
        bare.execute(
            "CREATE INDEX bench_floor ON standing "
            "(challenge_id, phase, board, evaluator, value DESC)"
        )
        draw = random.Random(7)
        path = "/challenges/tiny/boards/main/public"
        first = await _timed(http.get(path))
        print(f"first page after the start: {first * 1000:.1f} ms")
        quiet: list[float] = []
        live: list[float] = []
        floor: list[float] = []
        cpu: list[float] = []
        for _ in range(rounds):
            for number in range(PAGES_A_ROUND):
                offset = draw.choice([0, 0, 0, draw.randrange(0, TEAMS - PAGE)])
                page = {"limit": PAGE, "cursor": str(offset)} if offset else {"limit": PAGE}
                quiet.append(await _timed(http.get(path, params=page)))
                began = time.perf_counter()
                bare.execute(FLOOR, (*key[:1], key[3], PAGE, offset)).fetchall()
                floor.append(time.perf_counter() - began)
                if number % SCORE_EVERY == 0:
                    _new_score(db, key, draw, submissions)
                live.append(await _timed(http.get(path, params=page), cpu))
        bare.close()
    _print("indexed query alone (floor)", floor)
    _print("page, board unchanged", quiet, floor, GOAL)
    _print(f"page, a new score every {SCORE_EVERY}", live, floor, GOAL)
    # Tells a slow program from a busy machine.
    _print("the same, processor time alone", cpu)


async def _timed(request: object, cpu: list[float] | None = None) -> float:
    began, worked = time.perf_counter(), time.process_time()
    response: httpx.Response = await request  # type: ignore[misc]
    seconds = time.perf_counter() - began
    if cpu is not None:
        cpu.append(time.process_time() - worked)
    assert response.status_code == 200, response.text
    assert len(response.json()["rows"]) == PAGE
    return seconds


def _print(
    name: str, seconds: list[float], floor: list[float] | None = None, goal: float | None = None
) -> None:
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[94]
    shown = f"{name:<32} p50 {p50 * 1e3:6.2f} ms   p95 {p95 * 1e3:6.2f} ms   n {len(seconds)}"
    if floor is not None:
        shown += f"   {p50 / statistics.median(floor):.1f} x floor"
    if goal is not None:
        shown += f"   (goal: p95 under {goal * 1e3:g} ms: {'met' if p95 < goal else 'MISSED'})"
    print(shown, flush=True)


def fill(db: Database) -> tuple[scores.Key, list[tuple[str, str]]]:
    """Write teams with submissions and standings.

    Returns:
        The board's key, and one submission of each team.
    """
    draw, now = random.Random(1), utc_now()
    began = now - timedelta(days=30)
    with db.write() as session:
        found = challenges.challenge(session, "tiny")
        assert found is not None
        version = found[1]
        key = ("tiny", "main", "public", version.evaluators["main"])
        teams = [(str(uuid.UUID(int=draw.getrandbits(128))), f"team-{n}") for n in range(TEAMS)]
        put = session.connection().execute
        table = TeamRow.__table__.insert()
        put(table, [{"id": i, "challenge_id": "tiny", "name": n, "created_at": began}
                    for i, n in teams])  # fmt: skip
        put(MemberRow.__table__.insert(),
            [{"team_id": i, "user": n, "challenge_id": "tiny", "joined_at": began}
             for i, n in teams])  # fmt: skip
        each_team = SUBMISSIONS // TEAMS
        put(EntryRow.__table__.insert(),
            [{"team_id": i, "challenge_id": "tiny", "user": n, "entered_at": began,
              "last_number": each_team, "last_try": 0} for i, n in teams])  # fmt: skip
        counting = []
        for start in range(0, TEAMS, 500):
            handed, runs, scored, standing = [], [], [], []
            for team, name in teams[start : start + 500]:
                best, best_at = None, began
                for number in range(1, each_team + 1):
                    at = began + timedelta(seconds=draw.randrange(30 * 86400))
                    submission = str(uuid.UUID(int=draw.getrandbits(128)))
                    run = str(uuid.UUID(int=draw.getrandbits(128)))
                    value = round(draw.betavariate(8, 3), 6)
                    handed.append(
                        {"id": submission, "challenge_id": "tiny", "team_id": team, "user": name,
                         "version": version.digest, "phase": "main", "number": number,
                         "is_try": False, "kind": "predictions", "entry": "predictions.csv",
                         "bundle": "0" * 64, "files": [], "parameters": {}, "environment": {},
                         "note": "", "state": "scored", "created_at": at, "started_at": at,
                         "ended_at": at, "score": value}
                    )  # fmt: skip
                    runs.append(
                        {"id": run, "submission_id": submission, "attempt": 1, "engine": "bench",
                         "state": "succeeded", "cleared": True, "steps": [], "created_at": at,
                         "logs": {}}
                    )  # fmt: skip
                    scored.append(
                        {"run_id": run, "submission_id": submission, "board": "public",
                         "metric": "accuracy", "evaluator": key[3], "value": value,
                         "created_at": at}
                    )  # fmt: skip
                    if best is None or value > best[1]:
                        best, best_at = (submission, value), at
                assert best is not None
                counting.append((team, best[0]))
                standing.append(
                    {"challenge_id": "tiny", "phase": "main", "board": "public",
                     "evaluator": key[3], "team_id": team, "submission_id": best[0],
                     "value": best[1], "metrics": {"accuracy": best[1]}, "entries": each_team,
                     "reached_at": best_at, "last_at": now, "seq": 1}
                )  # fmt: skip
            put(SubmissionRow.__table__.insert(), handed)
            put(RunRow.__table__.insert(), runs)
            put(ScoreRow.__table__.insert(), scored)
            put(StandingRow.__table__.insert(), standing)
            put(
                StandingLogRow.__table__.insert(),
                [
                    {**{k: row[k] for k in ("challenge_id", "phase", "board", "evaluator",
                                            "team_id", "submission_id", "metrics", "reached_at")},
                     "at": row["reached_at"]}
                    for row in standing
                ],
            )  # fmt: skip
    return key, counting


def _new_score(
    db: Database, key: scores.Key, draw: random.Random, submissions: list[tuple[str, str]]
) -> None:
    team, submission = draw.choice(submissions)
    value, now = round(draw.betavariate(8, 3), 6), utc_now()
    with db.write() as session:
        scores.put_standing(
            session,
            key,
            team,
            submission=submission,
            value=value,
            metrics={"accuracy": value},
            entries=16,
            reached_at=now,
            last_at=now,
        )
