"""Who waits, in which order, for how long, and what of a quota is left."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.hub.queues import (
    Queues,
    Waits,
    ago,
    read_cluster_queue,
    read_workload,
)

GPU = "nvidia.com/gpu"


def at(seconds: int) -> str:
    """A moment on a day, as Kubernetes writes it."""
    return f"2026-11-30T08:{seconds // 60:02}:{seconds % 60:02}Z"


def workload(name: str, created: int, *, admitted: int | None = None, **more: Any) -> Any:
    """A Workload of the pod `uid-NAME`, as Kueue writes it."""
    conditions = list(more.get("conditions", ()))
    if admitted is not None:
        for kind in ("QuotaReserved", "Admitted"):
            conditions.append(
                {"type": kind, "status": "True", "lastTransitionTime": at(admitted), "reason": kind}
            )
    return {
        "metadata": {
            "name": name,
            "namespace": "hub",
            "creationTimestamp": at(created),
            "ownerReferences": [{"kind": "Pod", "name": name, "uid": f"uid-{name}"}],
        },
        "spec": {
            "queueName": more.get("queue", "notebooks"),
            "priority": more.get("priority", 0),
            "active": more.get("active", True),
        },
        "status": {"conditions": conditions},
    }


def queues(*found: Any, kind: str = "gpu") -> Queues:
    told = Queues(kind_of=lambda pod: kind)
    for each in found:
        told.workload(f"hub/{each['metadata']['name']}", read_workload(each))
    return told


def names(told: Queues, queue: str = "notebooks", kind: str = "gpu") -> list[str]:
    return [each.name for each in told.waiting(queue, kind)]


def test_the_highest_priority_is_first_and_then_who_came_first() -> None:
    told = queues(
        workload("late", 30),
        workload("early", 10),
        workload("high", 40, priority=100),
        workload("elsewhere", 1, queue="other"),
    )

    assert names(told) == ["high", "early", "late"]
    assert names(told, "other") == ["elsewhere"]
    assert names(told, kind="cpu") == []


def test_they_are_counted_as_they_come_and_go() -> None:
    told = queues(workload("a", 10), workload("b", 20), workload("had", 1, admitted=5))
    assert told.count("notebooks", "gpu") == len(names(told)) == 2

    told.workload("hub/a", read_workload(workload("a", 10, admitted=30)))
    assert told.count("notebooks", "gpu") == 1 and names(told) == ["b"]

    told.workload("hub/b", read_workload(workload("b", 20, queue="other")))
    assert told.count("notebooks", "gpu") == 0 and names(told) == []
    assert names(told, "other") == ["b"]


def test_what_somebody_waits_for_may_come_out_later() -> None:
    kinds: dict[str, str] = {}
    told = Queues(kind_of=lambda pod: kinds.get(pod, ""))
    told.workload("hub/a", read_workload(workload("a", 10)))
    assert names(told) == []

    kinds["uid-a"] = "gpu"
    told.learned("uid-a")
    told.learned("uid-of-nobody")

    assert names(told) == ["a"] and told.count("notebooks", "") == 0


def test_an_order_that_kueue_tells_comes_before_ours() -> None:
    told = queues(workload("a", 10), workload("b", 20), workload("new", 30))
    assert names(told) == ["a", "b", "new"]

    told.ordered("notebooks", ["b", "a"])  # it knows nothing of the last one yet
    assert names(told) == ["b", "a", "new"]

    told.ordered("notebooks", None)
    assert names(told) == ["a", "b", "new"]


@pytest.mark.parametrize(
    ("conditions", "waits"),
    [
        pytest.param({}, True, id="new"),
        pytest.param({"QuotaReserved": "False"}, True, id="no quota"),
        pytest.param({"QuotaReserved": "True"}, True, id="its checks are to come"),
        pytest.param({"QuotaReserved": "True", "Admitted": "True"}, False, id="admitted"),
        pytest.param({"Finished": "True"}, False, id="finished"),
        pytest.param({"Admitted": "False", "Evicted": "True"}, True, id="back in its queue"),
    ],
)
def test_who_waits(conditions: dict[str, str], waits: bool) -> None:
    said = [{"type": kind, "status": status} for kind, status in conditions.items()]

    assert read_workload(workload("a", 1, conditions=said)).waits is waits


def test_who_was_taken_out_of_the_queue_does_not_wait() -> None:
    assert not read_workload(workload("a", 1, active=False)).waits


def test_who_was_preempted_stands_where_they_came_back() -> None:
    evicted = {"type": "Evicted", "status": "True", "lastTransitionTime": at(50)}
    told = queues(workload("preempted", 10, conditions=[evicted]), workload("waits", 20))

    assert names(told) == ["waits", "preempted"]


def test_a_workload_that_is_gone_is_forgotten() -> None:
    told = queues(workload("a", 10), workload("b", 20, admitted=30))

    for name in ("a", "b"):
        told.workload(f"hub/{name}", None)

    assert names(told) == []
    assert told.of_pod("uid-a") is None and told.of_pod("uid-b") is None
    assert (told.workloads, told._keys, told._lines, told._line_of) == ({}, {}, {}, {})


def test_a_name_that_is_used_again_is_another_pods() -> None:
    told = queues(workload("a", 10))
    again = workload("a", 20)
    again["metadata"]["ownerReferences"][0]["uid"] = "uid-second"

    told.workload("hub/a", read_workload(again))

    assert told.of_pod("uid-a") is None
    assert told.of_pod("uid-second") is not None


# --- how long it takes


def test_nothing_is_said_before_enough_have_waited() -> None:
    waits = Waits()
    waits.admitted("gpu", 0, 100)
    assert waits.about("gpu", 1) is None

    waits.admitted("gpu", 0, 200)
    assert waits.about("gpu", 1) == 100
    assert waits.about("gpu", 3) == 300
    assert waits.about("cpu", 1) is None


def test_who_did_not_wait_says_nothing_of_waiting() -> None:
    waits = Waits()
    for moment in (100, 200, 300):
        waits.admitted("gpu", moment - 1, moment)

    assert waits.about("gpu", 1) is None


def test_time_in_which_nobody_waited_is_no_waiting() -> None:
    waits = Waits()
    waits.admitted("gpu", 0, 60)
    waits.admitted("gpu", 9_940, 10_000)

    assert waits.about("gpu", 1) == 60


def test_two_at_the_same_moment_are_twice_as_fast() -> None:
    waits = Waits()
    for moment in (60, 60, 120, 120, 180, 180):
        waits.admitted("gpu", 0, moment)

    assert waits.about("gpu", 2) == pytest.approx(60)


def test_a_list_is_in_no_order_of_time() -> None:
    """A hub that starts hears of those that have had their turn by their names."""
    waits = Waits()
    for moment in (300, 100, 500, 200, 400):
        waits.admitted("gpu", 0, moment)

    assert waits.about("gpu", 1) == 100


def test_only_the_last_turns_count() -> None:
    waits = Waits()
    for number in range(100):
        waits.admitted("gpu", 0, 1000 * (number + 1))
    for number in range(100):
        waits.admitted("gpu", 0, 100_000 + 10 * (number + 1))

    assert waits.about("gpu", 1) == 10


def test_a_turn_counts_once_however_often_it_is_told() -> None:
    told = queues(workload("a", 0, admitted=60), workload("b", 0, admitted=120))
    for _ in range(5):
        told.workload("hub/b", read_workload(workload("b", 0, admitted=120)))

    assert told.waits.about("gpu", 1) == 60


# --- quota


def quota(**more: Any) -> Any:
    """A ClusterQueue with 4 GPUs of H100 and 2 of T4, some of them in use."""
    return {
        "metadata": {"name": "gpus"},
        "spec": {
            "cohortName": more.get("cohort", ""),
            "stopPolicy": more.get("stop", "None"),
            "resourceGroups": [
                {
                    "coveredResources": ["cpu", GPU],
                    "flavors": [
                        {
                            "name": name,
                            "resources": [
                                {"name": "cpu", "nominalQuota": "64"},
                                {"name": GPU, "nominalQuota": count},
                            ],
                        }
                        for name, count in (("h100", 4), ("t4", "2"))
                    ],
                }
            ],
        },
        "status": {
            more.get("told", "flavorsReservation"): [
                {"name": "h100", "resources": [{"name": GPU, "total": "3"}]},
                {"name": "t4", "resources": [{"name": GPU, "total": more.get("t4", "0")}]},
            ]
        },
    }


FLAVORS = {"h100": {"gpu": "h100"}, "t4": {"gpu": "t4"}}


@pytest.mark.parametrize(
    ("labels", "asks", "left"),
    [
        pytest.param({"gpu": "h100"}, {GPU: 1000}, 1, id="its flavor"),
        pytest.param({"gpu": "t4"}, {GPU: 1000}, 2, id="another"),
        pytest.param({}, {GPU: 1000}, 3, id="any"),
        pytest.param({"gpu": "h100"}, {GPU: 2000}, 0, id="more than is left"),
        pytest.param({"gpu": "t4"}, {GPU: 1000, "cpu": 40_000}, 1, id="its cores"),
        pytest.param({"gpu": "t4"}, {GPU: 1000, "memory": 1}, 2, id="what has no quota"),
        pytest.param({"gpu": "a100"}, {GPU: 1000}, 0, id="no flavor"),
    ],
)
def test_what_is_left_of_a_quota(labels: dict[str, str], asks: dict[str, int], left: int) -> None:
    assert read_cluster_queue(quota()).left(asks, labels, FLAVORS)[0] == left


def test_more_in_use_than_there_is_leaves_nothing() -> None:
    assert read_cluster_queue(quota(t4="5")).left({GPU: 1000}, {"gpu": "t4"}, FLAVORS) == (0, 2)


def test_older_words_for_what_is_in_use_are_known() -> None:
    found = read_cluster_queue(quota(told="flavorsUsage"))

    assert found.left({GPU: 1000}, {"gpu": "h100"}, FLAVORS)[0] == 1


def test_a_queue_says_its_cohort_and_whether_it_is_stopped() -> None:
    found = read_cluster_queue(quota(cohort="farm", stop="HoldAndDrain"))

    assert (found.cohort, found.stopped) == ("farm", True)
    assert (read_cluster_queue(quota()).cohort, read_cluster_queue(quota()).stopped) == ("", False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1970-01-01T00:01:00Z", 60), ("1970-01-01T01:01:00+01:00", 60), (None, 0), ("", 0)],
)
def test_a_moment_of_kubernetes(said: str | None, seconds: float) -> None:
    assert ago(said) == seconds
