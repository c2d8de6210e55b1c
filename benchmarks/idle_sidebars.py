"""What 1,000 sidebars that only wait cost the service, and how soon they learn of a score.

Each is a signed-in user whose Jupyter server passes the long poll of the change feed on to
`jupyter challenge serve`, over a connection of its own. The processor time is that of the
service's process alone. A score is committed by another process, as the service on another
replica would; each sidebar's time runs from that commit until its answer was read. The time in
which the service was ready to work and waited for a core that others used is told apart.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.filling import fill, new_score
from benchmarks.servers import free_port
from jupyter_challenge import connect
from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.store import challenges
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import AccountRow, utc_now
from jupyter_challenge.store.scores import Key
from tests.tiny import write_challenge

SIDEBARS = 1_000
SECONDS = 60.0
CPU_GOAL, SECONDS_GOAL = 0.05, 2.0
_ROOT = Path(__file__).parent.parent


def main(rounds: int) -> None:
    """Start a service, let sidebars wait, then store `rounds` scores."""
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as name:
        data = Path(name, "data")
        key, teams = _prepare(data, Path(name))
        with _serve(data) as (port, process):
            asyncio.run(_measure(data, key, teams, port, process, rounds))


def _prepare(data: Path, folder: Path) -> tuple[Key, list[tuple[str, str]]]:
    config = load_config(data)
    config.warm = False
    with connect(config=config) as client:
        client.publish(write_challenge(folder / "tiny"))
    names = [f"user-{number}" for number in range(SIDEBARS)]
    db = Database(config.database_url)
    try:
        with db.write() as session:
            session.add_all(_account(n, name) for n, name in enumerate(names))
        teams = fill(db, "tiny", names, 3)
        with db.read() as session:
            found = challenges.challenge(session, "tiny")
            assert found is not None
            return ("tiny", "main", "public", found[1].evaluators["main"]), teams
    finally:
        db.close()


def _account(number: int, name: str) -> AccountRow:
    digest = hashlib.sha256(_token(number).encode()).hexdigest()
    return AccountRow(
        name=name, sha256=digest, display_name="", groups=[], admin=False, made_at=utc_now()
    )


def _token(number: int) -> str:
    return f"token-of-user-{number}-for-the-benchmark"


@contextmanager
def _serve(data: Path) -> Iterator[tuple[int, psutil.Process]]:
    """`jupyter challenge serve` in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_challenge.cli", "serve", "--port", str(port)],
        env={**os.environ, "JUPYTER_CHALLENGE_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "served at" in line:
                break
        else:
            raise RuntimeError(f"the service ended with {process.wait()}")
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Sidebar:
    """A user's Jupyter server that passes the long poll on, as src/model.ts asks for it."""

    def __init__(self, number: int, port: int, waits: tuple[float, float], pause: float) -> None:
        self._port = port
        self._token = _token(number)
        self._waits, self._pause = waits, pause
        self.polls = 0
        self.waiting = False
        self.learned: float | None = None

    async def run(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            found = await self._ask(reader, writer, "")
            while True:
                timeout = random.uniform(*self._waits)
                query = f"?after={found['next']}&timeout={timeout:.3f}"
                found = await self._ask(reader, writer, query)
                self.polls += 1
                if any(change["kind"] == "board" for change in found["changes"]):
                    self.learned = time.perf_counter()
                await asyncio.sleep(self._pause)
        finally:
            writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: str
    ) -> dict[str, object]:
        writer.write(
            f"GET /api/v1/changes{query} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
            f"User-Agent: benchmark\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
        )
        self.waiting = True
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert size is not None, head
        body = json.loads(await reader.readexactly(int(size[1])))
        self.waiting = False
        return dict(body)


async def _measure(
    data: Path,
    key: Key,
    teams: list[tuple[str, str]],
    port: int,
    process: psutil.Process,
    rounds: int,
) -> None:
    waits, pause = _front_end()
    sidebars = [_Sidebar(n, port, waits, pause) for n in range(SIDEBARS)]
    tasks = []
    for sidebar in sidebars:
        tasks.append(asyncio.create_task(sidebar.run()))
        await asyncio.sleep(0.01)  # people do not open their notebooks all at once
    await _all_wait(sidebars, tasks)
    await asyncio.sleep(waits[0] / 2)
    polls, began, worked = sum(s.polls for s in sidebars), time.perf_counter(), _cpu(process)
    await asyncio.sleep(SECONDS)
    seconds = time.perf_counter() - began
    share = (_cpu(process) - worked) / seconds
    polls = sum(s.polls for s in sidebars) - polls
    print(
        f"{SIDEBARS} idle sidebars, {polls / seconds:.1f} polls/s: {share:.2%} of one core over "
        f"{seconds:.0f} s, {psutil.Process(process.pid).memory_info().rss / 1e6:.0f} MB "
        f"(goal: under {CPU_GOAL:.0%}: {'met' if share < CPU_GOAL else 'MISSED'})",
        flush=True,
    )
    db = Database(load_config(data).database_url)
    learned: list[float] = []
    cpu: list[float] = []
    queued: list[float] = []
    slowest: list[float] = []
    try:
        for number in range(rounds):
            await _all_wait(sidebars, tasks)
            for sidebar in sidebars:
                sidebar.learned = None
            worked, waited = _cpu(process), _queued(process.pid)
            team, submission = teams[number]
            await asyncio.to_thread(
                new_score, db, key, team, submission, 0.9 + number / 1000, "accuracy"
            )
            at = time.perf_counter()
            while any(sidebar.learned is None for sidebar in sidebars):
                _raise_ended(tasks)
                await asyncio.sleep(0.02)
            learned += [sidebar.learned - at for sidebar in sidebars if sidebar.learned]
            slowest.append(max(learned[-SIDEBARS:]))
            queued.append(_queued(process.pid) - waited)
            await _all_wait(sidebars, tasks)
            cpu.append(_cpu(process) - worked)
    finally:
        db.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    cuts, last = statistics.quantiles(learned, n=100), max(learned)
    print(
        f"a new score is known after p50 {statistics.median(learned):.2f} s, p99 {cuts[98]:.2f} s, "
        f"max {last:.2f} s, n {len(learned)} "
        f"(goal: all within {SECONDS_GOAL:g} s: {'met' if last < SECONDS_GOAL else 'MISSED'}); "
        f"it costs the service {statistics.median(cpu):.2f} s of processor time\n"
        f"the last one of each round: {', '.join(f'{each:.2f}' for each in slowest)} s, "
        f"while the service’s threads waited {', '.join(f'{each:.2f}' for each in queued)} s "
        f"for a core "
        f"(load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)",
        flush=True,
    )


async def _all_wait(sidebars: list[_Sidebar], tasks: list[asyncio.Task[None]]) -> None:
    while not all(sidebar.waiting for sidebar in sidebars):
        _raise_ended(tasks)
        await asyncio.sleep(0.05)


def _raise_ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _queued(pid: int) -> float:
    """Seconds that a process's threads were ready and waited for a core, on Linux."""
    nanoseconds = 0
    for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        nanoseconds += int(stat.read_text().split()[1])
    return nanoseconds / 1e9


def _front_end() -> tuple[tuple[float, float], float]:
    """For how long the front end waits, and how long it rests, as it is written there."""
    api = (_ROOT / "src/api.ts").read_text()
    follower = (_ROOT / "src/follower.ts").read_text()
    least, most = (re.search(rf"FEED_{which} = (\d+)", api) for which in ("LEAST", "MOST"))
    pause = re.search(r"FEED_PAUSE = (\d+)", follower)
    assert least is not None and most is not None and pause is not None
    return (float(least[1]), float(most[1])), int(pause[1]) / 1000
