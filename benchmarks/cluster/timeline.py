"""When the containers of a run began and ended, seen from outside as it happens."""

from __future__ import annotations

import threading
import time
from typing import Any

from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.cluster_seen import SELECTOR

LOOK_EVERY = 0.1


class Timeline:
    """Looks at the pods of runs in a thread, as long as it is open."""

    def __init__(self, api: ClusterApi) -> None:
        """Begin with nothing seen."""
        self._api = api
        self._began = time.perf_counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._known: set[str] = set()
        self.seen: dict[str, float] = {}
        """Seconds from the beginning at which something was seen first."""

    def __enter__(self) -> Timeline:
        self._known = {pod["metadata"]["uid"] for pod in self._pods()}
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            for pod in self._pods():
                if pod["metadata"]["uid"] not in self._known:
                    self._note(pod)

    def _note(self, pod: dict[str, Any]) -> None:
        now = time.perf_counter() - self._began
        kind = pod["metadata"]["labels"]["challenge.jupyter.org/step"]
        self.seen.setdefault(f"{kind}: pod is made", now)
        status = pod.get("status") or {}
        statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
        for each in statuses:
            state = each.get("state") or {}
            if state.keys() & {"running", "terminated"}:
                self.seen.setdefault(f"{kind}: {each['name']} runs", now)
            if "terminated" in state:
                self.seen.setdefault(f"{kind}: {each['name']} has ended", now)

    def _pods(self) -> list[dict[str, Any]]:
        return self._api.all("pods", labels=SELECTOR)
