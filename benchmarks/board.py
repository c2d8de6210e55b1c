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
from pathlib import Path

import httpx

from benchmarks.filling import fill, new_score
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.database import Database
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
        key, submissions = _fill(db)
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


def _fill(db: Database) -> tuple[scores.Key, list[tuple[str, str]]]:
    submissions = fill(db, "tiny", [f"team-{n}" for n in range(TEAMS)], SUBMISSIONS // TEAMS)
    with db.read() as session:
        found = challenges.challenge(session, "tiny")
        assert found is not None
        return ("tiny", "main", "public", found[1].evaluators["main"]), submissions


def _new_score(
    db: Database, key: scores.Key, draw: random.Random, submissions: list[tuple[str, str]]
) -> None:
    team, submission = draw.choice(submissions)
    new_score(db, key, team, submission, round(draw.betavariate(8, 3), 6), "accuracy")
