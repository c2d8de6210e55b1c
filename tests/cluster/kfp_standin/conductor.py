"""Follows a run's pod and lets the run's state be what a server would say of it."""

from __future__ import annotations

import threading
import time

from kubernetes.client.exceptions import ApiException

from .cluster import Cluster
from .records import Records, Run, now

TICK = 0.2


class Conductor:
    """A thread per run, as long as it is not over."""

    def __init__(self, records: Records, cluster: Cluster) -> None:
        self._records = records
        self._cluster = cluster

    def begin(self, run: Run) -> None:
        self._records.add(run)
        before = self._records.same_before(run)
        if before is not None:
            run.from_cache, run.tasks = True, dict(before.tasks)
            self._follow(self._answer, run)
        else:
            self._follow(self._conduct, run)

    def resume(self) -> None:
        """Go on with what was under way when this server ended."""
        for run in list(self._records.runs.values()):
            if not run.over:
                self._follow(self._answer if run.from_cache else self._conduct, run)

    def again(self, run: Run) -> None:
        """Have what failed of a run tried again."""
        self._follow(self._conduct, run)

    def _follow(self, how, run: Run) -> None:  # type: ignore[no-untyped-def]
        threading.Thread(target=how, args=(run,), daemon=True).start()

    def _answer(self, run: Run) -> None:
        """Take what an equal run made: only drivers run."""
        self._become(run, "RUNNING")
        time.sleep(TICK)
        self._become(run, "SUCCEEDED")

    def _conduct(self, run: Run) -> None:
        try:
            if not run.has_pod:
                self._cluster.begin(run)
        except ApiException as error:
            if error.status != 409:  # of one that was made just before this server ended
                # Of a missing account the server says nothing: the run fails without a word.
                print(f"{run.id}: no pod: {error.reason} {error.body}", flush=True)
                self._become(run, "RUNNING")
                time.sleep(TICK)
                self._become(run, "FAILED")
                return
        with self._records.lock:
            run.pods = run.tries + 1
        if run.state == "PENDING":
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
            for name in tasks:
                if run.started.get(name, (-1, None))[0] != run.tries:
                    run.started[name] = (run.tries, now())
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
            if not run.history or run.state != state:
                run.becomes(state)
                self._records.save()
