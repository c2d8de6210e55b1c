"""What a cluster says of Jobs that never begin, and what it becomes in the words of failures."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.run import RunSpec, VolumeMount
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.base import RunStatus
from jupyter_challenge.engines.cluster_seen import RUN
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from jupyter_challenge.engines.namespaces import namespace_objects
from jupyter_challenge.service.sealed import Sealed
from jupyter_challenge.store import schema
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database
from tests.cluster.kubectl import Cluster, probe_pod
from tests.engines.small_challenge import SmallChallenge

pytestmark = pytest.mark.timeout(180)

IMAGE = "jupyter-challenge/steps:test"
NOWHERE = f"cluster.test/nowhere@sha256:{'0' * 64}"


@pytest.fixture
def settings(cluster: Cluster) -> Iterator[ClusterSettings]:
    """Jobs in a namespace of the test's own, which need no gateway to be refused."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    yield ClusterSettings(
        gateway_url="http://10.96.0.9:8791", gateway_address="10.96.0.9",
        steps_image=IMAGE, notebook_image=IMAGE, run_namespace_prefix=prefix,
        cpu_overcommit=10.0,  # a pod of the test before may still be on its way out
    )  # fmt: skip
    cluster.kubectl("delete", "namespace", f"{prefix}small", "--ignore-not-found", "--wait=false")


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Sealed]:
    db = Database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    schema.prepare(db)
    yield Sealed(db, Blobs(tmp_path / "blobs"))
    db.close()


def spec(folder: Path, **limits: Any) -> RunSpec:
    given = {"time": 60, "cpu": 1, "memory": 200_000_000, "disk": 1_000_000, **limits}
    return SmallChallenge(folder).spec(b"", **given)


def ended(
    cluster: Cluster, settings: ClusterSettings, sealed: Sealed, wanted: RunSpec
) -> RunStatus:
    """Start a run on an engine with little patience, and see how it ends."""
    config = str(cluster.kubeconfig)
    engine = KubernetesEngine(settings, sealed, kubeconfig=config, patience=8, image_patience=8)
    handle = engine.start(wanted)
    try:
        until = time.monotonic() + 90
        while not (status := engine.status(handle)).state.terminal:
            assert time.monotonic() < until, status
            time.sleep(0.5)
        return status
    finally:
        engine.forget(handle)
        engine.close()


def filled_up(cluster: Cluster, settings: ClusterSettings) -> None:
    """A namespace in which no pod more has room."""
    name = settings.run_namespace("small")
    for resource, manifest in namespace_objects(name, "run", settings):
        if resource == "namespaces":
            cluster.apply(manifest)
    hard = {"hard": {"pods": "0"}}
    meta = {"name": "none", "namespace": name}
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": hard})


CASES: dict[str, tuple[FailureClass, str]] = {
    "no node is large enough": (FailureClass.NO_CAPACITY, "Insufficient cpu"),
    "the quota is used up": (FailureClass.NO_CAPACITY, "exceeded quota"),
    "the image is nowhere": (FailureClass.PLATFORM_ERROR, "cluster.test/nowhere"),
    "the volume's claim is not there": (FailureClass.DATA_MISSING, "absent"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_fails_where(
    cluster: Cluster, settings: ClusterSettings, sealed: Sealed, tmp_path: Path, case: str
) -> None:
    expected, said = CASES[case]
    wanted = spec(tmp_path)
    if case == "no node is large enough":
        wanted = spec(tmp_path, cpu=5_000)
    elif case == "the quota is used up":
        filled_up(cluster, settings)
    elif case == "the image is nowhere":
        settings = replace(settings, steps_image=NOWHERE)
    else:
        volume = VolumeMount(claim="absent", path="train", target="train")
        wanted = wanted.model_copy(update={"volumes": [volume]})

    failure = ended(cluster, settings, sealed, wanted).failure

    assert failure is not None
    assert failure.failure_class is expected
    assert said in failure.detail


@pytest.fixture
def told(
    cluster: Cluster, settings: ClusterSettings, sealed: Sealed
) -> Iterator[tuple[KubernetesEngine, threading.Event]]:
    """An engine that watches, and what it wakes."""
    woken = threading.Event()
    engine = KubernetesEngine(settings, sealed, kubeconfig=str(cluster.kubeconfig))
    try:
        engine.watch(woken.set)
        until = time.monotonic() + 30
        while engine.news() is None:
            assert time.monotonic() < until
            time.sleep(0.1)
        yield engine, woken
    finally:
        engine.close()


def drained(engine: KubernetesEngine, woken: threading.Event) -> set[str]:
    """All that was told, once nothing more comes."""
    found: set[str] = set()
    woken.set()
    while woken.is_set():
        woken.clear()
        found |= engine.news() or set()
        time.sleep(0.7)
    return found


def test_why_a_job_has_no_pod_comes_by_watch(
    cluster: Cluster,
    settings: ClusterSettings,
    told: tuple[KubernetesEngine, threading.Event],
    tmp_path: Path,
) -> None:
    """As an event of the Job's, which itself stays as it is."""
    engine, woken = told
    filled_up(cluster, settings)

    def version() -> str:
        (job,) = cluster.list("jobs", "-n", settings.run_namespace("small"))
        return str(job["metadata"]["resourceVersion"])

    handle = engine.start(spec(tmp_path))
    assert "run-1" in drained(engine, woken)
    before, until = "", time.monotonic() + 90
    while before != version():  # else it may have been the Job that was told of
        assert time.monotonic() < until
        before = version()
        drained(engine, woken)
        assert woken.wait(70)  # the Job is tried again after 1, 2, 4 … seconds
        time.sleep(0.1)
        heard = engine.news()
    assert heard == {"run-1"}
    engine.forget(handle)


def test_that_a_pod_ends_comes_by_watch(
    cluster: Cluster, namespace: str, told: tuple[KubernetesEngine, threading.Event]
) -> None:
    """A pod without a Job: nothing else has anything to tell."""
    engine, woken = told
    labels = {**jobs.OWN, RUN: "of-a-pod"}
    ends = "trap 'exit 0' USR1; while :; do sleep 0.1; done"
    cluster.apply(probe_pod(namespace, "ends", ["sh", "-c", ends], labels=labels))
    cluster.wait(namespace, "condition=Ready", "pod/ends")
    assert drained(engine, woken) == {"of-a-pod"}

    assert cluster.execute(namespace, "ends", "kill", "-USR1", "1").returncode == 0

    assert woken.wait(30)
    assert engine.news() == {"of-a-pod"}
    cluster.wait(namespace, "jsonpath={.status.phase}=Succeeded", "pod/ends", limit=10)


@pytest.mark.parametrize(
    ("handler", "starts"), [("runc", True), ("absent", False)], ids=["known", "unknown"]
)
def test_a_runtime_class_decides_what_runs_the_pod(
    cluster: Cluster, settings: ClusterSettings, tmp_path: Path, handler: str, starts: bool
) -> None:
    """As gVisor or Kata would be named; of the two here, one is a handler that nodes have."""
    named = settings.run_namespace_prefix + handler
    namespace = settings.run_namespace("small")
    meta = {"name": named}
    job = jobs.run_job(Order.of(spec(tmp_path)), replace(settings, runtime_class=named))
    objects = namespace_objects(namespace, "run", settings)
    boxes = {
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": meta,
        "handler": handler,
    }  # fmt: skip
    cluster.apply(boxes, *(manifest for _, manifest in objects), job)
    try:
        until = time.monotonic() + 60
        while not (said := of_pod(cluster, namespace)):
            assert time.monotonic() < until, cluster.kubectl("-n", namespace, "describe", "pods")
            time.sleep(0.5)
    finally:
        cluster.kubectl("delete", "runtimeclass", named)

    assert (said == "started") is starts
    assert starts or 'no runtime for "absent" is configured' in said


def of_pod(cluster: Cluster, namespace: str) -> str:
    """Whether the pod's first container has started, or why it can't; empty while nobody knows."""
    for pod in cluster.list("pods", "-n", namespace):
        for each in pod["status"].get("initContainerStatuses", []):
            if each["name"] == "prepare" and {"running", "terminated"} & set(each["state"]):
                return "started"
    events = cluster.list("events", "-n", namespace, "--field-selector=involvedObject.kind=Pod")
    failed = [each["message"] for each in events if each["reason"] == "FailedCreatePodSandBox"]
    return str(failed[0]) if failed else ""
