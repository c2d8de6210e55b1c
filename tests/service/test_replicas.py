"""Several services on one PostgreSQL: each run is one's at a time, and nobody's is forgotten."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jupyter_challenge.core.models import StepName
from jupyter_challenge.engines.base import RunHandle, RunStatus
from jupyter_challenge.store import audit
from jupyter_challenge.store.orm import RunRow, ScoreRow
from tests.service.quick_engine import QuickEngine
from tests.service.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

Replica = Callable[..., World]


@pytest.fixture
def replica(tmp_path: Path, postgres_url: str, make_world: Callable[..., World]) -> Replica:
    """Services that share a database, an object store and a cluster, and no folder."""

    def make(engine: type[QuickEngine] = QuickEngine, **options: Any) -> World:
        return make_world(
            db_url=postgres_url,
            blob_url=f"file://{tmp_path}/blobs",
            engine=engine(tmp_path / "quick"),
            **options,
        )

    (tmp_path / "blobs").mkdir()
    return make


@pytest.fixture
def rows(postgres_url: str) -> Iterator[Callable[[str], list[Any]]]:
    """What the database answers."""
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def ask(statement: str) -> list[Any]:
        with engine.connect() as connection:
            answer = connection.execute(sa.text(statement))
            return list(answer.all()) if answer.returns_rows else []

    yield ask
    engine.dispose()


def ends(world: World) -> dict[str, list[str]]:
    """The ends of each submission that the audit knows."""
    found: dict[str, list[str]] = {}
    with world.embedded.service.db.read() as session:
        for line in audit.lines(session, "tiny"):
            if line.user == "service":
                found.setdefault(line.object, []).append(line.action)
    return found


def scores(world: World) -> int:
    with world.embedded.service.db.read() as session:
        return session.query(ScoreRow).count()


class Noting(QuickEngine):
    """Notes who looks at which run."""

    looks: list[tuple[str, int]]

    def status(self, handle: RunHandle) -> RunStatus:
        self.looks.append((handle.key, id(self)))
        return super().status(handle)


def test_each_run_is_followed_by_one(replica: Replica, rows: Callable[[str], list[Any]]) -> None:
    Noting.looks = []
    worlds = [replica(Noting, parallel_runs=3) for _ in range(2)]
    worlds[0].publish()
    ana = worlds[0].user("ana")
    ana.enter()
    made = [ana.submit(sleep=0.6, public=n / 10) for n in range(8)]
    most = 0

    def over() -> bool:
        nonlocal most
        (found,) = rows("SELECT count(*) FROM run WHERE state <> 'waiting' AND ended_at IS NULL")
        most = max(most, found[0])
        return len(ends(worlds[0])) == len(made)

    worlds[0].until(over, 120)
    assert ends(worlds[1]) == {each["id"]: ["scored"] for each in made}
    assert scores(worlds[0]) == len(made)
    assert most == 3  # in all services together
    followers: dict[str, set[int]] = {}
    for run, engine in Noting.looks:
        followers.setdefault(run, set()).add(engine)
    assert {len(each) for each in followers.values()} == {1}
    assert len(followers) == len(made)


def test_who_ends_leaves_its_runs_to_the_others_at_once(replica: Replica) -> None:
    Noting.looks = []
    one, two = replica(Noting), replica(Noting, runs=False)
    one.publish()
    ana = two.user("ana")
    ana.enter()
    made = ana.submit(sleep=2, public=0.5)
    one.until(lambda: any(look[1] == id(one.engine) for look in Noting.looks))
    one.embedded.reconciler.stop()
    two.runs = True
    began = time.monotonic()
    two.embedded.reconciler.start()
    two.until(lambda: any(look[1] == id(two.engine) for look in Noting.looks))
    assert time.monotonic() - began < 3  # and not after the lease
    assert ana.finished(made["id"])["state"] == "scored"
    assert scores(two) == 1


REPLICA = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.service.quick_engine import QuickEngine
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.config import ChallengeConfig
folder = Path(sys.argv[2])
config = ChallengeConfig(data_dir=str(folder / "other"), db_url=sys.argv[3], warm=False,
                         blob_url=f"file://{folder}/blobs", parallel_runs=4)
service = EmbeddedService(config, QuickEngine(folder / "quick"))
service.start()
print(service.reconciler._leases.holder, flush=True)
time.sleep(600)
"""


def test_the_runs_of_one_that_is_killed_are_taken_over(
    replica: Replica, tmp_path: Path, postgres_url: str, rows: Callable[[str], list[Any]]
) -> None:
    world = replica(runs=False)
    world.publish()
    ana = world.user("ana")
    ana.enter()
    root = Path(__file__).parents[2]
    other = subprocess.Popen(
        [sys.executable, "-c", REPLICA, str(root), str(tmp_path), postgres_url],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout is not None
        holder = other.stdout.readline().strip()
        made = [ana.submit(sleep=1, public=n / 10) for n in range(6)]
        held = f"SELECT count(*) FROM run WHERE holder = '{holder}' AND NOT cleared"
        world.runs = True
        world.until(lambda: rows(held)[0][0] == 4)
    finally:
        other.kill()
        other.wait()
        if other.stdout is not None:
            other.stdout.close()
    world.embedded.reconciler.start()
    done = [ana.finished(each["id"]) for each in made]
    assert [each["state"] for each in done] == ["scored"] * 6
    assert ends(world) == {each["id"]: ["scored"] for each in made}
    assert scores(world) == 6
    assert ana.quota()["left_today"] == 44


def test_who_lost_a_run_while_it_stood_still_writes_nothing(
    replica: Replica, rows: Callable[[str], list[Any]]
) -> None:
    """As after a pause of the machine: it still has the run's end in its hands."""
    meanwhile: list[Callable[[], None]] = []

    class Standing(QuickEngine):
        def status(self, handle: RunHandle) -> RunStatus:
            status = super().status(handle)
            if status.state.terminal and meanwhile:
                meanwhile.pop()()
            return status

    one, two = replica(Standing, runs=False), replica(runs=False)
    one.publish()
    ana = two.user("ana")
    ana.enter()
    made = ana.submit(fail="no_capacity")  # which is tried again

    def taken_over() -> None:
        rows("UPDATE run SET held_until = now() - interval '1 s' WHERE NOT cleared")
        two.until(lambda: rows("SELECT count(*) FROM run")[0][0] == 2)

    meanwhile.append(taken_over)
    one.until(lambda: not meanwhile)
    assert ana.finished(made["id"])["state"] == "failed"
    assert ends(two)[made["id"]].count("failed") == 1
    assert [row.attempt for row in rows("SELECT attempt FROM run ORDER BY attempt")] == [1, 2]


def test_what_waits_is_started_once(replica: Replica, rows: Callable[[str], list[Any]]) -> None:
    worlds = [replica(runs=False, parallel_runs=2) for _ in range(3)]
    worlds[0].publish()
    ana = worlds[0].user("ana")
    ana.enter()
    for _ in range(5):
        ana.submit(sleep=60)
    go = threading.Barrier(len(worlds))

    def step(world: World) -> None:
        go.wait()
        world.embedded.reconciler.step()

    for _ in range(3):
        threads = [threading.Thread(target=step, args=(world,)) for world in worlds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(len(world.engine.started) for world in worlds) == 2  # type: ignore[attr-defined]
    assert rows("SELECT count(*) FROM run WHERE state <> 'waiting'")[0][0] == 2


def test_a_log_and_a_version_are_read_from_any(replica: Replica) -> None:
    one, two = replica(), replica(runs=False)
    one.publish()
    ana = two.user("ana")
    ana.enter()
    two.runs = True
    done = ana.submitted(public=1)
    assert ana.get(f"/submissions/{done['id']}/logs/{StepName.RUN.value}").status_code == 200
    assert ana.get("/challenges/tiny/files/input/train.csv").status_code == 200
    with two.embedded.service.db.read() as session:
        assert session.query(RunRow).one().engine == "quick"
