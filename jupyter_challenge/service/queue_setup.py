"""What an admin makes once in Kueue: kinds of nodes, priorities, quotas, the evaluation's queue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines import queue_usage, queues
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.queueing import SELECTOR
from jupyter_challenge.service.clusterconfig import ClusterConfig


def manifests(cluster: ClusterConfig) -> list[dict[str, Any]]:
    """The manifests, in the order in which they are made."""
    return [manifest for _, manifest in _objects(cluster)]


def setup(cluster: ClusterConfig, kubeconfig: str = "") -> Iterator[tuple[str, str]]:
    """Make what is not there, and set right what is not as it should be.

    That is also the queues of challenges whose share was taken back: the cohort has it again.

    Args:
        cluster: What is wanted.
        kubeconfig: The file that says how to reach the cluster; where it is empty the
            configuration says, or what other programs use.

    Yields:
        Kind and name of each object, and what was to do: "made", "changed" or nothing.

    Raises:
        Unavailable: There is no such cluster, or it has no Kueue.
    """
    api = _api(cluster, kubeconfig)
    objects = _objects(cluster)
    for resource, manifest in objects:
        yield _kept(api, resource, manifest)
    named = {manifest["metadata"]["name"] for _, manifest in objects}
    wanted = cluster.settings("").queues
    assert wanted is not None
    for found in api.all("clusterqueues", labels=SELECTOR):
        name = str(found["metadata"]["name"])
        ours = (found.get("spec") or {}).get("cohortName") == wanted.cohort
        if ours and name not in named:
            yield _kept(api, "clusterqueues", queues.challenge_queue(wanted, name))


def advice(cluster: ClusterConfig, kubeconfig: str = "") -> list[str]:
    """What is amiss with Kueue's own configuration, a sentence each; only its admin changes that.

    Args:
        cluster: What is wanted.
        kubeconfig: As for `setup`.
    """
    wanted = cluster.settings("").queues
    assert wanted is not None
    try:
        maps = _api(cluster, kubeconfig).all("configmaps", labels=queue_usage.LABEL)
    except ApiRefused as refused:
        return [f"Whether Kueue counts usage is not known: {refused.message}"]
    found = queue_usage.configuration(maps)
    if found is None:
        return [
            "Whether Kueue counts usage is not known: no ConfigMap labelled "
            f"{queue_usage.LABEL} has its configuration."
        ]
    return queue_usage.shortcomings(found, wanted)


def _api(cluster: ClusterConfig, kubeconfig: str) -> ClusterApi:
    return ClusterApi(kubeconfig or cluster.kubeconfig or _usual())


def _kept(api: ClusterApi, resource: str, manifest: dict[str, Any]) -> tuple[str, str]:
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    try:
        return name, api.keep(resource, manifest)
    except ApiRefused as refused:
        raise Unavailable(
            f"{name} could not be made: {refused.message}",
            hint="Kueue 0.19 or newer has to be installed, and you have to be its admin.",
        ) from refused


def _objects(cluster: ClusterConfig) -> list[tuple[str, dict[str, Any]]]:
    settings = cluster.settings("")
    wanted = settings.queues
    if wanted is None:
        raise Unavailable(
            "No queues are configured.", hint="Set c.ClusterConfig.queues = True, and profiles."
        )
    return queues.installation(wanted, settings)


def _usual() -> str:
    """Where other programs find out how to reach a cluster; nothing in a pod of one."""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return ""
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
