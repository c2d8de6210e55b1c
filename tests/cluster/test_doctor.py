"""`jupyter challenge doctor --cluster`: it sees walls that stand, and walls that do not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.walls import EVALUATIONS
from tests.cluster.examining import BUCKET, called, examined, left_behind, store, stored
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import NAMESPACE, Platform

pytestmark = pytest.mark.timeout(900)


def test_every_wall_of_this_cluster_holds(platform: Platform) -> None:
    with store(platform.cluster) as client:
        before = stored(client)
        code, found = examined(platform.cluster)
        after = stored(client)

    assert {name: each for name, each in found.items() if not each["holds"]} == {}
    assert len(found) == 30
    assert {f"evaluations: {name}" for name in EVALUATIONS} <= set(found)
    assert code == 0
    assert after == before
    assert left_behind(platform.cluster) == []


@contextlib.contextmanager
def without_walls(cluster: Cluster, *names: str) -> Iterator[None]:
    """Namespaces as somebody might leave them: no policy, no label, rights for their accounts."""
    for name, account in zip(names, ("run", "evaluate"), strict=True):
        meta = {"name": account, "namespace": name}
        role = {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        }
        cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": meta,
                "roleRef": role,
                "subjects": [{"kind": "ServiceAccount", **meta}],
            },
        )
    try:
        yield
    finally:
        cluster.kubectl("delete", "namespace", *names, "--wait=false")


@contextlib.contextmanager
def open_store(cluster: Cluster) -> Iterator[None]:
    """The object store as somebody might leave it: for everybody, from everywhere."""
    may = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    }
    cluster.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "everybody-to-store", "namespace": NAMESPACE},
            "spec": {
                "podSelector": {"matchLabels": {"app": "minio"}},
                "policyTypes": ["Ingress"],
                "ingress": [{}],
            },
        }
    )
    with store(cluster) as client:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        client.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        try:
            yield
        finally:
            client.delete_bucket_policy(Bucket=BUCKET)
            cluster.kubectl("-n", NAMESPACE, "delete", "networkpolicy", "everybody-to-store")


def cgroup() -> Path:
    """Where the test cluster's processes are counted."""
    return Path("/sys/fs/cgroup/pids") / Path(os.environ.get("CLUSTER_DIR", "/nonexistent")).name


def node_is_here() -> bool:
    """Whether the node is this machine, whose walls a test can take away: the test cluster."""
    return cgroup().exists()


@contextlib.contextmanager
def giving_gpus(cluster: Cluster, folder: Path) -> Iterator[Path]:
    """A node's runtime as somebody might leave it, and settings by which runs are in it.

    An image that asks for all GPUs is given one; `tests/cluster/kit/etc/runc-giving-gpus`.
    """
    cluster.apply(
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": "test-giving-gpus"},
            "handler": "giving-gpus",
        }
    )
    said = {"ClusterConfig": {"runtime_class": "test-giving-gpus"}}
    (folder / "jupyter_challenge_config.json").write_text(json.dumps(said))
    try:
        yield folder
    finally:
        cluster.kubectl("delete", "runtimeclass", "test-giving-gpus")


@contextlib.contextmanager
def without_process_limits(cluster: Cluster, *names: str) -> Iterator[set[str]]:
    """Whichever pods of these namespaces have begun; the node takes their process limit away."""
    over, done = threading.Event(), set[str]()

    def take_away() -> None:
        while not over.wait(0.1):
            for pod in [pod for name in names for pod in cluster.list("pods", "-n", name)]:
                uid = pod["metadata"]["uid"]
                for limit in cgroup().glob(f"**/pod{uid}/pids.max"):
                    with contextlib.suppress(OSError):  # it ended meanwhile
                        limit.write_text("max")
                        done.add(pod["metadata"]["name"])

    thread = threading.Thread(target=take_away)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def test_walls_that_were_taken_away_are_named(platform: Platform, tmp_path: Path) -> None:
    cluster, names = platform.cluster, ("test-without-walls", "test-without-walls-too")
    here = node_is_here()
    with contextlib.ExitStack() as stack:
        stack.enter_context(without_walls(cluster, *names))
        stack.enter_context(open_store(cluster))
        settings, freed = None, set[str]()
        if here:
            settings = stack.enter_context(giving_gpus(cluster, tmp_path))
            freed = stack.enter_context(without_process_limits(cluster, *names))
        spaces = ("--namespace", names[0], "--evaluation-namespace", names[1])
        code, found = examined(cluster, *spaces, "--quick", settings=settings)
        left = [pod for name in names for pod in cluster.list("pods", "-n", name)]

    assert code == 1
    taken = {"nothing_else_reached", "no_names", "pod_security", "account", "no_canary"}
    away = {f"{group}: {name}" for group in ("runs", "evaluations") for name in taken}
    if here:
        away |= {"runs: process_limit", "evaluations: process_limit", "runs: no_gpu"}
        assert {"doctor-run", "doctor-evaluate"} <= freed
        assert found["runs: no_gpu"]["detail"] == "nvidia0"
        said = {found[f"{group}: process_limit"]["detail"] for group in ("runs", "evaluations")}
        assert said == {"4,096 threads, and no end"}
    broken = {each for each, wall in found.items() if wall["holds"] is False}
    assert broken - {"runs: gateway_reached", "evaluations: gateway_reached"} == {
        *away, "platform: store_shut",
    }  # fmt: skip
    assert "a neighbour" in found["runs: nothing_else_reached"]["detail"]
    assert found["platform: store_shut"]["detail"] == "read, list"
    at_the_store = f":9000/{BUCKET}/sha256/"
    assert "labels at http" in found["runs: no_canary"]["detail"]
    assert at_the_store in found["runs: no_canary"]["detail"]
    assert "what another team handed in at" in found["evaluations: no_canary"]["detail"]
    assert found["runs: process_limit"]["holds"] is not here
    # An evaluation asks for no GPU, and is given none.
    assert found["evaluations: no_gpu"]["holds"] is found["runs: token"]["holds"] is True
    assert [pod for pod in left if "deletionTimestamp" not in pod["metadata"]] == []


def test_what_was_planted_is_gone_though_the_doctor_is_told_to_end(platform: Platform) -> None:
    with store(platform.cluster) as client:
        before = stored(client)
        with called(platform.cluster, "--quick") as process:
            platform.until(lambda: len(stored(client) - before) > 5, 120)
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=200)

        assert process.returncode == 143
        assert stored(client) == before
        assert left_behind(platform.cluster) == []
