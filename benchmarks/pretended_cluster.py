"""A cluster as its API server tells of it, in a process of its own: nodes, pods, Kueue's queues.

The objects are as large as real ones, and change all the time. Nothing runs on it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_challenge.core.compute import load_catalogue
from jupyter_challenge.core.compute.catalogue import Nodes
from jupyter_challenge.core.compute.rendering import devices
from tests.hub.cluster_api import ClusterApi, cluster_api, now

Object = dict[str, Any]
NAMESPACE = "hub"
NODES, PODS = "/api/v1/nodes", "/api/v1/pods"
_KUEUE = "/apis/kueue.x-k8s.io/v1beta2"
_WORKLOADS = f"{_KUEUE}/workloads"
_ROOM = {"cpu": "128", "memory": "1Ti", "pods": "250", "ephemeral-storage": "3Ti"}
_SIZE = 6_000
"""Bytes of a pod; a server's on a real cluster has 5 to 9 kB with its managed fields."""


class Cluster:
    """What there is, and what becomes of it.

    Args:
        catalogue: A file with compute profiles, whose kinds of nodes it has.
        nodes: How many nodes.
        pods: How many pods of others.
        servers: How many servers; every second one waits in the queue.
    """

    def __init__(self, catalogue: str, nodes: int, pods: int, servers: int) -> None:
        found = load_catalogue(Path(catalogue))
        self.api = ClusterApi()
        self._kinds: list[Nodes] = found.nodes
        self._profiles = found.profiles
        self._random = random.Random(7)
        self._numbers: Iterator[int] = itertools.count()
        for kind in self._kinds:
            name = kind.name
            labels = {"nodeLabels": dict(kind.labels)}
            self.api.put(f"{_KUEUE}/resourceflavors", {"metadata": {"name": name}, "spec": labels})
        self.api.put(f"{_KUEUE}/clusterqueues", self._cluster_queue())
        self.api.put(
            f"{_KUEUE}/localqueues",
            {
                "metadata": {"name": "notebooks", "namespace": NAMESPACE},
                "spec": {"clusterQueue": "notebooks"},
            },
        )
        for number in range(nodes):
            self.api.put(NODES, self._node(number))
        self._nodes = nodes
        for _ in range(pods):
            self._pod("elsewhere")
        for number in range(servers):
            self._server(waits=number % 2 == 0)

    def change(self) -> None:
        """Something happens: mostly a pod that comes, is told of again, and goes."""
        what = self._random.random()
        if what < 0.1:
            self.api.put(NODES, self._node(self._random.randrange(self._nodes)))
        elif what < 0.2:
            self.api.put(f"{_KUEUE}/clusterqueues", self._cluster_queue())
        elif what < 0.4:
            self._turn()
        else:
            others = [each for each in self.api.objects(PODS) if _is_elsewhere(each)]
            chosen = self._random.choice(others)
            if what < 0.8:
                self.api.put(PODS, {**chosen, "status": {**chosen["status"], "startTime": now()}})
            else:
                self.api.remove(PODS, chosen["metadata"]["name"], "elsewhere")
                self._pod("elsewhere")

    def _turn(self) -> None:
        """A server has its turn, another one goes, and a new one comes."""
        workloads = self.api.objects(_WORKLOADS)
        waiting = [each for each in workloads if not each["status"]["conditions"]]
        running = [each for each in workloads if each["status"]["conditions"]]
        if not waiting or not running:
            return
        turn, gone = waiting[0], running[0]
        self.api.put(_WORKLOADS, {**turn, "status": _admitted()})
        for kind in (_WORKLOADS, PODS):
            self.api.remove(kind, gone["metadata"]["name"], NAMESPACE)
        self._server(waits=True)

    def _server(self, *, waits: bool) -> None:
        profile = self._random.choice(self._profiles)
        labels = {"challenge.jupyter.org/profile": profile.id, "component": "singleuser-server"}
        pod = self._pod(NAMESPACE, {**labels, "kueue.x-k8s.io/queue-name": "notebooks"}, waits)
        name = pod["metadata"]["name"]
        owner = {"kind": "Pod", "name": name, "uid": pod["metadata"]["uid"]}
        self.api.put(
            _WORKLOADS,
            {
                "metadata": {"name": name, "namespace": NAMESPACE, "ownerReferences": [owner]},
                "spec": {"queueName": "notebooks", "priority": 0, "podSets": [pod["spec"]]},
                "status": {"conditions": []} if waits else _admitted(),
            },
        )

    def _pod(self, namespace: str, labels: Object | None = None, waits: bool = False) -> Object:
        number = next(self._numbers)
        asks = {"cpu": "2", "memory": "8Gi"}
        if self._random.random() < 0.2:
            asks |= devices(self._random.choice(self._profiles))
        filling: Object = {f"f:{n}": {".": {}, "f:value": {}} for n in range(_SIZE // 40)}
        meta = {
            "name": f"pod-{number}", "namespace": namespace, "labels": labels or {"app": "batch"},
            "managedFields": [{"manager": "hub", "operation": "Update", "fieldsV1": filling}],
        }  # fmt: skip
        node = "" if waits else f"node-{self._random.randrange(self._nodes)}"
        return self.api.put(
            PODS,
            {
                "metadata": meta,
                "spec": {
                    "nodeName": node,
                    "containers": [{"name": "notebook", "resources": {"requests": asks}}],
                },
                "status": {"phase": "Pending" if waits else "Running"},
            },
        )

    def _node(self, number: int) -> Object:
        kind = self._kinds[number % len(self._kinds)]
        devices_of = {
            name: "8" for profile in self._profiles for name in devices(profile)
            if profile.labels.items() <= kind.labels.items()
        }  # fmt: skip
        images = [{"names": [f"registry/{n}"], "sizeBytes": n} for n in range(50)]
        return {
            "metadata": {
                "name": f"node-{number}",
                "labels": {**kind.labels, **{f"feature.node/{n}": "true" for n in range(60)}},
            },
            "spec": {
                "taints": [
                    {"key": each.key, "effect": "NoSchedule"}
                    for each in kind.tolerations
                    if each.key
                ]
            },
            "status": {
                "allocatable": {**_ROOM, **devices_of},
                "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": now()}],
                "images": images,
            },
        }

    def _cluster_queue(self) -> Object:
        def amounts(kind: Nodes, name: str) -> list[Object]:
            return [{"name": each, name: amount} for each, amount in kind.quota.items()]

        groups = [
            {"name": kind.name, "resources": amounts(kind, "nominalQuota")} for kind in self._kinds
        ]
        used = [{"name": kind.name, "resources": amounts(kind, "total")} for kind in self._kinds]
        return {
            "metadata": {"name": "notebooks"},
            "spec": {"resourceGroups": [{"flavors": groups}]},
            "status": {"flavorsReservation": used},
        }


def _is_elsewhere(pod: Object) -> bool:
    return bool(pod["metadata"]["namespace"] == "elsewhere")


def _admitted() -> Object:
    said = {"status": "True", "lastTransitionTime": now(), "message": "", "reason": "Admitted"}
    return {"conditions": [{"type": kind, **said} for kind in ("QuotaReserved", "Admitted")]}


@contextmanager
def pretended_cluster(
    catalogue: str, *, nodes: int, pods: int, servers: int, changes: float
) -> Iterator[str]:
    """Run one; yield its address.

    Args:
        catalogue: A file with compute profiles.
        nodes: How many nodes it has.
        pods: How many pods of others.
        servers: How many servers.
        changes: How many changes a second.
    """
    given = [catalogue, nodes, pods, servers, changes]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.pretended_cluster", *map(str, given)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"the pretended cluster ended with {process.wait()}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


async def _serve(cluster: Cluster, changes: float) -> None:
    async with cluster_api(cluster.api) as api:
        print(api.url, flush=True)
        while True:
            await asyncio.sleep(1 / changes)
            cluster.change()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue")
    for each in ("nodes", "pods", "servers"):
        parser.add_argument(each, type=int)
    parser.add_argument("changes", type=float)
    said = parser.parse_args()
    asyncio.run(_serve(Cluster(said.catalogue, said.nodes, said.pods, said.servers), said.changes))
