"""All Jobs and pods of ours, looked at once for everybody who asks within a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.cluster_api import ClusterApi

FRESH = 0.2
"""Seconds for which one look at the cluster answers everybody."""

REST = 4.0
"""How many times as long as it took a look answers at least: thousands of Jobs take a while."""

SELECTOR = ",".join(f"{name}={value}" for name, value in jobs.OWN.items())


class Seen:
    """One look at all Jobs and pods of ours, for everybody who asks within a moment."""

    def __init__(self, api: ClusterApi) -> None:
        """Begin without having looked."""
        self._api = api
        self._lock = threading.Lock()
        self._at = 0.0
        self._fresh = FRESH
        self._jobs: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._pods: dict[tuple[str, str], Mapping[str, Any]] = {}

    def job(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A Job."""
        with self._lock:
            self._refresh()
            return self._jobs.get((namespace, name))

    def pod(self, namespace: str, job: str) -> Mapping[str, Any] | None:
        """The pod of a Job."""
        with self._lock:
            self._refresh()
            return self._pods.get((namespace, job))

    def forget(self) -> None:
        """Look again for the next who asks."""
        self._at = 0.0

    def _refresh(self) -> None:
        began = time.monotonic()
        if began - self._at < self._fresh:
            return
        # Jobs first: a Job that is over then has a pod that says why, if it has one at all.
        found = self._api.all("jobs", labels=SELECTOR)
        pods = self._api.all("pods", labels=SELECTOR)
        self._jobs = {_name(job["metadata"]): job for job in found}
        self._pods = {}
        for pod in sorted(pods, key=lambda each: str(each["metadata"]["creationTimestamp"])):
            meta = pod["metadata"]
            owner = str((meta.get("labels") or {}).get("batch.kubernetes.io/job-name", ""))
            self._pods[str(meta["namespace"]), owner] = pod
        self._at = time.monotonic()
        self._fresh = max(FRESH, REST * (self._at - began))


def _name(meta: Mapping[str, Any]) -> tuple[str, str]:
    return str(meta["namespace"]), str(meta["name"])
