"""Queues are made, set right and asked as seldom as can be; the API server is a small one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.engines.base import RunState
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from jupyter_challenge.engines.queueing import Queueing
from jupyter_challenge.engines.queues import team_queue_name
from tests.engines.small_challenge import SmallChallenge
from tests.engines.test_queues import SETTINGS
from tests.small_api_server import Object, SmallApiServer, small_api_server


class Sealed:
    """Nobody has handed anything in."""

    def get(self, *_: Any) -> None:
        return None


class Counting:
    """Counts what the API server is asked."""

    def __init__(self, api: SmallApiServer) -> None:
        self.asked: list[str] = []
        self._answer = api.answer
        api.answer = self.answer  # type: ignore[method-assign]

    def answer(self, verb: str, address: str, body: Object) -> Any:
        self.asked.append(f"{verb} {address}")
        return self._answer(verb, address, body)


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as api:
        yield api


@pytest.fixture
def engine(api: SmallApiServer, tmp_path: Path) -> KubernetesEngine:
    kubeconfig = api.kubeconfig(tmp_path / "kube")
    return KubernetesEngine(SETTINGS, Sealed(), kubeconfig=kubeconfig)  # type: ignore[arg-type]


def test_looking_at_many_that_wait_costs_no_question_each(
    api: SmallApiServer, engine: KubernetesEngine, tmp_path: Path
) -> None:
    spec = SmallChallenge(tmp_path).spec(b"")
    handles = [
        engine.start(spec.model_copy(update={"run_id": str(uuid.uuid4()), "team_id": f"t{n % 5}"}))
        for n in range(60)
    ]
    counting = Counting(api)

    states = [engine.status(handle) for handle in handles]

    assert {(each.state, each.queued) for each in states} == {(RunState.PENDING, True)}
    assert len(counting.asked) <= 6, counting.asked


def test_a_queue_that_is_gone_or_changed_is_set_right(
    api: SmallApiServer, engine: KubernetesEngine, tmp_path: Path
) -> None:
    order = Order.of(SmallChallenge(tmp_path).spec(b"").model_copy(update={"team_id": "t"}))
    queueing = engine._jobs.queueing
    name = SETTINGS.run_namespace(order.challenge_id)
    api.objects["namespaces", "", name] = {"metadata": {"name": name}}
    queueing.make(order, "run")
    queue = api.objects["clusterqueues", "", "challenge-runs"]
    wanted = queue["spec"]["cohortName"]
    queue["spec"] |= {"cohortName": "another", "stopPolicy": "Hold"}

    queueing.make(order, "run")
    assert api.objects["clusterqueues", "", "challenge-runs"]["spec"]["cohortName"] == "another"
    queueing.doubt(name)
    queueing.make(order, "run")

    spec = api.objects["clusterqueues", "", "challenge-runs"]["spec"]
    assert (spec["cohortName"], spec["stopPolicy"]) == (wanted, "Hold")
    assert ("localqueues", name, team_queue_name("t")) in api.objects


def test_a_teams_queue_leads_to_its_challenges_share_once_there_is_one(
    api: SmallApiServer, engine: KubernetesEngine, tmp_path: Path
) -> None:
    order = Order.of(SmallChallenge(tmp_path).spec(b"").model_copy(update={"team_id": "t"}))
    name = SETTINGS.run_namespace(order.challenge_id)
    api.objects["namespaces", "", name] = {"metadata": {"name": name}}
    key = ("localqueues", name, team_queue_name("t"))
    engine._jobs.queueing.make(order, "run")
    assert api.objects[key]["spec"]["clusterQueue"] == "challenge-runs"
    assert SETTINGS.queues is not None
    shares = {order.challenge_id: {"cpu": {"cpu": "2"}}}
    sharing = replace(SETTINGS, queues=replace(SETTINGS.queues, shares=shares))

    Queueing(engine.api, sharing).make(order, "run")

    assert api.objects[key]["spec"]["clusterQueue"] == name
    assert ("clusterqueues", "", name) in api.objects
