"""Follows a run's pod and lets the run's state be what a server would say of it."""

from __future__ import annotations

import threading
import time

from kubernetes.client.exceptions import ApiException

from .cluster import Cluster
from .records import Records, Run

TICK = 0.2


class Conductor:
    """A thread per run, as long as it is not over."""

    def __init__(self, records: Records, cluster: Cluster) -> None:
        self._records = records
        self._cluster = cluster

    def begin(self, run: Run) -> None:
        self._records.add(run)
        threading.Thread(target=self._conduct, args=(run,), daemon=True).start()

    def _conduct(self, run: Run) -> None:
        try:
            self._cluster.begin(run)
        except ApiException as error:
            # Of a missing account the server says nothing: the run fails without a word.
            print(f"{run.id}: no pod: {error.reason} {error.body}", flush=True)
            self._become(run, "RUNNING")
            time.sleep(TICK)
            self._become(run, "FAILED")
            return
        self._become(run, "")
        while not run.over:
            time.sleep(TICK)
            try:
                self._look(run)
            except Exception as error:
                print(f"{run.id}: {type(error).__name__}: {error}", flush=True)

    def _look(self, run: Run) -> None:
        pod = self._cluster.look(run)
        tasks = self._cluster.tasks(run)
        with self._records.lock:
            run.tasks.update(tasks)
        phase = str(((pod or {}).get("status") or {}).get("phase", ""))
        if run.terminating:
            if run.state != "CANCELING":
                self._become(run, "CANCELING")
                self._cluster.end(run)
            elif pod is None or phase in {"Succeeded", "Failed"}:
                self._become(run, "FAILED")  # never CANCELED
        elif pod is None or phase == "Failed":
            self._become(run, "FAILED")
        elif phase == "Succeeded":
            self._become(run, "SUCCEEDED")
        else:
            # Also with a pod whose image is nowhere: for ever.
            self._become(run, "RUNNING")

    def _become(self, run: Run, state: str) -> None:
        with self._records.lock:
            run.becomes(state)
