"""`jupyter challenge doctor --cluster`: it sees walls that stand, and walls that do not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Platform

pytestmark = pytest.mark.timeout(900)


def examined(cluster: Cluster, *options: str) -> tuple[int, dict[str, Any]]:
    """Its exit code, and the walls by name."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "jupyter_challenge.cli", "doctor", "--cluster", "--json"),
            *("--kubeconfig", str(cluster.kubeconfig)),
            *("--steps-image", "jupyter-challenge/steps:test"),
            *("--notebook-image", "jupyter-challenge/notebook:test"),
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {each["name"]: each for each in json.loads(done.stdout)}


def test_every_wall_of_this_cluster_holds(platform: Platform) -> None:
    code, found = examined(platform.cluster)

    assert {name: each for name, each in found.items() if not each["holds"]} == {}
    assert len(found) == 14
    assert code == 0
    names = {each["metadata"]["name"] for each in platform.cluster.list("namespaces")
             if "deletionTimestamp" not in each["metadata"]}  # fmt: skip
    assert not any(name.startswith("challenge-doctor-") for name in names)


def test_walls_that_were_taken_away_are_named(platform: Platform) -> None:
    """A namespace as somebody might leave it: no policy, no label, rights for its account."""
    cluster, name = platform.cluster, "test-without-walls"
    meta = {"name": "run", "namespace": name}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
            "subjects": [{"kind": "ServiceAccount", **meta}],
        },
    )
    try:
        code, found = examined(cluster, "--namespace", name, "--quick")
        left = cluster.list("pods", "-n", name)
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")

    assert code == 1
    broken = {each for each, wall in found.items() if wall["holds"] is False}
    assert {"nothing_else_reached", "no_names", "pod_security", "account"} <= broken
    assert broken <= {
        "nothing_else_reached", "no_names", "pod_security", "account", "gateway_reached"
    }  # fmt: skip
    assert "a neighbour" in found["nothing_else_reached"]["detail"]
    assert found["process_limit"]["holds"] is found["token"]["holds"] is True
    assert [pod for pod in left if "deletionTimestamp" not in pod["metadata"]] == []
