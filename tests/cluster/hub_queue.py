"""A queue for one GPU that the servers of a hub wait in, and something that takes it from them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.cluster.hub_place import NAMESPACE
from tests.cluster.kubectl import Cluster, probe_pod

QUEUE = "notebooks"
GPU = {"nvidia.com/gpu": "1"}
THIEF = "thief"

_KUEUE = f"""
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {{name: hub-tests}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {{name: hub-tests}}
spec:
  namespaceSelector: {{matchLabels: {{challenge.jupyter.org/servers: "true"}}}}
  preemption: {{withinClusterQueue: LowerPriority}}
  resourceGroups:
  - coveredResources: [cpu, memory, nvidia.com/gpu]
    flavors:
    - name: hub-tests
      resources:
      - {{name: cpu, nominalQuota: 8}}
      - {{name: memory, nominalQuota: 16Gi}}
      - {{name: nvidia.com/gpu, nominalQuota: 1}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {{name: {QUEUE}, namespace: {NAMESPACE}}}
spec: {{clusterQueue: hub-tests}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: WorkloadPriorityClass
metadata: {{name: hub-tests-high}}
value: 1000
"""


@contextlib.contextmanager
def gpu_queue(cluster: Cluster) -> Iterator[None]:
    """The queue, in the namespace of the servers."""
    cluster.kubectl("apply", "-f", "-", stdin=_KUEUE)
    try:
        yield
    finally:
        cluster.kubectl("delete", "-f", "-", "--ignore-not-found", "--wait=false", stdin=_KUEUE)


def steal(cluster: Cluster) -> None:
    """Take the GPU from whoever has it: by a pod of a higher priority."""
    labels = {
        "kueue.x-k8s.io/queue-name": QUEUE,
        "kueue.x-k8s.io/priority-class": "hub-tests-high",
    }
    resources = {"resources": {"requests": GPU, "limits": GPU}}
    cluster.apply(probe_pod(NAMESPACE, THIEF, ["sleep", "300"], labels=labels, container=resources))


def give_back(cluster: Cluster) -> None:
    """Leave it to the next in the queue."""
    cluster.kubectl("-n", NAMESPACE, "delete", "pod", THIEF, "--grace-period=1")
