"""Submissions that wait in Kueue's queues, and that have to make way; only the cluster is small."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.engines import queueing
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.queues import EVALUATIONS, team_queue_name
from jupyter_challenge.service import waiting
from jupyter_challenge.service.metrics import Metrics
from tests.service.cluster_world import PATIENCE, Cluster
from tests.service.test_status_port import numbers
from tests.small_api_server import Key, small_api_server
from tests.small_kueue import SmallKueue
from tests.tiny import WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(600)
HELD_SECONDS = 3.0
COUNTS_ITS_STARTS = """
import os, pathlib, time
state = pathlib.Path(os.environ["CHALLENGE_STATE"])
begun = state / "deep" / "begun.txt"
begun.parent.mkdir(exist_ok=True)
before = begun.read_text() if begun.exists() else ""
begun.write_text(before + "I")
print("begun", before + "I", flush=True)
while not before:
    time.sleep(0.1)
"""


@pytest.fixture
def cluster(
    tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Cluster, SmallKueue]]:
    monkeypatch.setattr(queueing, "FRESH", 0.0)
    with small_api_server() as api:
        made = Cluster(tmp_path, api, db_url, queues=True)
        kueue = SmallKueue(made.kubelet)
        yield made, kueue
        made.close()


def test_a_run_waits_makes_way_and_goes_on_from_its_state(
    cluster: tuple[Cluster, SmallKueue],
) -> None:
    world, kueue = cluster
    made = world.ana.submit(**world.notebook(COUNTS_ITS_STARTS, WRITE_ALL_EVEN))

    def shown() -> Any:
        return world.ana.show(made["id"])

    world.world.until(lambda: kueue.held("run") != [])
    (run,) = kueue.held("run")
    assert (shown()["state"], shown()["position"]) == ("queued", 1)

    kueue.admit(run)
    world.world.until(lambda: shown()["state"] == "running", PATIENCE)
    log = ("GET", f"/submissions/{made['id']}/logs/run")
    world.world.until(lambda: "begun I" in world.ana.ask(*log)["text"], PATIENCE)
    assert shown()["position"] is None
    kueue.preempt(run)

    world.world.until(lambda: shown()["state"] == "queued", PATIENCE)
    assert (shown()["interruptions"], shown()["position"]) == (1, 1)
    assert shown()["attempt"] == 1
    kueue.admit(run)
    world.world.until(lambda: kueue.held("evaluate") != [], PATIENCE)
    assert shown()["state"] == "running"
    (evaluation,) = kueue.held("evaluate")
    kueue.admit(evaluation)
    done = world.ended(made["id"])

    assert done["state"] == "scored", done
    assert "begun II" in world.ana.ask(*log)["text"]
    assert [score["value"] for score in done["scores"]] == [0.5]
    assert done["interruptions"] == 1


def observed(world: Cluster, name: str) -> tuple[float, float]:
    """How often a time was observed, and the sum of all."""
    metrics = world.world.embedded.service.observer
    assert isinstance(metrics, Metrics)
    found = numbers(metrics.text().decode())
    count, whole = (found[f"challenge_{name}_seconds_{each}"].values() for each in ("count", "sum"))
    return sum(count), sum(whole)


def seconds(shown: dict[str, Any], since: str) -> float:
    """From then to its end."""
    began, ended = (datetime.fromisoformat(shown[at]) for at in (since, "ended_at"))
    return (ended - began).total_seconds()


def test_what_a_run_waits_in_kueues_queue_is_wait_and_no_overhead(
    cluster: tuple[Cluster, SmallKueue],
) -> None:
    """Also what it waits after it had to make way."""
    world, kueue = cluster
    service = world.world.embedded.service
    service.observer = Metrics(service.db)
    made = world.ana.submit(**world.notebook(COUNTS_ITS_STARTS, WRITE_ALL_EVEN))

    def let_go_after_a_while() -> Key:
        world.world.until(lambda: kueue.held("run") != [], PATIENCE)
        time.sleep(HELD_SECONDS)
        (run,) = kueue.held("run")
        kueue.admit(run)
        return run

    run = let_go_after_a_while()
    log = ("GET", f"/submissions/{made['id']}/logs/run")
    world.world.until(lambda: "begun I" in world.ana.ask(*log)["text"], PATIENCE)
    world.world.until(lambda: world.ana.show(made["id"])["state"] == "running", PATIENCE)
    times, first = observed(world, "queue_wait")
    assert times == 1
    assert first >= HELD_SECONDS
    kueue.preempt(run)
    world.world.until(lambda: world.ana.show(made["id"])["state"] == "queued", PATIENCE)
    let_go_after_a_while()
    world.world.until(lambda: kueue.held("evaluate") != [], PATIENCE)
    kueue.admit(kueue.held("evaluate")[0])
    done = world.ended(made["id"])

    assert (done["state"], done["interruptions"]) == ("scored", 1)
    times, waited = observed(world, "queue_wait")
    assert times == 2
    assert waited >= first + HELD_SECONDS
    (step,) = [each for each in done["steps"] if each["name"] == "run"]
    whole, notebook = seconds(done, "created_at"), seconds(step, "started_at")
    rest = whole - notebook - waited
    assert observed(world, "run_overhead") == (1, pytest.approx(rest, abs=0.5))


def test_queues_are_made_for_challenge_team_and_evaluations(
    cluster: tuple[Cluster, SmallKueue],
) -> None:
    world, kueue = cluster
    made = world.ana.submit(**world.predictions())
    world.world.until(lambda: kueue.held("run") != [])

    team = team_queue_name(made["team"]["id"])
    objects = world.api.objects
    assert ("clusterqueues", "", "challenge-runs") in objects
    assert ("localqueues", "challenge-run-tiny", team) in objects

    kueue.admit(kueue.held("run")[0])
    world.world.until(lambda: kueue.held("evaluate") != [], PATIENCE)
    assert ("localqueues", "challenge-evaluation", EVALUATIONS) in objects


def test_places_are_those_of_the_engines_queue(cluster: tuple[Cluster, SmallKueue]) -> None:
    world, kueue = cluster
    made = []
    for number in (1, 2):
        made.append(world.ana.submit(**world.predictions())["id"])
        world.world.until(lambda n=number: len(kueue.held("run")) == n)  # type: ignore[misc]

    assert [world.ana.show(each)["position"] for each in made] == [2, 1]
    assert [world.ana.show(each)["state"] for each in made] == ["queued"] * 2


def test_a_place_comes_with_about_how_long_it_takes(
    cluster: tuple[Cluster, SmallKueue],
) -> None:
    """As long as the last runs of the challenge took; of none nobody knows."""
    world, kueue = cluster

    def waits() -> str:
        before = len(kueue.held("run"))
        submitted = world.ana.submit(**world.predictions())["id"]
        world.world.until(lambda: len(kueue.held("run")) > before)
        return str(submitted)

    def told(submission: str) -> tuple[int, float | None]:
        shown = world.ana.show(submission)
        return shown["position"], shown.get("wait_seconds")

    first = waits()
    later = waits()  # comes before, in this Kueue
    assert [told(each) for each in (later, first)] == [(1, 0.0), (2, None)]

    kueue.admit(kueue.held("run")[0])
    world.world.until(lambda: kueue.held("evaluate") != [], PATIENCE)
    assert told(later) == (1, None)  # now one has to end before
    kueue.admit(kueue.held("evaluate")[0])
    done = world.ended(first)
    assert done["state"] == "scored", done
    began = min(step["started_at"] for step in done["steps"] if step["started_at"])
    took = seconds({**done, "began": began}, "began")
    step = 60 if done["feedback"] == "class_only" else 10

    last = waits()
    assert told(last) == (1, 0.0)
    assert told(later) == (2, step * math.ceil(took / step))


def test_who_was_only_just_given_to_the_engine_is_not_passed_by_who_comes_next(
    cluster: tuple[Cluster, SmallKueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kueue lists a Job a moment after it was made."""
    world, kueue = cluster
    world.api.pending = lambda queue: []
    made = []
    for number in (1, 2):
        made.append(world.ana.submit(**world.predictions())["id"])
        world.world.until(lambda n=number: len(kueue.held("run")) == n)  # type: ignore[misc]

    assert [world.ana.show(each)["position"] for each in made] == [1, 2]

    # What is not listed for longer than that was let go.
    monkeypatch.setattr(waiting, "_JUST_GIVEN", timedelta(0))
    assert [world.ana.show(each)["position"] for each in made] == [None, None]


def test_no_place_is_told_while_kueue_can_not_be_asked(
    cluster: tuple[Cluster, SmallKueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, kueue = cluster
    made = world.ana.submit(**world.predictions())["id"]
    world.world.until(lambda: kueue.held("run") != [])

    def away(api: ClusterApi, queue: str) -> None:
        raise ApiRefused(503, "ServiceUnavailable", "the server is currently unable")

    monkeypatch.setattr(ClusterApi, "pending", away)
    assert (world.ana.show(made)["state"], world.ana.show(made)["position"]) == ("queued", None)


def test_cancelled_in_the_queue_nothing_is_left_of_it(cluster: tuple[Cluster, SmallKueue]) -> None:
    world, kueue = cluster
    made = world.ana.submit(**world.predictions())
    world.world.until(lambda: kueue.held("run") != [])

    world.ana.ask("POST", f"/submissions/{made['id']}/cancel")
    assert world.ana.show(made["id"])["state"] == "cancelled"

    world.world.until(lambda: kueue.held("run") == [])


def test_what_is_more_than_there_is_fails_and_says_so(
    cluster: tuple[Cluster, SmallKueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, kueue = cluster
    monkeypatch.setattr(queueing, "WHY_FRESH", 0.0)
    said = "insufficient quota for cpu in flavor challenge-any, 20 > maximum capacity (16)"
    condition = {"type": "QuotaReserved", "status": "False", "message": said}
    made = world.ana.submit(**world.predictions())

    def over() -> bool:
        for key in kueue.held("run"):  # what fails for the platform's sake is tried once more
            uid = world.api.objects[key]["metadata"]["uid"]
            workload = {"metadata": {"name": f"w-{uid}", "ownerReferences": [{"uid": uid}]}}
            found = world.api.add("workloads", key[1], workload)
            found["status"] = {"conditions": [condition]}
        return bool(world.ana.show(made["id"])["state"] == "failed")

    world.world.until(over, PATIENCE)
    assert world.ana.show(made["id"])["failure"]["failure_class"] == "no_capacity"


PROFILES = """
profiles:
- {id: cpu, name: CPU, quota: {cpu: 8, memory: 32Gi}}
- {id: big, name: Big, node_labels: {size: big}, quota: {cpu: 64, memory: 256Gi}}
- {id: half, name: Half of a big one, cpu: 1, node_labels: {size: big}}
"""


@pytest.fixture
def with_profiles(
    tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Cluster, SmallKueue]]:
    monkeypatch.setattr(queueing, "FRESH", 0.0)
    file = tmp_path / "profiles.yaml"
    file.write_text(PROFILES)
    with small_api_server() as api:
        made = Cluster(tmp_path, api, db_url, queues=True, profiles=str(file))
        yield made, SmallKueue(made.kubelet)
        made.close()


def test_only_those_are_ahead_that_wait_for_the_same_nodes(
    with_profiles: tuple[Cluster, SmallKueue],
) -> None:
    world, kueue = with_profiles
    ben = world.world.user("ben")
    ben.enter()
    asked = [(world.ana, "cpu"), (ben, "big"), (world.ana, "cpu"), (ben, "half")]
    made = []
    for number, (user, profile) in enumerate(asked, start=1):
        handed_in = world.predictions()
        handed_in["request"]["profile"] = profile
        made.append((user, user.submit(**handed_in)["id"]))
        world.world.until(lambda n=number: len(kueue.held("run")) == n)  # type: ignore[misc]

    # Last come, first served; and half of a node is of the same nodes as a whole one.
    assert [user.show(each)["position"] for user, each in made] == [2, 2, 1, 1]

    kueue.admit(kueue.held("run")[0])
    world.world.until(lambda: world.ana.show(made[0][1])["state"] == "running", PATIENCE)
    page = ben.ask("GET", "/profiles", params={"challenge": "tiny"})["items"]
    lines = {each["id"]: (each["waiting"], each["running"]) for each in page}
    assert lines == {"cpu": (1, 1), "big": (2, 0), "half": (2, 0)}
