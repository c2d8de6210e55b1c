"""Runs in Kueue's queues: makes the queues, asks who waits where and who waits in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines import queues
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.jobs import OWN, ClusterSettings, Order

Object = Mapping[str, Any]

FRESH = 3.0
"""Seconds for which one look at the queues answers everybody."""

WHY_FRESH = 30.0
KEPT_SECONDS = 300.0
"""Seconds after which it is looked again whether a queue is there and as it should be."""

SELECTOR = ",".join(f"{name}={value}" for name, value in OWN.items())
_NEVER = "maximum capacity"
"""What Kueue says of a Job that asks for more than there is."""

_FULL = "insufficient unused quota"
_RUN = len("run-")
_ID = 36


class Queueing:
    """The queues of one cluster; without settings there are none, and nothing is asked."""

    def __init__(self, api: ClusterApi, settings: ClusterSettings) -> None:
        """Begin without knowing any."""
        self._api = api
        self._settings = settings
        self._kept: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self._at = 0.0
        self._places: dict[str, tuple[str, int]] = {}
        self._why_at = 0.0
        self._why: dict[str, str] = {}

    @property
    def on(self) -> bool:
        """Whether runs wait in queues."""
        return self._settings.queues is not None

    def make(self, order: Order, kind: ReceiptKind) -> None:
        """Make the queues that a Job needs, and set them right, now and then."""
        made = self._settings.queues
        if made is None:
            return
        found = (
            queues.of_run(
                made,
                self._settings.run_namespace(order.challenge_id),
                queues.queue_of_run(order),
                order.challenge_id,
            )
            if kind == "run"
            else queues.of_evaluation(self._settings.evaluation_namespace)
        )
        with self._lock:
            for resource, manifest in found:
                meta = manifest["metadata"]
                key = (str(meta.get("namespace", "")), str(meta["name"]))
                if time.monotonic() < self._kept.get(key, 0.0):
                    continue
                try:
                    self._leave_another(resource, manifest)
                    self._api.keep(resource, manifest)
                except ApiRefused as refused:
                    if refused.status != 409:  # another of the service's processes did just that
                        raise
                self._kept[key] = time.monotonic() + KEPT_SECONDS

    def _leave_another(self, resource: str, manifest: Object) -> None:
        """Remove a LocalQueue that leads elsewhere, as one can't be turned; what waits in it stays.

        So it was before a challenge was given a share, or before that was taken back.
        """
        if resource != "localqueues":
            return
        meta = manifest["metadata"]
        found = self._api.get(resource, meta["name"], meta["namespace"])
        wanted = manifest["spec"]["clusterQueue"]
        if found is not None and found["spec"]["clusterQueue"] != wanted:
            self._api.delete(resource, meta["name"], meta["namespace"])

    def doubt(self, namespace: str) -> None:
        """Look again at the next call whether a namespace's queues are there."""
        with self._lock:
            self._kept = {k: at for k, at in self._kept.items() if k[0] not in {"", namespace}}

    def places(self) -> Mapping[str, tuple[str, int]]:
        """The queue of each run that waits, and its place in it: 1 is next."""
        if not self.on:
            return {}
        with self._lock:
            if time.monotonic() - self._at > FRESH:
                self._places = self._asked()
                self._at = time.monotonic()
            return self._places

    def _asked(self) -> dict[str, tuple[str, int]]:
        places: dict[str, tuple[str, int]] = {}
        for queue in self._api.all("clusterqueues", labels=SELECTOR):
            if not (queue.get("status") or {}).get("pendingWorkloads"):
                continue
            line = str(queue["metadata"]["name"])
            for place, waiting in enumerate(self._api.pending(line), 1):
                owners = waiting["metadata"].get("ownerReferences") or []
                name = str(owners[0]["name"]) if owners else ""
                if name.startswith("run-"):
                    places[name[_RUN : _RUN + _ID]] = line, place
        return places

    def in_vain(self, job: Object) -> str:
        """Why a Job that is held will never begin, as Kueue says; empty while it may."""
        with self._lock:
            if time.monotonic() - self._why_at > WHY_FRESH:
                self._why = self._reasons()
                self._why_at = time.monotonic()
            return self._why.get(str(job["metadata"].get("uid", "")), "")

    def _reasons(self) -> dict[str, str]:
        reasons = {}
        for workload in self._api.all("workloads"):
            said = _unreserved(workload)
            if _NEVER in said and _FULL not in said:
                owners = workload["metadata"].get("ownerReferences") or []
                reasons.update({str(owner["uid"]): said for owner in owners})
        return reasons


def _unreserved(workload: Object) -> str:
    for condition in (workload.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "QuotaReserved" and condition.get("status") == "False":
            return str(condition.get("message", ""))
    return ""
