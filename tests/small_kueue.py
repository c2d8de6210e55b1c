"""Lets Jobs of a small cluster go, and takes them back, as Kueue does; a test says when.

What Kueue itself decides is tested with Kueue, in tests/cluster.
"""

from __future__ import annotations

import signal
import subprocess

from tests.small_api_server import Key, Object, meta_name, now, owner
from tests.small_kubelet import SmallKubelet

QUEUE = "kueue.x-k8s.io/queue-name"


class SmallKueue:
    """Stands between a small API server and its kubelet."""

    def __init__(self, kubelet: SmallKubelet) -> None:
        self.kubelet = kubelet
        self.api = kubelet.api
        self._run = self.api.made
        self.api.made = self._made
        self.api.pending = self._pending

    def held(self, step: str) -> list[Key]:
        """The Jobs of a step that wait."""
        return [
            key
            for key, found in list(self.api.objects.items())
            if key[0] == "jobs"
            and found["spec"].get("suspend")
            and found["metadata"]["labels"]["challenge.jupyter.org/step"] == step
        ]

    def admit(self, key: Key) -> None:
        """Let a Job begin."""
        job = self.api.objects[key]
        job["spec"]["suspend"] = False
        job["status"] = {"startTime": now()}
        self._run(key, job)

    def preempt(self, key: Key) -> None:
        """Take a Job's place away: its pod is told to end, and is gone when it has."""
        (pod,) = [k for k, v in self.api.objects.items() if k[0] == "pods" and owner(v) == key]
        self.api.objects[key]["spec"]["suspend"] = True
        self.api.objects[pod]["metadata"]["deletionTimestamp"] = now()
        main = self._process("run")
        sidecar = self._process("upload")
        main.send_signal(signal.SIGTERM)
        sidecar.wait(120)
        del self.api.objects[pod]

    def _process(self, step: str) -> subprocess.Popen[bytes]:
        return [p for p in self.kubelet._processes if step in p.args][-1]  # type: ignore[operator]

    def _made(self, key: Key, found: Object) -> None:
        if key[0] == "clusterqueues":
            found["status"] = {"pendingWorkloads": 1}
        elif key[0] != "jobs":
            self._run(key, found)
        elif QUEUE not in found["metadata"]["labels"]:
            raise AssertionError(f"{meta_name(found)} has no queue")

    def _led_to(self, key: Key) -> object:
        """The ClusterQueue of a Job, by its LocalQueue."""
        name = self.api.objects[key]["metadata"]["labels"][QUEUE]
        return self.api.objects["localqueues", key[1], name]["spec"]["clusterQueue"]

    def _pending(self, queue: str) -> list[Object]:
        """Last come, first served: so that no place is one by chance."""
        keys = [key for key in self.held("run") if self._led_to(key) == queue]
        return [{"metadata": {"ownerReferences": [{"name": key[2]}]}} for key in reversed(keys)]
