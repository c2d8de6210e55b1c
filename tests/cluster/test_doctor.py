"""`jupyter challenge doctor --cluster`: it sees walls that stand, and walls that do not."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator

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


def test_walls_that_were_taken_away_are_named(platform: Platform) -> None:
    cluster, names = platform.cluster, ("test-without-walls", "test-without-walls-too")
    with without_walls(cluster, *names), open_store(cluster):
        spaces = ("--namespace", names[0], "--evaluation-namespace", names[1])
        code, found = examined(cluster, *spaces, "--quick")
        left = [pod for name in names for pod in cluster.list("pods", "-n", name)]

    assert code == 1
    taken = {"nothing_else_reached", "no_names", "pod_security", "account", "no_canary"}
    away = {f"{group}: {name}" for group in ("runs", "evaluations") for name in taken}
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
    assert found["runs: process_limit"]["holds"] is found["runs: token"]["holds"] is True
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
