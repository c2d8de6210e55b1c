"""Kueue's objects: what is made of the settings, and how a Job is told to wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.compute import (
    Accelerator,
    Catalogue,
    ComputeProfile,
    Toleration,
    Vendor,
)
from jupyter_challenge.engines import jobs, queues
from jupyter_challenge.engines.jobs import OWN, ClusterSettings, Order
from jupyter_challenge.engines.quantities import left
from jupyter_challenge.engines.queue_settings import queue_settings
from tests.engines.small_challenge import SmallChallenge

CATALOGUE = Catalogue(
    profiles=[
        ComputeProfile(id="cpu", name="CPU", quota={"cpu": 8, "memory": "32Gi"}),
        ComputeProfile(
            id="a100",
            name="A100",
            accelerator=Accelerator(vendor=Vendor.NVIDIA, count=2),
            node_labels={"gpu": "a100"},
            tolerations=[Toleration(key="gpu")],
            quota={"cpu": 16, "memory": "64Gi", "nvidia.com/gpu": 2},
        ),
    ]
)
FIRST_FREE = CATALOGUE.model_copy(update={"first_free": True})
EVALUATION = {"cpu": "2", "memory": "8Gi"}
QUEUES = queue_settings(CATALOGUE, EVALUATION, "challenge")
SETTINGS = ClusterSettings(
    gateway_url="http://challenge-gateway:8791",
    gateway_address="10.96.0.9",
    steps_image="steps:1",
    notebook_image="notebook:1",
    queues=QUEUES,
    catalogue=CATALOGUE,
)


def quotas(*amounts: str) -> list[dict[str, str]]:
    names = ("cpu", "memory", "nvidia.com/gpu")
    return [{"name": n, "nominalQuota": a} for n, a in zip(names, amounts, strict=False)]


def test_an_installation_is_kinds_priorities_one_cohort_and_the_evaluations_queue() -> None:
    made = queues.installation(QUEUES, SETTINGS)

    names = [(resource, manifest["metadata"]["name"]) for resource, manifest in made]
    assert names == [
        ("workloadpriorityclasses", "challenge-try"),
        ("workloadpriorityclasses", "challenge-ranked"),
        ("workloadpriorityclasses", "challenge-verification"),
        ("resourceflavors", "challenge-cpu"),
        ("resourceflavors", "challenge-a100"),
        ("resourceflavors", "challenge-any"),
        ("cohorts", "challenge"),
        ("clusterqueues", "challenge-evaluation"),
        ("clusterqueues", "challenge-runs"),
    ]
    values = [manifest["value"] for _, manifest in made[:3]]
    assert values == sorted(set(values))
    # Only runs that chose a profile on such nodes get past the taint, which no node has.
    assert made[4][1]["spec"] == {
        "nodeLabels": {"gpu": "a100"},
        "nodeTaints": [
            {"key": "challenge.jupyter.org/nodes", "value": "a100", "effect": "NoSchedule"}
        ],
    }
    assert made[6][1] == {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Cohort",
        "metadata": {"name": "challenge", "labels": OWN},
        "spec": {
            "resourceGroups": [
                {
                    "coveredResources": ["cpu", "memory", "nvidia.com/gpu"],
                    "flavors": [
                        {"name": "challenge-cpu", "resources": quotas("8", "32Gi", "0")},
                        {"name": "challenge-a100", "resources": quotas("16", "64Gi", "2")},
                    ],
                }
            ]
        },
    }
    evaluation = made[7][1]["spec"]
    assert "cohortName" not in evaluation
    assert evaluation["resourceGroups"] == [
        {
            "coveredResources": ["cpu", "memory"],
            "flavors": [{"name": "challenge-any", "resources": quotas("2", "8Gi")}],
        }
    ]


def test_challenges_borrow_everything_in_one_queue_and_a_teams_does_not_name_it() -> None:
    (first, challenge), (second, team) = queues.of_run(
        QUEUES, "challenge-run-iris", queues.team_queue_name("Team Rocket")
    )

    assert (first, second) == ("clusterqueues", "localqueues")
    spec = challenge["spec"]
    assert challenge["metadata"]["name"] == "challenge-runs"
    # It is there before the first submission, and the same.
    assert challenge == queues.installation(QUEUES, SETTINGS)[-1][1]
    assert spec["cohortName"] == "challenge"
    assert spec["namespaceSelector"] == {"matchLabels": OWN}
    assert spec["admissionScope"] == {"admissionMode": "UsageBasedAdmissionFairSharing"}
    assert spec["preemption"] == {
        "withinClusterQueue": "LowerPriority",
        "reclaimWithinCohort": "LowerPriority",
        "borrowWithinCohort": {"policy": "LowerPriority", "maxPriorityThreshold": 0},
    }
    amounts = {
        each["nominalQuota"]
        for flavor in spec["resourceGroups"][0]["flavors"]
        for each in flavor["resources"]
    }
    assert amounts == {"0"}
    assert team == {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "LocalQueue",
        "metadata": {
            "name": queues.team_queue_name("Team Rocket"),
            "namespace": "challenge-run-iris",
            "labels": OWN,
        },
        "spec": {"clusterQueue": "challenge-runs"},
    }
    assert "ocket" not in team["metadata"]["name"]


SHARED = replace(QUEUES, shares={"iris": {"a100": {"cpu": "1500m", "nvidia.com/gpu": "2"}}})


def test_what_is_a_challenges_own_is_taken_from_what_all_share() -> None:
    made = queues.installation(SHARED, SETTINGS)

    cohort = next(manifest for resource, manifest in made if resource == "cohorts")
    assert cohort["spec"]["resourceGroups"][0]["flavors"] == [
        {"name": "challenge-cpu", "resources": quotas("8", "32Gi", "0")},
        {"name": "challenge-a100", "resources": quotas("14500m", "64Gi", "0")},
    ]
    resource, own = made[-1]
    assert (resource, own["metadata"]["name"]) == ("clusterqueues", "challenge-run-iris")
    assert own["spec"]["resourceGroups"][0]["flavors"] == [
        {"name": "challenge-cpu", "resources": quotas("0", "0", "0")},
        {"name": "challenge-a100", "resources": quotas("1500m", "0", "2")},
    ]
    assert own["spec"]["namespaceSelector"] == {
        "matchLabels": {"kubernetes.io/metadata.name": "challenge-run-iris"}
    }
    # At its first submission the service finds the queue as it should be.
    (_, queue), (_, team) = queues.of_run(SHARED, "challenge-run-iris", "team", "iris")
    assert queue == own
    assert team["spec"] == {"clusterQueue": "challenge-run-iris"}


@pytest.mark.parametrize(
    ("whole", "taken", "expected"),
    [
        ("64Gi", [], "64Gi"),
        ("64Gi", ["8Gi"], "56Gi"),
        ("1Gi", ["512Mi"], "512Mi"),
        ("64Gi", ["1G"], "67719476736"),
        ("8", ["500m", "1.5"], "6"),
        ("8", ["7500m"], "500m"),
        ("130", ["2"], "128"),
        ("2k", ["1000"], "1k"),
        ("4", ["4"], "0"),
    ],
)
def test_what_is_left_is_written_as_the_api_server_writes_it(
    whole: str, taken: list[str], expected: str
) -> None:
    assert left(whole, taken) == expected


ONE = Catalogue(profiles=[ComputeProfile(id="any", name="Any", quota={"cpu": 4, "memory": "8Gi"})])


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        ({"a": {"any": {"cpu": 3}}, "b": {"any": {"cpu": "1500m"}}}, "3 .* 1500m is more than 4"),
        ({"a": {"gpu": {"cpu": 3}}}, "no profile with a quota"),
        ({"a": {"any": {"nvidia.com/gpu": 1}}}, "of which there is none"),
        ({"a": {"any": {"cpu": "four"}}}, "no quantity"),
    ],
)
def test_shares_that_cannot_be_are_refused(shares: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        queue_settings(ONE, {"cpu": 1, "memory": "1Gi"}, "challenge", shares)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    spec = SmallChallenge(tmp_path).spec(b"")
    return Order.of(spec.model_copy(update={"team_id": "team-1", "profile": "a100"}))


@pytest.mark.parametrize(
    ("kind", "what", "queue", "priority"),
    [
        ("run", {}, queues.team_queue_name("team-1"), "challenge-ranked"),
        ("run", {"is_try": True}, queues.team_queue_name("team-1"), "challenge-try"),
        ("run", {"is_verification": True}, "verifications", "challenge-verification"),
        ("evaluate", {}, "evaluations", "challenge-ranked"),
        ("evaluate", {"is_verification": True}, "evaluations", "challenge-verification"),
    ],
)
def test_a_queued_job_differs_by_its_queue_alone(
    order: Order, kind: Any, what: dict[str, bool], queue: str, priority: str
) -> None:
    order = Order(**{**order.as_json(), **what})
    maker = jobs.run_job if kind == "run" else jobs.evaluate_job
    plain = maker(order, SETTINGS)

    waiting = queues.queued(plain, order, kind, SETTINGS)

    assert queues.queued(plain, order, kind, replace(SETTINGS, queues=None)) == plain
    labels = waiting["metadata"].pop("labels")
    assert labels == {
        **plain["metadata"].pop("labels"),
        "kueue.x-k8s.io/queue-name": queue,
        "kueue.x-k8s.io/priority-class": priority,
    }
    assert waiting["spec"].pop("suspend") is True
    grace = "terminationGracePeriodSeconds"
    pods = [each["spec"]["template"]["spec"] for each in (waiting, plain)]
    longer, shorter = (pod[grace] for pod in pods)
    assert (longer > shorter) is (kind == "run")
    for pod in pods:
        pod.pop(grace, None)
    own, profiles = (pod.pop("tolerations", []) for pod in pods)
    assert profiles == ([{"key": "gpu", "operator": "Exists"}] if kind == "run" else [])
    only = {"key": "challenge.jupyter.org/nodes", "operator": "Equal", "value": "a100"}
    assert own == profiles + ([{**only, "effect": "NoSchedule"}] if kind == "run" else [])
    assert waiting == plain


def test_a_run_that_may_be_anywhere_gets_whichever_nodes_have_room_first(order: Order) -> None:
    free = queue_settings(FIRST_FREE, EVALUATION, "challenge")
    settings = replace(SETTINGS, queues=free, catalogue=FIRST_FREE)

    flavors = [made for name, made in queues.installation(free, settings) if "flavors" in name]
    assert [made["spec"] for made in flavors] == [
        {},
        {
            "nodeLabels": {"gpu": "a100"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        },
        {},
    ]
    anywhere = replace(order, profile="local")
    pod = queues.queued(jobs.run_job(anywhere, settings), anywhere, "run", settings)["spec"]
    assert not {"nodeSelector", "tolerations"} & set(pod["template"]["spec"])


def test_quotas_that_do_not_say_what_runs_ask_for_are_named() -> None:
    without = Catalogue(profiles=[ComputeProfile(id="cpu", name="CPU")])
    with pytest.raises(ValueError, match="compute profile 'cpu' says nothing of cpu"):
        queue_settings(without, EVALUATION, "challenge")


HELD = {"metadata": {"labels": {queues.QUEUE: "q"}}, "spec": {"suspend": True}}
GOING = {"metadata": {"labels": {queues.QUEUE: "q"}}, "spec": {"suspend": False}}
OURS = {"metadata": {}, "spec": {"suspend": True}}
POD: dict[str, Any] = {"metadata": {"name": "pod"}}
LEAVING = {"metadata": {"name": "pod", "deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("job", "pod", "expected"),
    [
        (HELD, POD, True),
        (HELD, LEAVING, True),
        (GOING, LEAVING, True),
        (GOING, POD, False),
        (GOING, None, False),
        (OURS, LEAVING, False),
    ],
)
def test_a_pod_that_makes_way_is_not_its_jobs_any_more(job: Any, pod: Any, expected: bool) -> None:
    assert queues.gone(job, pod) is expected
