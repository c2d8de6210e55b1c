"""Runs that do not reach the gateway either: what they need and make is carried on volumes.

They wait in Kueue's queues, as they would where somebody has such walls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.models import StepName, SubmissionView
from tests.cluster.examining import examined
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import NAMESPACE, RUNS, Deployments, Platform
from tests.cluster.queue_place import COUNTS_ITS_STARTS, queues
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook, write_predictions

pytestmark = pytest.mark.timeout(600)

OVERLAY = Path(__file__).parent / "deploy_couriers"
SPACE = f"{RUNS}carried"
LOOKS_AROUND = """
import os, pathlib, socket
try:
    socket.create_connection(({gateway!r}, 8791), timeout=3)
    print("GATEWAY reached")
except OSError as error:
    print("GATEWAY", type(error).__name__)
print("TOKENS", [str(p) for p in pathlib.Path("/var/run").rglob("token")])
print("EXCHANGE", os.path.exists("/challenge-exchange"))
print("VARIABLES", sorted(n for n in os.environ if "GATEWAY" in n or "EXCHANGE" in n))
"""
TOO_MUCH = "held = [bytearray(100_000_000) for _ in range(100)]"


@pytest.fixture(scope="module")
def carried(
    cluster: Cluster, deployments: Deployments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """The platform with couriers, whose runs wait in queues."""
    with queues(cluster, tmp_path_factory.mktemp("config")):
        platform = deployments.get(OVERLAY)
        yield platform
        deployments.close()
    more = "clusterrole,clusterrolebinding"
    platform.cluster.kubectl("delete", more, "jupyter-challenge-couriers", "--ignore-not-found")


@pytest.fixture(scope="module")
def people(
    carried: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Client]]:
    """Two teams in a small challenge."""
    # The queue has room for one such run.
    limits = {"time": "2 min", "memory": "600 MB", "disk": "20 MB", "cpu": 1}
    folder = write_challenge(tmp_path_factory.mktemp("organiser"), id="carried", limits=limits)
    with carried.client("olga", admin=True) as organiser:
        published = organiser.publish(folder)
    with carried.client("pia") as one, carried.client("quin") as other:
        for client in (one, other):
            client.enter("carried", published.terms_digest)
        yield one, other


@pytest.fixture(scope="module")
def pia(people: tuple[Client, Client]) -> Client:
    """Somebody in it."""
    return people[0]


def ended(client: Client, folder: Path, *cells: str) -> SubmissionView:
    notebook = write_notebook(folder / "model.ipynb", *cells)
    return client.wait(client.submit(notebook, "carried").id)


def of(platform: Platform, kind: str, submission: str = "") -> list[dict[str, Any]]:
    """What there is of a submission, or of all, where runs are."""
    chosen = ("-l", f"challenge.jupyter.org/submission={submission}") if submission else ()
    return platform.cluster.list(kind, "-n", SPACE, *chosen)


def test_a_run_is_scored_that_reaches_nothing(
    carried: Platform, pia: Client, tmp_path: Path
) -> None:
    service = carried.cluster.get("service", "challenge-gateway", NAMESPACE)
    looks = LOOKS_AROUND.format(gateway=service["spec"]["clusterIP"])
    submitted = pia.submit(write_notebook(tmp_path / "m.ipynb", looks, WRITE_ALL_EVEN), "carried")
    seen: dict[str, dict[str, Any]] = {}

    def over() -> bool:
        for kind in ("pods", "persistentvolumeclaims"):
            for found in of(carried, kind, submitted.id):
                seen[found["metadata"]["name"].partition("-")[0]] = found
        return pia.submission(submitted.id).state.terminal

    carried.until(over, 200)
    done = pia.submission(submitted.id)

    assert done.state.value == "scored", done.failure
    log = pia.log(done.id, StepName.RUN).text
    assert "GATEWAY reached" not in log
    assert "GATEWAY " in log
    assert "TOKENS []" in log
    assert "EXCHANGE False" in log
    assert "VARIABLES []" in log
    assert {"bring", "run", "take", "given", "made"} <= set(seen)
    run = seen["run"]["spec"]
    assert not [volume for volume in run["volumes"] if "projected" in volume]
    (main,) = run["containers"]
    assert not {"given", "made"} & {mount["name"] for mount in main["volumeMounts"]}
    # Nothing of it stays.
    carried.until(lambda: of(carried, "jobs", done.id) == [], 60)
    carried.until(lambda: of(carried, "persistentvolumeclaims", done.id) == [], 60)


def test_a_run_that_was_killed_for_its_memory_hands_in_by_courier_too(
    pia: Client, tmp_path: Path
) -> None:
    done = ended(pia, tmp_path, "print('so far')", TOO_MUCH)

    assert done.state.value == "failed"
    assert done.failure is not None
    assert done.failure.failure_class.value == "out_of_memory"
    assert "so far" in pia.log(done.id, StepName.RUN).text


def test_what_was_cancelled_leaves_neither_couriers_nor_volumes(
    carried: Platform, pia: Client, tmp_path: Path
) -> None:
    sleeps = write_notebook(tmp_path / "sleeps.ipynb", "import time", "time.sleep(600)")
    made = pia.submit(sleeps, "carried")
    carried.until(lambda: pia.submission(made.id).state.value == "running", 100)
    carried.until(lambda: len(of(carried, "jobs", made.id)) == 2, 60)

    pia.cancel(made.id)

    for kind in ("jobs", "pods", "persistentvolumeclaims"):
        carried.until(lambda kind=kind: of(carried, kind, made.id) == [], 90)  # type: ignore[misc]


def test_predictions_need_their_courier_too(pia: Client, tmp_path: Path) -> None:
    predictions = write_predictions(tmp_path / "predictions.csv")
    done = pia.wait(pia.submit(predictions, "carried").id)

    assert done.state.value == "scored", done.failure


def test_a_try_makes_way_and_finds_what_it_kept_on_its_volume(
    carried: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    pia, quin = people
    notebook = write_notebook(tmp_path / "model.ipynb", COUNTS_ITS_STARTS, WRITE_ALL_EVEN)
    tried = pia.try_out(notebook, challenge="carried")
    carried.until(lambda: "begun I" in pia.log(tried.id, StepName.RUN).text, 200)

    ranked = quin.submit(write_predictions(tmp_path / "predictions.csv"), "carried")
    carried.until(lambda: pia.submission(tried.id).interruptions == 1, 200)

    assert quin.wait(ranked.id).state.value == "scored"
    done = pia.wait(tried.id)

    assert done.state.value == "scored", done.failure
    assert (done.attempt, done.interruptions) == (1, 1)
    assert "begun II" in pia.log(tried.id, StepName.RUN).text


@pytest.fixture
def carrying(tmp_path: Path) -> Path:
    """Settings of an admin whose runs are carried."""
    said = {"ClusterConfig": {"exchange_class": "test-volumes"}}
    (tmp_path / "jupyter_challenge_config.json").write_text(json.dumps(said))
    return tmp_path


def test_the_doctor_sees_that_a_policy_keeps_runs_from_the_gateway(
    carried: Platform, carrying: Path
) -> None:
    code, found = examined(carried.cluster, "--quick", settings=carrying)

    assert {name: each for name, each in found.items() if not each["holds"]} == {}
    assert found["runs: courier_reaches"]["sentence"] == "A courier reaches the gateway."
    assert "the gateway" in found["runs: nothing_else_reached"]["detail"]
    assert code == 0


def test_the_doctor_takes_a_network_that_is_broken_for_no_wall(
    carried: Platform, carrying: Path
) -> None:
    """A namespace from which nothing is reached at all, by couriers neither."""
    cluster, name = carried.cluster, "test-no-way-out"
    meta = {"name": "run", "namespace": name}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta,
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        },
    )
    try:
        code, found = examined(cluster, "--quick", "--namespace", name, settings=carrying)
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")

    assert code == 1
    assert found["runs: courier_reaches"]["holds"] is False
    assert found["runs: nothing_else_reached"]["holds"] is None
    assert "can be a network that is broken" in found["runs: nothing_else_reached"]["detail"]
    assert found["runs: no_canary"]["holds"] is None
    assert found["evaluations: nothing_else_reached"]["holds"] is True
