"""What a turn of the loop costs with 10, 100 and 500 open runs, on SQLite and on PostgreSQL.

The engine's part is left out (`fair_queues` on a cluster measures that): this one answers from
memory. Three kinds of turns: the engine says that there is nothing new, as in most turns where it
tells; every run is asked for and is as it was; every run has come a step further, which is stored.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.engines.base import RunHandle, RunState, RunStatus
from jupyter_challenge.store.orm import RunRow, SubmissionRow, utc_now
from tests.postgres_server import postgres_server
from tests.service.world import World

NUMBERS = (10, 100, 500)
TURNS = ("nothing new", "all asked", "all moved")


class Remembering:
    """Runs that go on for ever; what is said of them is in `turn`."""

    name = "remembering"
    quiet = 3_600.0

    def __init__(self) -> None:
        """Begin with nothing new."""
        self.turn = TURNS[0]
        self.moves = 0
        self.runs: set[str] = set()
        self.began = utc_now()

    def news(self) -> set[str]:
        """The runs that are to be asked for."""
        return set() if self.turn == "nothing new" else self.runs

    def status(self, handle: RunHandle) -> RunStatus:
        """Running, at some cell."""
        step = StepView(
            name=StepName.RUN,
            state=StepState.RUNNING,
            started_at=self.began,
            detail=f"cell {self.moves}",
        )
        return RunStatus(state=RunState.RUNNING, steps=[step], started_at=self.began)

    def find(self, run_id: str) -> RunHandle | None:
        """None is looked for."""
        return None

    def forget(self, handle: RunHandle) -> None:
        """None ends."""

    def close(self) -> None:
        """Nothing to let go of."""


class Turns:
    """A service with so many runs at work, whose loop is turned by hand."""

    def __init__(self, folder: Path, db_url: str, number: int) -> None:
        """Make it, with the runs in its database."""
        self.engine = Remembering()
        # None waits: the loop has nothing to start.
        self.world = World(
            folder, db_url=db_url, engine=self.engine, runs=False, parallel_runs=number
        )  # type: ignore[arg-type]
        self.world.publish(limits={"time": "10 h"})
        ana = self.world.user("ana")
        ana.enter()
        first = ana.submit()["id"]
        self._db = self.world.embedded.service.db
        self._filled(first, number)
        self._loop = self.world.embedded.reconciler
        while self._loop._leases is not None and self._held() < number:
            self._loop._leases.take()
        self.turn("all moved")

    def turn(self, kind: str) -> None:
        """One turn."""
        if self._loop._leases is not None:
            self._loop._leases.renew()
        self.engine.turn = kind
        self.engine.moves += kind == "all moved"
        began, used = time.perf_counter(), time.process_time()
        self._loop.step()
        self.seconds = time.perf_counter() - began
        self.used = time.process_time() - used

    def _held(self) -> int:
        with self._db.read() as session:
            query = sa.select(sa.func.count()).where(RunRow.holder == self._loop._leases.holder)
            return int(session.scalar(query) or 0)

    def _filled(self, first: str, number: int) -> None:
        """Copies of one submission, each at work."""
        with self._db.write() as session:
            submission = session.get_one(SubmissionRow, first)
            (run,) = session.scalars(sa.select(RunRow))
            ours = [_values(row) for row in (submission, run)]
            session.delete(run)
            for count in range(1, number + 1):
                ids = {"submission": str(uuid.uuid4()), "run": str(uuid.uuid4())}
                now = utc_now()
                at_work = {"state": "running", "started_at": now}
                session.add(
                    SubmissionRow(
                        **{**ours[0], **at_work, "id": ids["submission"], "number": count + 1}
                    )
                )
                session.flush()
                handle = RunHandle(engine=self.engine.name, key=ids["run"])
                session.add(
                    RunRow(
                        **{
                            **ours[1], **at_work, "id": ids["run"], "claimed_at": now,
                            "submission_id": ids["submission"], "engine": self.engine.name,
                            "handle": handle.model_dump(mode="json"),
                        }
                    )
                )  # fmt: skip
                self.engine.runs.add(ids["run"])


def _values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).column_attrs}


@contextmanager
def services(folder: Path) -> Iterator[dict[tuple[str, int], Turns]]:
    """A service for each kind of database and each number of runs."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        made = {}
        for number in NUMBERS:
            name = f"runs{number}"
            engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            engine.dispose()
            url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
            for kind, db_url in (("SQLite", ""), ("PostgreSQL", url)):
                place = folder / f"{kind}-{number}"
                place.mkdir()
                turns = Turns(place, db_url, number)
                stack.callback(turns.world.close)
                made[kind, number] = turns
        yield made


def main(rounds: int) -> None:
    """Measure, all in turn, and print a table."""
    with tempfile.TemporaryDirectory() as name, services(Path(name)) as made:
        seen: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for (kind, number), turns in made.items():
                for turn in TURNS:
                    turns.turn(turn)
                    seen.setdefault((kind, turn, number), []).append((turns.seconds, turns.used))
    for (kind, turn, number), times in sorted(seen.items(), key=lambda item: item[0]):
        clock, used = (statistics.median(each) * 1_000 for each in zip(*times, strict=True))
        print(
            f"{kind:<10}  {turn:<11}  {number:>3} runs  {clock:8.1f} ms  "
            f"{used:8.1f} ms of processor time  {used / number:6.3f} ms a run",
            flush=True,
        )
