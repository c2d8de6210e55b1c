"""All Jobs and pods of ours as they are now: from a watch, and asked for where none stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.cluster_watch import Watched

FRESH = 0.2
"""Seconds for which one look at the cluster answers everybody, while no watch stands."""

REST = 4.0
"""How many times as long as it took a look answers at least: thousands of Jobs take a while."""

SELECTOR = ",".join(f"{name}={value}" for name, value in jobs.OWN.items())
RUN = f"{jobs.DOMAIN}/run"
REFUSED = "reason=FailedCreate"

Object = Mapping[str, Any]
Named = dict[tuple[str, str], Object]


class Seen:
    """Jobs by name, pods by their Job, and why a Job has no pod."""

    def __init__(self, api: ClusterApi) -> None:
        """Begin without having looked."""
        self._api = api
        self._lock = threading.Lock()
        self._at = 0.0
        self._fresh = FRESH
        self._jobs: Named = {}
        self._pods: Named = {}
        self._refusals: dict[str, str] = {}
        self._watches: tuple[Watched, Watched, Watched] | None = None
        self._wake: Callable[[], None] = lambda: None
        self._news: set[str] = set()

    def watch(self, wake: Callable[[], None]) -> None:
        """Watch from here on; `wake()` is called whenever a run has news."""
        self._wake = wake
        mine = {"labels": SELECTOR}
        self._watches = (
            Watched(self._api, "jobs", news=self._heard, **mine),
            Watched(self._api, "pods", news=self._heard, **mine),
            Watched(self._api, "events", fields=REFUSED, news=self._heard_why),
        )
        for watched in self._watches:
            watched.start()

    def close(self) -> None:
        """Watch no more."""
        for watched in self._watches or ():
            watched.stop()

    @property
    def watching(self) -> bool:
        """Whether all that happens to Jobs and pods is told."""
        return self._watches is not None and all(each.synced for each in self._watches[:2])

    def news(self) -> set[str]:
        """The runs to which something happened since this was asked last."""
        with self._lock:
            news, self._news = self._news, set()
            return news

    def job(self, namespace: str, name: str) -> Object | None:
        """A Job."""
        with self._lock:
            self._refresh()
            return self._jobs.get((namespace, name))

    def pod(self, namespace: str, job: str) -> Object | None:
        """The newest pod of a Job."""
        with self._lock:
            self._refresh()
            return self._pods.get((namespace, job))

    def refusal(self, job: Object) -> str | None:
        """Why a Job has no pod; None where nobody knows without asking."""
        watches = self._watches
        if watches is None or not watches[2].synced:
            return None
        with self._lock:
            return self._refusals.get(str(job["metadata"]["uid"]), "")

    def forget(self) -> None:
        """Look again for the next who asks, where no watch stands."""
        self._at = 0.0

    def _heard(self, found: Object) -> None:
        meta = found["metadata"]
        run = (meta.get("labels") or {}).get(RUN)
        with self._lock:
            self._at = 0.0
            if run is not None:
                self._news.add(str(run))
        if run is not None:
            self._wake()

    def _heard_why(self, event: Object) -> None:
        uid = str((event.get("involvedObject") or {}).get("uid", ""))
        with self._lock:
            if len(self._refusals) > 10_000:
                self._refusals.clear()
            self._refusals[uid] = str(event.get("message", ""))
        # Of a Job that is not known yet, its coming is the news.
        job = self._watches[0].get(uid) if self._watches is not None else None
        if job is not None:
            self._heard(job)

    def _refresh(self) -> None:
        watching = self.watching
        # What is told is put in order once after each piece of news, not for each who asks.
        if self._at and (watching or time.monotonic() - self._at < self._fresh):
            return
        self._at = time.monotonic()
        try:
            if not watching or self._watches is None:
                raise LookupError
            # Jobs first: a Job that is over then has a pod that says why, if it has one at all.
            found, pods = self._watches[0].objects(), self._watches[1].objects()
        except LookupError:
            self._at, began = 0.0, time.monotonic()
            found = [*self._api.all("jobs", labels=SELECTOR)]
            pods = [*self._api.all("pods", labels=SELECTOR)]
            self._at = time.monotonic()
            self._fresh = max(FRESH, REST * (self._at - began))
        self._jobs = {_name(job["metadata"]): job for job in found}
        self._pods = {}
        for pod in sorted(pods, key=lambda each: str(each["metadata"]["creationTimestamp"])):
            meta = pod["metadata"]
            owner = str((meta.get("labels") or {}).get("batch.kubernetes.io/job-name", ""))
            self._pods[str(meta["namespace"]), owner] = pod


def _name(meta: Mapping[str, Any]) -> tuple[str, str]:
    return str(meta["namespace"]), str(meta["name"])
