"""Every submission reaches exactly one end, whatever dies when."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.engines.base import CUT, RunHandle
from jupyter_challenge.service import scoring
from jupyter_challenge.store import audit, runs, submissions
from jupyter_challenge.store.orm import RunRow, ScoreRow, StandingRow
from tests.service.quick_engine import QuickEngine
from tests.service.world import World


def rows(world: World, kind: type[Any]) -> list[Any]:
    with world.embedded.service.db.read() as session:
        return list(session.query(kind))


def ends(world: World, submission: str) -> list[str]:
    """The ends that the audit knows of a submission."""
    with world.embedded.service.db.read() as session:
        return [
            line.action
            for line in audit.lines(session, "tiny")
            if line.object == submission and line.user == "service"
        ]


BAD_ENDS = {
    "a failing notebook": ({"fail": "cell_error"}, "failed", "cell_error", 1),
    "no capacity, twice": ({"fail": "no_capacity"}, "failed", "no_capacity", 2),
    "the process killed, twice": ({"die": True}, "failed", "platform_error", 2),
    "a score beyond its bounds": ({"public": 1.5}, "failed", "invalid_score", 1),
    "a result of another evaluator": ({"digest": "x"}, "failed", "platform_error", 2),
}


@pytest.mark.parametrize("name", BAD_ENDS)
def test_a_bad_end(world: World, name: str) -> None:
    said, state, failure, attempts = BAD_ENDS[name]
    done = world.user("ana").submitted(**said)
    assert done["state"] == state
    assert done["failure"]["failure_class"] == failure
    assert done["failure"]["sentence"]
    assert done["attempt"] == attempts
    assert rows(world, ScoreRow) == []
    assert ends(world, done["id"]) == [state]


@pytest.mark.parametrize(
    ("kind", "goes_on"), [(FailureClass.PREEMPTED, True), (FailureClass.OUTPUT_LOST, False)]
)
def test_a_run_that_had_to_leave_goes_on_from_its_state(
    make_world: Callable[..., World], kind: FailureClass, goes_on: bool
) -> None:
    world = make_world(runs=False)
    world.publish()
    world.user("ana").enter()
    made, state = world.user("ana").submit(public=1)["id"], "5a" * 32
    with world.embedded.service.db.write() as session:
        submission, run = submissions.get(session, made), runs.latest(session, [made])[made]
        assert submission is not None
        run.kept = state
        failure = RunFailure(failure_class=kind)
        scoring.end_failed(session, submission, run, failure, datetime.now(timezone.utc))
        session.flush()

        again = runs.latest(session, [made])[made]

        assert again.attempt == 2
        assert again.kept == (state if goes_on else None)


def test_a_kept_log_that_was_cut_says_so_with_its_last_piece(world: World) -> None:
    ana = world.user("ana")
    done = ana.submitted(public=1)
    service = world.embedded.service
    with service.db.write() as session:
        run = runs.latest(session, [done["id"]])[done["id"]]
        digest, size = service.blobs.put(io.BytesIO(b"a line\n" + CUT.encode()))
        run.logs = {**run.logs, "run": digest, "prepare": service.blobs.put(io.BytesIO(b"x"))[0]}

    def piece(step: str, offset: int) -> Any:
        return ana.ask("GET", f"/submissions/{done['id']}/logs/{step}?offset={offset}")

    assert piece("run", 0)["truncated"]
    assert piece("run", size - 5)["truncated"]
    assert not piece("prepare", 0)["truncated"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_only_a_finite_number_counts(world: World, value: str) -> None:
    done = world.user("ana").submitted(public=json.loads(value))
    assert done["failure"]["failure_class"] == "invalid_score"
    assert world.user("ana").board()["rows"] == []


class TestCancel:
    def test_while_it_waits(self, make_world: Callable[..., World]) -> None:
        world = make_world(parallel_runs=1)
        world.publish()
        ana = world.user("ana")
        ana.enter()
        first, second = ana.submit(sleep=60), ana.submit(public=1)
        assert ana.show(second["id"])["position"] in {1, 2}
        ana.ask("POST", f"/submissions/{second['id']}/cancel")
        ana.ask("POST", f"/submissions/{first['id']}/cancel")
        assert ana.finished(second["id"])["state"] == "cancelled"
        assert ana.finished(first["id"])["state"] == "cancelled"
        assert ends(world, first["id"]) == ends(world, second["id"]) == ["cancelled"]

    def test_while_it_runs_leaves_no_process(self, world: World) -> None:
        ana = world.user("ana")
        made = ana.submit(sleep=60)
        world.until(lambda: ana.show(made["id"])["steps"][1]["state"] == "running")
        handle = RunHandle.model_validate(rows(world, RunRow)[0].handle)
        ana.ask("POST", f"/submissions/{made['id']}/cancel")
        done = ana.finished(made["id"])
        assert done["state"] == "cancelled"
        assert [s["state"] for s in done["steps"]] == ["succeeded", "cancelled", "skipped"]
        assert isinstance(world.engine, QuickEngine)
        assert not world.engine._alive(handle)

    def test_after_the_end_changes_nothing(self, world: World) -> None:
        ana = world.user("ana")
        done = ana.submitted(public=1)
        again = ana.ask("POST", f"/submissions/{done['id']}/cancel")
        assert again["state"] == "scored"
        assert ends(world, done["id"]) == ["scored"]


def test_what_a_run_left_is_kept_and_then_forgotten(world: World) -> None:
    ana = world.user("ana")
    done = ana.submitted(public=1)
    assert done["has_notebook"]
    assert done["has_logs"]
    log = ana.ask("GET", f"/submissions/{done['id']}/logs/run")
    assert (log["text"], log["ended"]) == ("hello from the run\n", True)
    assert ana.get(f"/submissions/{done['id']}/notebook").content == b"{}"
    assert ana.get(f"/submissions/{done['id']}/predictions").status_code == 200
    world.until(lambda: rows(world, RunRow)[0].cleared)
    assert isinstance(world.engine, QuickEngine)
    assert len(world.engine.forgotten) == 1
    assert list(world.engine.folder.iterdir()) == []


def test_no_more_than_allowed_run_at_once(make_world: Callable[..., World]) -> None:
    world = make_world(parallel_runs=2, runs=False)
    world.publish()
    ana, ben = world.user("ana"), world.user("ben")
    for user in (ana, ben):
        user.enter()
    mine = [ana.submit(sleep=60) for _ in range(3)]
    his = ben.submit(sleep=60)
    for _ in range(3):
        world.embedded.reconciler.step()
    states = [ana.show(each["id"])["state"] for each in mine]
    assert states == ["running", "queued", "queued"]
    assert ben.show(his["id"])["state"] == "running"
    assert [ana.show(each["id"])["position"] for each in mine] == [None, 1, 2]


class TestScoringTwice:
    def test_changes_nothing(self, make_world: Callable[..., World]) -> None:
        """A crash after the scores are stored and before the run is forgotten."""

        class Unforgetting(QuickEngine):
            def forget(self, handle: RunHandle) -> None:
                if not self.forgotten:
                    self.forgotten.append(handle.key)
                    raise OSError("the machine went down")
                super().forget(handle)

        world = make_world(runs=False)
        world.embedded.service.engine = Unforgetting(world.folder / "quick")
        world.publish()
        ana = world.user("ana")
        ana.enter()
        done = ana.submitted(public=0.7)
        before = (len(rows(world, ScoreRow)), rows(world, StandingRow)[0].seq)
        world.until(lambda: rows(world, RunRow)[0].cleared)
        assert (len(rows(world, ScoreRow)), rows(world, StandingRow)[0].seq) == before
        assert ends(world, done["id"]) == ["scored"]

    def test_ending_a_submission_again_is_ignored(self, world: World) -> None:
        from jupyter_challenge.engines.base import RunFailure
        from jupyter_challenge.service import scoring
        from jupyter_challenge.store import runs, submissions
        from jupyter_challenge.store.orm import utc_now

        ana = world.user("ana")
        done = ana.submitted(public=0.7)
        failure = RunFailure(failure_class="cell_error")
        with world.embedded.service.db.write() as session:
            row = submissions.get(session, done["id"])
            assert row is not None
            run = runs.latest(session, [row.id])[row.id]
            scoring.end_failed(session, row, run, failure, utc_now())
            scoring.end_cancelled(session, row, run, utc_now())
        assert ana.show(done["id"])["state"] == "scored"


class TestCrash:
    """The process dies between two steps of the loop; the next one on the folder goes on."""

    def test_after_the_claim_and_before_the_start(self, make_world: Callable[..., World]) -> None:
        class Crashing(QuickEngine):
            def start(self, spec: RunSpec) -> RunHandle:
                raise KeyboardInterrupt

        self._dies_and_goes_on(make_world, Crashing, starts=1)

    def test_after_the_start_and_before_the_handle_is_stored(
        self, make_world: Callable[..., World]
    ) -> None:
        class Crashing(QuickEngine):
            def start(self, spec: RunSpec) -> RunHandle:
                super().start(spec)
                raise KeyboardInterrupt

        self._dies_and_goes_on(make_world, Crashing, starts=0)

    def _dies_and_goes_on(
        self, make_world: Callable[..., World], kind: type[QuickEngine], starts: int
    ) -> None:
        world = make_world(runs=False)
        world.publish()
        ana = world.user("ana")
        ana.enter()
        made = ana.submit(public=0.7)
        crashing = kind(world.folder / "quick")
        world.embedded.service.engine = crashing
        with pytest.raises(KeyboardInterrupt):
            world.embedded.reconciler.step()
        next_one = QuickEngine(world.folder / "quick")
        world.embedded.service.engine = next_one
        assert ana.finished(made["id"])["state"] == "scored"
        crashing.close()
        assert len(next_one.started) == starts
        assert len(rows(world, RunRow)) == 1
        assert ana.quota()["left_today"] == 49


OWNER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.service.quick_engine import QuickEngine
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.config import ChallengeConfig
folder = Path(sys.argv[2])
config = ChallengeConfig(data_dir=str(folder / "data"), db_url=sys.argv[3], warm=False,
                         parallel_runs=2)
service = EmbeddedService(config, QuickEngine(folder / "quick"))
service.start()
while not service.reconciler.owns:
    time.sleep(0.01)
print("owner", flush=True)
time.sleep(600)
"""


def test_another_process_takes_over_when_the_owner_is_killed(
    tmp_path: Path, db_url: str, make_world: Callable[..., World]
) -> None:
    root = Path(__file__).parents[2]
    first = make_world(folder=tmp_path, db_url=db_url, runs=False)
    first.publish()
    ana = first.user("ana")
    ana.enter()
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(root), str(tmp_path), db_url],
        stdout=subprocess.PIPE,
    )
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"owner\n"
        # A submit of this process is seen by the owner, which starts it.
        made = [ana.submit(sleep=0.5, public=n / 10) for n in range(4)]
        first.runs = True  # wait for the other process instead of driving the loop here
        first.until(lambda: any(ana.show(m["id"])["state"] == "running" for m in made))
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
    first.embedded.reconciler.start()
    done = [ana.finished(each["id"]) for each in made]
    assert [each["state"] for each in done] == ["scored"] * 4
    assert [ends(first, each["id"]) for each in made] == [["scored"]] * 4
    assert len(rows(first, ScoreRow)) == 4
    assert ana.quota()["left_today"] == 46


def test_two_never_own_a_sqlite_file_at_once(
    tmp_path: Path, make_world: Callable[..., World]
) -> None:
    one = make_world(folder=tmp_path)
    one.until(lambda: one.embedded.reconciler.owns)
    two = make_world(folder=tmp_path)
    assert not two.embedded.reconciler.owns
    assert int((one.config.root / "owner.lock").read_text()) == os.getpid()
    one.embedded.stop()
    two.until(lambda: two.embedded.reconciler.owns)


def test_the_service_ends_a_run_that_its_engine_does_not(make_world: Callable[..., World]) -> None:
    world = make_world(deadline_grace=1)
    world.publish(limits={"time": 1})
    ana = world.user("ana")
    ana.enter()
    done = ana.submitted(sleep=600)
    assert done["failure"]["failure_class"] == "time_limit"


def test_a_run_that_cannot_be_followed_is_given_up(
    make_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    class Blind(QuickEngine):
        def status(self, handle: RunHandle) -> Any:
            raise OSError("the disk is gone")

    world = make_world()
    world.embedded.service.engine = Blind(world.folder / "blind")
    world.publish()
    ana = world.user("ana")
    ana.enter()
    done = ana.submitted(public=1)
    assert done["failure"]["failure_class"] == "platform_error"
    assert ana.quota()["left_today"] == 50
    assert "could not be followed" in caplog.text


def test_what_goes_wrong_with_a_run_names_its_submission_in_the_log(
    make_world: Callable[..., World],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where it can't even be given up; that is tried again with the next errors."""

    class Blind(QuickEngine):
        def status(self, handle: RunHandle) -> Any:
            raise OSError("the disk is gone")

    world = make_world(runs=False)
    world.embedded.service.engine = engine = Blind(world.folder / "blind")
    world.publish()
    world.user("ana").enter()
    cancel = engine.cancel
    monkeypatch.setattr(engine, "cancel", engine.status)
    made = world.user("ana").submit(public=1)["id"]
    world.until(lambda: "could not be given up" in caplog.text)
    monkeypatch.setattr(engine, "cancel", cancel)

    assert world.user("ana").finished(made)["state"] == "failed"
    wrong = [line for line in caplog.records if line.levelname == "ERROR"]
    assert len(wrong) > 50
    assert {vars(line).get("submission") for line in wrong} == {made}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is meant
def test_a_loop_that_has_died_stands_still(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = world.embedded.reconciler

    def die() -> bool:
        raise SystemExit

    monkeypatch.setattr(loop, "step", die)
    loop.wake()
    loop._thread.join(timeout=60)
    assert not loop._thread.is_alive()

    loop.turned_at -= 1_000

    assert loop.still >= 1_000
