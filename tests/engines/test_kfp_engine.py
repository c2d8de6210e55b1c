"""What the engine makes of a Kubeflow Pipelines server that is away, forgets, or says nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.errors import FailureClass, Unavailable
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.engines import kfp
from jupyter_challenge.engines.base import NoMachine, NotNow, RunState
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.kfp import Conducted, KfpEngine
from jupyter_challenge.engines.kfp_api import KfpApi, KfpRefused, KfpRun, KfpSettings
from tests.engines.small_challenge import SmallChallenge
from tests.engines.test_queueing import Sealed
from tests.small_api_server import SmallApiServer, refused, small_api_server

SETTINGS = ClusterSettings("http://challenge-gateway:8791", "10.96.0.9", "steps:1", "notebook:1")
WHERE = KfpSettings("http://kfp:8888", "challenge-pipelines", "challenge-step")
AWAY = Unavailable("away", hint="wait")


class Server:
    """Stands for a Kubeflow Pipelines server."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.made: list[str] = []
        self.terminated: list[str] = []
        self.asked = 0
        self.away = False
        self.experiments_gone = 0

    def named(self, name: str) -> str | None:
        self._answer()
        return None

    def experiment(self, name: str) -> str:
        self._answer()
        return name

    def create(self, name: str, *_: Any) -> str:
        self._answer()
        if self.experiments_gone:
            self.experiments_gone -= 1
            raise KfpRefused(404, "no such experiment")
        self.made.append(f"kfp-{len(self.made) + 1}")
        self.states[self.made[-1]] = "RUNNING"
        return self.made[-1]

    def runs(self, ids: Collection[str]) -> dict[str, KfpRun]:
        self.asked += 1
        self._answer()
        return {each: KfpRun(each, self.states[each]) for each in ids if each in self.states}

    def terminate(self, run: str) -> None:
        self._answer()
        self.terminated.append(run)
        self.states[run] = "FAILED"

    def _answer(self) -> None:
        if self.away:
            raise AWAY


class Remembered:
    """A memory that lives as long as the test."""

    def __init__(self) -> None:
        self.rows: dict[str, Conducted] = {}

    def add(self, run_id: str, kfp_run: str, order: dict[str, Any]) -> None:
        now = datetime.now(timezone.utc)
        row = Conducted(run_id, kfp_run, Order(**order), {}, False, now, None, None)
        self.rows.setdefault(run_id, row)

    def get(self, run_id: str) -> Conducted | None:
        return self.rows.get(run_id)

    def open(self) -> list[str]:
        return [row.kfp_run for row in self.rows.values()]

    def begun(self, run_id: str) -> None:
        self.rows[run_id] = replace(self.rows[run_id], begun=True)

    def ended(self, run_id: str, why: RunFailure | None) -> None:
        if self.rows[run_id].ended_at is None:
            now = datetime.now(timezone.utc)
            self.rows[run_id] = replace(self.rows[run_id], ended_at=now, why=why)

    def asked(self, run_id: str, step: StepName, ago: float = 0) -> None:
        at = datetime.now(timezone.utc) - timedelta(seconds=ago)
        row = self.rows[run_id]
        self.rows[run_id] = replace(row, asked={**row.asked, step.value: at})


class Place:
    """An engine between a small cluster and the server."""

    def __init__(self, api: SmallApiServer, folder: Path) -> None:
        self.api, self.server, self.memory = api, Server(), Remembered()
        self.spec: RunSpec = SmallChallenge(folder).spec(b"")
        self._kubeconfig = api.kubeconfig(folder / "kube")
        self.settings = SETTINGS
        self.engine = self.another()

    def another(self) -> KfpEngine:
        """The engine of another process, or of the same after a restart."""
        return KfpEngine(
            self.settings,
            Sealed(),  # type: ignore[arg-type]
            kfp=WHERE,
            memory=self.memory,
            kubeconfig=self._kubeconfig,
            patience=10,
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with small_api_server() as api:
        api.add("namespaces", "", {"metadata": {"name": WHERE.namespace}})
        api.add("serviceaccounts", WHERE.namespace, {"metadata": {"name": WHERE.account}})
        made: list[Place] = []
        monkeypatch.setattr(kfp, "KfpApi", lambda *_: made[0].server if made else Server())
        found = Place(api, tmp_path)
        made.append(found)
        found.engine = found.another()
        yield found


def test_a_run_goes_on_while_the_server_is_away(place: Place) -> None:
    handle = place.engine.start(place.spec)
    place.memory.asked("run-1", StepName.PREPARE)
    place.server.away = True

    status = place.engine.status(handle)

    assert status.state is RunState.PENDING
    assert ("jobs", "challenge-run-small", "run-run-1") in {
        (kind, where, name[:9]) for kind, where, name in place.api.objects
    }
    assert place.memory.rows["run-1"].ended_at is None


def test_a_run_that_was_cancelled_while_the_server_was_away_is_ended_later(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    handle = place.engine.start(place.spec)
    place.memory.asked("run-1", StepName.PREPARE)
    place.engine.status(handle)
    place.server.away = True

    place.engine.cancel(handle)

    (said,) = (line for line in caplog.records if "could not be ended yet" in line.message)
    assert (vars(said)["submission"], vars(said)["run"]) == (place.spec.submission_id, "run-1")
    assert not [key for key in place.api.objects if key[0] == "jobs"]
    assert place.engine.status(handle).state is RunState.CANCELLED
    with pytest.raises(Unavailable):
        place.engine.forget(handle)
    place.server.away = False
    place.another().forget(handle)  # a restart later too
    assert place.server.terminated == ["kfp-1"]


def test_a_run_that_was_given_up_while_the_server_could_not_be_told_is_ended_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = place.engine.start(place.spec)
    place.server.states["kfp-1"] = "FAILED"

    def refuse(_: str) -> None:
        raise AWAY

    with monkeypatch.context() as context:
        context.setattr(place.server, "terminate", refuse)
        status = place.engine.status(handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR
    place.server.states["kfp-1"] = "RUNNING"  # somebody had it run again

    place.another().forget(handle)

    assert place.server.terminated == ["kfp-1"]


def test_what_was_told_to_end_is_told_once(place: Place) -> None:
    handle = place.engine.start(place.spec)
    place.engine.cancel(handle)
    place.server.states["kfp-1"] = "CANCELING"

    place.engine.forget(handle)

    assert place.server.terminated == ["kfp-1"]


def test_a_run_of_the_server_may_end_by_itself_and_is_ended_when_it_does_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = place.engine.start(place.spec)
    with pytest.raises(NotNow):
        place.engine.forget(handle)
    assert place.server.terminated == []

    place.server.states["kfp-1"] = "SUCCEEDED"
    place.engine._runs.forget()
    place.engine.forget(handle)
    assert place.server.terminated == []

    place.server.states["kfp-1"] = "RUNNING"
    monkeypatch.setattr(kfp, "LINGER", 0.0)
    place.another().forget(handle)
    assert place.server.terminated == ["kfp-1"]


def test_a_second_run_that_another_process_had_made_is_ended(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = place.server.create

    def slowly(*given: Any) -> str:
        made = create(*given)
        place.memory.add("run-1", create(*given), vars(Order.of(place.spec)))
        return made

    monkeypatch.setattr(place.server, "create", slowly)
    place.engine.start(place.spec)

    assert place.memory.rows["run-1"].kfp_run == "kfp-2"
    assert place.server.terminated == ["kfp-1"]


def test_an_experiment_that_somebody_removed_is_made_again(place: Place) -> None:
    place.server.experiments_gone = 1
    place.engine.start(place.spec)
    assert place.server.made == ["kfp-1"]

    place.server.experiments_gone = 2
    with pytest.raises(KfpRefused):
        place.engine.start(place.spec.model_copy(update={"run_id": "run-2"}))


def test_a_namespace_that_is_being_removed_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = place.engine.start(place.spec)
    place.memory.asked("run-1", StepName.PREPARE)
    create = place.api._create

    def leaving(resource: str, namespace: str, body: dict[str, Any]) -> tuple[int, Any]:
        if resource == "jobs":
            code, said = refused(403, "Forbidden")
            return code, {**said, "message": "because it is being terminated"}
        return create(resource, namespace, body)

    with monkeypatch.context() as context:
        context.setattr(place.api, "_create", leaving)
        for _ in range(30):  # more often than the service bears errors
            assert place.engine.status(handle).state is RunState.PENDING
        place.memory.asked("run-1", StepName.PREPARE, ago=3_600)
        with pytest.raises(NotNow):
            place.engine.status(handle)
    place.engine.status(handle)
    assert place.memory.rows["run-1"].begun


def test_a_run_whose_profile_has_gone_meanwhile_ends_here_and_there(place: Place) -> None:
    offered = Catalogue.model_validate({"profiles": [{"id": "h100", "name": "H100"}]})
    place.settings = replace(SETTINGS, catalogue=offered)
    place.spec = place.spec.model_copy(update={"profile": "h100"})
    handle = place.another().start(place.spec)
    place.memory.asked("run-1", StepName.PREPARE)
    left = Catalogue.model_validate({"profiles": [{"id": "cpu", "name": "CPU"}]})
    place.settings = replace(SETTINGS, catalogue=left)
    engine = place.another()

    status = engine.status(handle)

    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.NO_CAPACITY
    assert place.memory.rows["run-1"].ended_at is not None
    with pytest.raises(NoMachine):  # nor is another begun
        engine.start(place.spec.model_copy(update={"run_id": "run-2"}))
    assert list(place.memory.rows) == ["run-1"]


def test_time_in_a_queue_is_no_time_that_a_step_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose Job was held for hours is not taken for one that nobody evaluates."""
    handle = place.engine.start(place.spec)
    ages = {StepName.PREPARE: 40_000.0, StepName.RUN: 39_000.0}
    for step, ago in ages.items():
        place.memory.asked("run-1", step, ago)
    at = [1_000.0]
    place.engine._waits._clock = lambda: at[0]
    status = place.engine.status(handle)
    monkeypatch.setattr(kfp, "_awaited", lambda *_: StepName.EVALUATE)

    assert place.engine._stopped(place.memory.rows["run-1"], status) is None
    at[0] += 10 + place.spec.limits.time + 1
    found = place.engine._stopped(place.memory.rows["run-1"], status)
    assert found is not None
    assert found.failure_class is FailureClass.NO_CAPACITY


def test_a_hundred_runs_are_looked_at_in_one_call_and_less_often_the_longer_that_takes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [1_000.0]
    monkeypatch.setattr(kfp, "time", SimpleNamespace(monotonic=lambda: at[0]))
    for n in range(100):
        place.engine.start(place.spec.model_copy(update={"run_id": f"run-{n}"}))
    found = [place.engine._runs.get(f"kfp-{n}") for n in range(1, 101)]
    assert None not in found
    assert place.server.asked == 1

    runs = place.server.runs

    def slow(ids: Collection[str]) -> dict[str, KfpRun]:
        at[0] += 2
        return runs(ids)

    monkeypatch.setattr(place.server, "runs", slow)
    place.engine._runs.forget()
    asked = place.server.asked
    for _ in range(10):
        at[0] += 1
        place.engine._runs.get("kfp-1")
    assert place.server.asked == asked + 1
    at[0] += 2
    place.engine._runs.get("kfp-1")
    assert place.server.asked == asked + 2


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(404, '{"code": 5, "message": "not found"}', KfpRefused, id="the-server"),
        pytest.param(404, "<h1>default backend</h1>", Unavailable, id="what-is-in-front"),
        pytest.param(200, "<form>Sign in</form>", Unavailable, id="a-page-to-sign-in"),
        pytest.param(400, "[]", Unavailable, id="no-object"),
    ],
)
def test_only_the_servers_own_word_is_a_refusal(
    status: int, body: str, error: type[Exception]
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        api = KfpApi(f"http://127.0.0.1:{server.server_address[1]}", "n")
        with pytest.raises(error):
            api.runs(["one"])
        thread.join()


def test_a_server_that_does_not_answer_is_left_alone_for_a_moment() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        calls = 0

        def hang_up() -> None:
            nonlocal calls
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                calls += 1
                connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        api = KfpApi(f"http://127.0.0.1:{listening.getsockname()[1]}", "n")
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(Unavailable, match="does not answer"):
                api.runs(["one"])
        assert time.monotonic() - began < 3
        assert calls == 1
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)
