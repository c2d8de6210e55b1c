"""How it stands with a profile, as heard from a server that speaks as an API server does."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kubernetes_asyncio.client import Configuration

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.hub import capacity as module
from jupyter_challenge.hub import watching
from jupyter_challenge.hub.capacity import Availability, Capacity, Turn
from jupyter_challenge.hub.machines import Place
from tests.hub.cluster_api import ClusterApi, cluster_api
from tests.hub.test_queues import at, quota, workload
from tests.hub.test_watching import until

NODES, PODS = "/api/v1/nodes", "/api/v1/pods"
KUEUE = "/apis/kueue.x-k8s.io/v1beta2"
FLAVORS, CLUSTER = f"{KUEUE}/resourceflavors", f"{KUEUE}/clusterqueues"
LOCAL, WORKLOADS = f"{KUEUE}/localqueues", f"{KUEUE}/workloads"
OWN = f"{KUEUE}/namespaces/hub"
PENDING = (
    "/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/hub/localqueues/notebooks/pendingworkloads"
)
GPU = "nvidia.com/gpu"
CATALOGUE = Catalogue.model_validate(
    {
        "profiles": [
            {"id": "cpu", "name": "CPU"},
            {
                "id": "h100", "name": "H100", "queue": "notebooks",
                "accelerator": {"vendor": "nvidia", "product_labels": {"gpu": "h100"}},
            },
            {
                "id": "t4", "name": "T4", "queue": "notebooks",
                "accelerator": {"vendor": "nvidia", "product_labels": {"gpu": "t4"}},
            },
        ]
    }
)  # fmt: skip


def node(name: str, gpu: str = "", count: int = 4, ready: str = "True") -> dict[str, Any]:
    holds = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    return {
        "metadata": {"name": name, "labels": {"gpu": gpu} if gpu else {}},
        "status": {
            "allocatable": {**holds, **({GPU: str(count)} if gpu else {})},
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def pod(name: str, profile: str = "", on: str = "", **more: Any) -> dict[str, Any]:
    gpus = {"resources": {"requests": {GPU: "1"}}} if profile in {"h100", "t4"} else {}
    labels = {"challenge.jupyter.org/profile": profile} if profile else {}
    return {
        "metadata": {
            "name": name, "namespace": more.get("namespace", "hub"), "labels": labels,
            "uid": more.get("uid", f"uid-{name}"),
        },
        "spec": {"nodeName": on, "containers": [{"name": "notebook", **gpus}]},
        "status": more.get("status", {"phase": "Running" if on else "Pending"}),
    }  # fmt: skip


@asynccontextmanager
async def looking(api: ClusterApi) -> AsyncIterator[Capacity]:
    before = Configuration.get_default_copy()
    Configuration.set_default(Configuration(host=api.url))
    capacity = Capacity(CATALOGUE, "hub", logging.getLogger("tests.capacity"))
    try:
        assert await capacity.loaded(10)
        yield capacity
    finally:
        await capacity.stop()
        Configuration.set_default(before)


def run(test: Callable[[ClusterApi], Awaitable[None]]) -> None:
    async def served() -> None:
        async with cluster_api() as api:
            await test(api)

    asyncio.run(served())


def with_queue(api: ClusterApi, **more: Any) -> None:
    """Two H100 nodes, a T4 node, and a queue that may use four H100 and two T4."""
    for name, gpu in (("n1", "h100"), ("n2", "h100"), ("n3", "t4")):
        api.put(NODES, node(name, gpu))
    for name in ("h100", "t4"):
        api.put(FLAVORS, {"metadata": {"name": name}, "spec": {"nodeLabels": {"gpu": name}}})
    api.put(CLUSTER, quota(**more))
    api.put(
        LOCAL,
        {"metadata": {"name": "notebooks", "namespace": "hub"}, "spec": {"clusterQueue": "gpus"}},
    )


def how(capacity: Capacity, id: str) -> Availability:
    profile = CATALOGUE.get(id)
    assert profile is not None
    asks = {"cpu": 1000, **({GPU: 1000} if profile.accelerator else {})}
    return capacity.of(profile, Place.of(profile.labels, [], asks))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted is counted again after each change."""
    monkeypatch.setattr(module, "FRESH", 0.0)
    monkeypatch.setattr(watching, "ABSENT_PAUSE", 0.1)
    monkeypatch.setattr(watching, "SHORTEST_PAUSE", 0.05)


@pytest.mark.usefixtures("at_once")
def test_room_on_machines_follows_what_happens() -> None:
    async def test(api: ClusterApi) -> None:
        api.put(NODES, node("n1"))
        async with looking(api) as capacity:
            assert how(capacity, "cpu") == Availability(True, 8, 8)
            for number in range(3):
                busy = pod(f"p{number}", "cpu", "n1", namespace="elsewhere")
                busy["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}}
                api.put(PODS, busy)
            await until(lambda: how(capacity, "cpu").free == 2)
            api.put(NODES, node("n2"))
            await until(lambda: how(capacity, "cpu") == Availability(True, 10, 16))
            api.remove(PODS, "p0", "elsewhere")
            api.put(NODES, node("n2", ready="Unknown"))
            await until(lambda: how(capacity, "cpu") == Availability(True, 4, 8))

    run(test)


@pytest.mark.usefixtures("at_once")
def test_a_quota_that_is_smaller_than_the_machines_is_what_is_free() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)  # of which three H100 are in use
        async with looking(api) as capacity:
            assert how(capacity, "h100") == Availability(True, 1, 4, queued=True)
            assert how(capacity, "t4") == Availability(True, 2, 2, queued=True)
            api.put(CLUSTER, quota(t4="2"))
            await until(lambda: how(capacity, "t4").free == 0)
            api.put(CLUSTER, quota(t4="2", cohort="farm"))  # where it may borrow
            await until(lambda: how(capacity, "t4") == Availability(True, 4, 4, queued=True))
            api.put(CLUSTER, quota(stop="Hold"))
            await until(lambda: how(capacity, "h100").free == 0)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_who_waits_is_told_by_what_they_wait_for() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)
        for number, kind in enumerate(["h100", "h100", "t4"]):
            name = f"w{number}"
            api.put(PODS, pod(name, kind))
            api.put(WORKLOADS, workload(name, 10 + number))
        for number in range(3):  # who had their turn lately, each a minute after the other
            api.put(PODS, pod(f"had{number}", "h100", "n1"))
            api.put(WORKLOADS, workload(f"had{number}", 0, admitted=60 * (number + 1)))
        async with looking(api) as capacity:
            assert how(capacity, "h100") == Availability(True, 0, 4, 2, 180.0, queued=True)
            assert how(capacity, "t4").waiting == 1
            assert how(capacity, "cpu").waiting == 0
            second = capacity.queues.of_pod("uid-w1")
            assert second is not None
            assert capacity.turn(second) == Turn(2, 2, 120.0)
            api.put(WORKLOADS, workload("w0", 10, admitted=240))
            await until(lambda: capacity.turn(second) == Turn(1, 1, 60.0))
            admitted = capacity.queues.of_pod("uid-w0")
            assert admitted is not None and capacity.turn(admitted) is None

    run(test)


@pytest.mark.usefixtures("at_once")
def test_the_order_is_that_of_kueue_and_ours_where_it_tells_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "ORDER", 0.0)

    def warned() -> int:
        return sum("does not say who is next" in each.message for each in caplog.records)

    async def test(api: ClusterApi) -> None:
        with_queue(api)
        for name, created in (("first", 1), ("second", 2)):
            api.put(PODS, pod(name, "h100"))
            api.put(WORKLOADS, workload(name, created))
        places = {"second": 0, "first": 1}
        items = [
            {"metadata": {"name": name}, "positionInLocalQueue": place}
            for name, place in sorted(places.items())
        ]
        async with looking(api) as capacity:
            second = capacity.queues.of_pod("uid-second")
            assert second is not None
            assert capacity.turn(second) == Turn(2, 2, None)
            api.says[PENDING] = {"items": items}
            await capacity.ask_order("notebooks")
            assert capacity.turn(second) == Turn(1, 2, None)
            for refusal in ({"items": None}, {"items": [{}]}, "nonsense"):
                api.says[PENDING] = refusal
                await capacity.ask_order("notebooks")
                assert capacity.turn(second) == Turn(2, 2, None)
            assert warned() == 1
            api.says.clear()  # there is no such API: 404
            await capacity.ask_order("notebooks")
            assert capacity.turn(second) == Turn(2, 2, None)
            assert warned() == 1, "once until it answers again"

    run(test)


def test_the_order_is_asked_for_once_however_many_want_to_know() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)
        async with looking(api) as capacity:
            await asyncio.gather(*(capacity.ask_order("notebooks") for _ in range(20)))
            assert api.counted(PENDING, watch=False) == 1

    run(test)


@pytest.mark.usefixtures("at_once")
def test_what_may_not_be_seen_is_not_known() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)
        api.refuses = {NODES: 403, f"{OWN}/workloads": 403}
        async with looking(api) as capacity:
            assert how(capacity, "cpu") == Availability(known=False)
            assert how(capacity, "h100") == Availability(known=False, queued=True)
            del api.refuses[NODES]
            await until(lambda: how(capacity, "cpu").known)
            assert not how(capacity, "h100").known
            api.refuses.clear()
            await until(lambda: how(capacity, "h100").known)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_a_queue_that_is_not_there_has_nothing_free() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)
        api.remove(LOCAL, "notebooks", "hub")
        async with looking(api) as capacity:
            assert how(capacity, "h100") == Availability(True, 0, 8, queued=True)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_without_kueue_there_are_no_queues_to_wait_in() -> None:
    async def test(api: ClusterApi) -> None:
        api.put(NODES, node("n1", "h100"))
        queues = (FLAVORS, CLUSTER, f"{OWN}/localqueues", f"{OWN}/workloads")
        api.refuses = dict.fromkeys(queues, 404)
        async with looking(api) as capacity:
            assert how(capacity, "h100") == Availability(True, 4, 4)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_what_was_not_heard_of_for_long_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALE", 0.3)

    async def test(api: ClusterApi) -> None:
        api.bookmarks = 0.05
        api.put(NODES, node("n1"))
        async with looking(api) as capacity:
            await until(lambda: api.watches == 6)
            await asyncio.sleep(0.5)
            assert how(capacity, "cpu").known
            for path in (NODES, PODS):
                api.refuses[path] = 500
            api.drop()
            await until(lambda: not how(capacity, "cpu").known)

    run(test)


@pytest.mark.usefixtures("at_once")
def test_why_a_server_ended_is_remembered_by_its_pod() -> None:
    async def test(api: ClusterApi) -> None:
        with_queue(api)
        preempted = {"type": "Evicted", "status": "True", "reason": "Preempted"}
        api.put(PODS, pod("a", "h100", "n1"))
        async with looking(api) as capacity:
            api.put(WORKLOADS, workload("a", 1, admitted=2, conditions=[preempted]))
            await until(lambda: "make way" in capacity.ended("uid-a"))
            killed = {"name": "notebook", "state": {"terminated": {"exitCode": 137}}}
            api.put(PODS, pod("a", "h100", "n1", status={"containerStatuses": [killed]}))
            api.put(PODS, pod("b", "h100", "n1", status={"containerStatuses": [killed]}))
            await until(lambda: bool(capacity.ended("uid-b")))
            assert "make way" in capacity.ended("uid-a")
            assert capacity.ended("uid-of-nobody") == ""

    run(test)


@pytest.mark.usefixtures("at_once")
def test_servers_that_come_and_go_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENDINGS", 5)

    async def test(api: ClusterApi) -> None:
        with_queue(api)
        ended = {
            "phase": "Failed",
            "containerStatuses": [{"name": "notebook", "state": {"terminated": {"exitCode": 1}}}],
        }
        async with looking(api) as capacity:
            await until(lambda: api.watches == 6)
            for number in range(60):
                name = f"jupyter-{number % 10}"  # people come again
                uid = f"uid-{number}"
                api.put(PODS, pod(name, "h100", uid=uid))
                waits = workload(name, number)
                waits["metadata"]["ownerReferences"][0]["uid"] = uid
                api.put(WORKLOADS, waits)
                api.put(PODS, pod(name, "h100", "n1", uid=uid))
                if number % 3 == 0:  # it failed before it was taken away
                    api.put(PODS, pod(name, "h100", "n1", uid=uid, status=ended))
                if number % 3 == 1:  # and this one's end is not heard of
                    continue
                api.remove(PODS, name, "hub")
                api.remove(WORKLOADS, name, "hub")
            for each in api.objects(PODS):
                api.remove(PODS, each["metadata"]["name"], "hub")
                api.remove(WORKLOADS, each["metadata"]["name"], "hub")
            api.put(NODES, node("last"))
            await until(lambda: "/last" in capacity.machines.nodes)
            await until(lambda: not capacity.machines.pods and not capacity.queues.workloads)
            how(capacity, "h100")
            assert (capacity._profiles, capacity._uids) == ({}, {})
            assert capacity.machines.taken == {}
            queues = capacity.queues
            assert (queues._keys, queues._lines, queues._line_of) == ({}, {}, {})
            assert len(capacity._ended) == 5
            assert len(capacity._room) == 1

    run(test)
    gc.collect()


def test_a_pod_that_is_heard_of_after_its_workload_counts_all_the_same() -> None:
    capacity = Capacity(CATALOGUE, "hub", logging.getLogger("tests.capacity"))
    for number in (1, 2):
        capacity.workload(f"hub/{number}", workload(str(number), 0, admitted=60 * number))
    for number in (1, 2, 1):
        capacity.pod(f"hub/{number}", pod(str(number), "h100", "n1"))

    profile = CATALOGUE.get("h100")
    assert profile is not None
    assert capacity.queues.waits.about(module.kind(CATALOGUE, profile), 1) == 60
    assert at(60) == "2026-11-30T08:01:00Z"
