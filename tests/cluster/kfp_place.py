"""The stand-in for Kubeflow Pipelines on the test cluster, and the namespace of its steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.kubectl import Cluster

STANDIN = "kfp-standin"
PIPELINES = "challenge-pipelines"
AUDIENCE = "pipelines.kubeflow.org"
_HERE = Path(__file__).parent
OVERLAY = _HERE / "deploy_kfp"
"""The tests' platform with the stand-in as conductor."""
_MANIFESTS = (_HERE.parents[1] / "deploy" / "kubeflow" / "pipelines", _HERE / "kfp_standin")


@contextlib.contextmanager
def standin(cluster: Cluster) -> Iterator[None]:
    """Deploy the stand-in, take it away afterwards."""
    _remove(cluster)
    for folder in _MANIFESTS:
        cluster.kubectl("apply", "-k", str(folder))
    try:
        waited = cluster.try_kubectl(
            *("-n", STANDIN, "rollout", "status", f"deploy/{STANDIN}", "--timeout=120s"), limit=130
        )
        if waited.returncode:
            logs = cluster.try_kubectl("-n", STANDIN, "logs", f"deploy/{STANDIN}").stdout
            raise RuntimeError(f"the stand-in does not start: {waited.stderr}\n{logs}")
        yield
    finally:
        _remove(cluster)


def _remove(cluster: Cluster) -> None:
    for folder in _MANIFESTS:
        cluster.kubectl("delete", "-k", str(folder), "--ignore-not-found", limit=180)
