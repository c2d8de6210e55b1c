"""What is free on machines: quantities, what pods ask for, which nodes take a server."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.hub.machines import (
    Machines,
    Place,
    amount,
    asked,
    read_node,
    read_pod,
)

ARCH = {"kubernetes.io/arch": "amd64"}
SLICE = "nvidia.com/mig-1g.10gb"


def node(name: str = "n1", **more: Any) -> dict[str, Any]:
    """A node as an API server tells of it."""
    return {
        "metadata": {"name": name, "labels": {**ARCH, **more.get("labels", {})}},
        "spec": {"taints": more.get("taints"), "unschedulable": more.get("cordoned", False)},
        "status": {
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "10", **more.get("holds", {})},
            "conditions": [
                {"type": "MemoryPressure", "status": "False"},
                {"type": "Ready", "status": more.get("ready", "True")},
            ],
        },
    }


def pod(name: str = "p1", on: str = "n1", phase: str = "Running", **asks: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "hub", "uid": f"uid-{name}"},
        "spec": {"nodeName": on, "containers": [{"resources": {"requests": asks}}]},
        "status": {"phase": phase},
    }


def machines(*nodes: dict[str, Any], pods: tuple[dict[str, Any], ...] = ()) -> Machines:
    found = Machines()
    for each in nodes:
        found.node("/" + each["metadata"]["name"], read_node(each))
    for each in pods:
        found.pod("hub/" + each["metadata"]["name"], read_pod(each))
    return found


def place(labels: dict[str, str] | None = None, tolerations: Any = (), **asks: int) -> Place:
    return Place.of(labels or {}, tolerations, {name: each * 1000 for name, each in asks.items()})


@pytest.mark.parametrize(
    ("said", "thousandths"),
    [
        ("1", 1000),
        ("500m", 500),
        ("0.5", 500),
        (2, 2000),
        ("64Gi", 64 * 2**30 * 1000),
        ("1k", 1_000_000),
        ("1e3", 1_000_000),
        ("12E2", 1_200_000),
        ("1E", 10**18 * 1000),
        ("100u", 1),
        ("1n", 1),
        ("1.5Gi", 1.5 * 2**30 * 1000),
        ("0", 0),
        ("", 0),
        (".", 0),
        ("1.2.3", 0),
        ("3 apples", 0),
        ("1mi", 0),
        (None, 0),
    ],
)
def test_a_quantity_in_thousandths(said: Any, thousandths: int) -> None:
    assert amount(said) == thousandths


def container(more: dict[str, Any] | None = None, **requests: str) -> dict[str, Any]:
    return {"resources": {"requests": requests}, **(more or {})}


ALWAYS = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        pytest.param({"containers": [container(cpu="1"), container(cpu="2")]}, 3000, id="sum"),
        pytest.param(
            {"containers": [{"resources": {"limits": {"cpu": "2"}}}]}, 2000, id="limit alone"
        ),
        pytest.param(
            {"containers": [{"resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}}]},
            1000,
            id="request before limit",
        ),
        pytest.param(
            {"initContainers": [container(cpu="4")], "containers": [container(cpu="1")]},
            4000,
            id="init container asks for more",
        ),
        pytest.param(
            {"initContainers": [container(ALWAYS, cpu="1")], "containers": [container(cpu="2")]},
            3000,
            id="sidecar goes on",
        ),
        pytest.param(
            {
                "initContainers": [container(ALWAYS, cpu="1"), container(cpu="4")],
                "containers": [container(cpu="2")],
            },
            5000,
            id="init container beside a sidecar",
        ),
        pytest.param(
            {"overhead": {"cpu": "250m"}, "containers": [container(cpu="1")]}, 1250, id="overhead"
        ),
        pytest.param(
            {"resources": {"requests": {"cpu": "6"}}, "containers": [container(cpu="1")]},
            6000,
            id="the pod as a whole",
        ),
        pytest.param({"containers": [{}]}, 0, id="nothing"),
    ],
)
def test_what_a_pod_asks_for(spec: dict[str, Any], cpu: int) -> None:
    found = asked(spec)

    assert found.get("cpu", 0) == cpu
    assert found["pods"] == 1000


def test_room_is_what_is_left_after_the_pods_of_everybody() -> None:
    found = machines(node("n1"), node("n2"), pods=(pod("a", cpu="3"), pod("b", "n2", cpu="7500m")))

    assert found.room(place(cpu=2)) == (2, 8)  # 5 cores are left of one, half of one of the other
    assert found.room(place(cpu=9)) == (0, 0)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_takes_nothing(phase: str) -> None:
    found = machines(node(), pods=(pod("a", cpu="8"),))
    assert found.room(place(cpu=1)) == (0, 8)

    found.pod("hub/a", read_pod(pod("a", phase=phase, cpu="8")))

    assert found.room(place(cpu=1)) == (8, 8)


def test_a_pod_that_has_no_node_yet_takes_nothing() -> None:
    waiting = pod("a", "", "Pending", cpu="8")
    found = machines(node(), pods=(waiting,))
    assert found.room(place(cpu=1))[0] == 8

    found.pod("hub/a", read_pod(pod("a", cpu="8")))

    assert found.room(place(cpu=1))[0] == 0


def test_the_number_of_pods_is_a_limit_too() -> None:
    found = machines(node(holds={"pods": "2"}), pods=(pod("a"),))

    assert found.room(place(cpu=1)) == (1, 2)


def test_a_pod_told_of_again_is_counted_once() -> None:
    found = machines(node(), pods=(pod("a", cpu="1"),))
    version = found.version

    found.pod("hub/a", read_pod(pod("a", cpu="1")))

    assert found.version == version
    assert found.room(place(cpu=1))[0] == 7


@pytest.mark.parametrize(
    ("more", "takes"),
    [
        pytest.param({}, True, id="as it is"),
        pytest.param({"ready": "False"}, False, id="not ready"),
        pytest.param({"ready": "Unknown"}, False, id="not heard of"),
        pytest.param({"cordoned": True}, False, id="cordoned"),
    ],
)
def test_a_node_that_takes_no_pods_has_no_room(more: dict[str, Any], takes: bool) -> None:
    assert machines(node(**more)).room(place(cpu=8)) == ((1, 1) if takes else (0, 0))


def test_a_node_without_conditions_is_not_ready() -> None:
    young = node()
    del young["status"]["conditions"]

    assert machines(young).room(place(cpu=1)) == (0, 0)


@pytest.mark.parametrize(
    ("labels", "room"),
    [
        ({"nvidia.com/gpu.product": "Tesla-T4"}, 1),
        ({"nvidia.com/gpu.product": "Tesla"}, 0),
        ({"nvidia.com/gpu.product": "Tesla-T4", "kubernetes.io/arch": "arm64"}, 0),
        ({}, 1),
    ],
)
def test_labels_say_which_nodes_are_meant(labels: dict[str, str], room: int) -> None:
    found = machines(node(labels={"nvidia.com/gpu.product": "Tesla-T4"}))

    assert found.room(place(labels, cpu=8))[0] == room


GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("taint", "toleration", "takes"),
    [
        pytest.param(GPU_TAINT, None, False, id="not tolerated"),
        pytest.param(GPU_TAINT, {"operator": "Exists"}, True, id="all are"),
        pytest.param(
            GPU_TAINT, {"operator": "Exists", "key": "nvidia.com/gpu"}, True, id="its key"
        ),
        pytest.param(GPU_TAINT, {"operator": "Exists", "key": "amd.com/gpu"}, False, id="another"),
        pytest.param(
            GPU_TAINT, {"key": "nvidia.com/gpu", "value": "present"}, True, id="its value"
        ),
        pytest.param(
            GPU_TAINT, {"key": "nvidia.com/gpu", "value": "else"}, False, id="another value"
        ),
        pytest.param(
            GPU_TAINT,
            {"operator": "Exists", "key": "nvidia.com/gpu", "effect": "NoExecute"},
            False,
            id="another effect",
        ),
        pytest.param(
            {"key": "a", "effect": "NoSchedule"},
            {"operator": "Equal", "key": "a", "value": ""},
            True,
            id="no value",
        ),
        pytest.param(
            {**GPU_TAINT, "effect": "PreferNoSchedule"}, None, True, id="a wish is no taint"
        ),
        pytest.param({"key": "gone", "effect": "NoExecute"}, None, False, id="that ends pods"),
    ],
)
def test_taints_keep_away_who_does_not_tolerate_them(
    taint: dict[str, str], toleration: dict[str, str] | None, takes: bool
) -> None:
    found = machines(node(taints=[taint]))

    asks = place(tolerations=[toleration] if toleration else [], cpu=8)

    assert found.room(asks)[1] == int(takes)


def test_slices_are_counted_by_their_own_name() -> None:
    found = machines(
        node(holds={SLICE: "7", "nvidia.com/gpu": "0"}),
        pods=(pod("a", **{SLICE: "3"}),),
    )

    assert found.room(place(**{SLICE: 1})) == (4, 7)
    assert found.room(place(**{SLICE: 2})) == (2, 3)
    assert found.room(place(**{"nvidia.com/gpu": 1})) == (0, 0)


def test_what_is_gone_leaves_nothing_behind() -> None:
    found = machines(node("n1"), node("n2"))
    for number in range(50):
        on = f"n{number % 2 + 1}"
        found.pod(f"hub/p{number}", read_pod(pod(f"p{number}", on, cpu="100m")))
    for number in range(50):
        found.pod(f"hub/p{number}", None)
    found.node("/n1", None)
    found.node("/n2", None)

    assert (found.nodes, found.pods, found.taken) == ({}, {}, {})


def test_nothing_is_kept_of_a_pod_that_could_be_a_secret() -> None:
    secret = pod("a", cpu="1")
    secret["spec"]["containers"][0]["env"] = [{"name": "TOKEN", "value": "geheim"}]

    assert "geheim" not in repr(read_pod(secret))
