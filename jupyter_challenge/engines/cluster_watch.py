"""Objects of a kind as the API server tells of them: listed once, then watched.

While the watch stands, looking at an object asks nothing of the cluster, however many there are.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi

log = logging.getLogger("jupyter_challenge")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0

Object = Mapping[str, Any]
News = Callable[[Object], None]


class Outdated(Exception):
    """The API server does not remember what came after a version: list again."""


class Watched:
    """The objects of one resource with our labels, in all namespaces."""

    def __init__(
        self, api: ClusterApi, resource: str, *, labels: str = "", fields: str = "", news: News
    ) -> None:
        """Prepare to watch.

        Args:
            api: Where.
            resource: `jobs`, `pods` or `events`.
            labels: Label selector.
            fields: Field selector.
            news: Called with each object that came, changed or went, in the watching thread.
        """
        self._api = api
        self._resource = resource
        self._selection = {"labels": labels, "fields": fields}
        self._news = news
        self._objects: dict[str, Object] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"jupyter-challenge-watch-{resource}", daemon=True
        )
        self.synced = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; the thread ends with its next event, or with the process."""
        self._stop.set()

    def objects(self) -> list[Object]:
        """What there is, if it is known.

        Raises:
            LookupError: The watch does not stand now.
        """
        with self._lock:
            if not self.synced:
                raise LookupError(self._resource)
            return list(self._objects.values())

    def get(self, uid: str) -> Object | None:
        """One of them as it was told last, whether or not the watch stands."""
        with self._lock:
            return self._objects.get(uid)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        version = ""
        while not self._stop.is_set():
            try:
                if not version:
                    version = self._list()
                for newer in self._follow(version):
                    version, pause = newer, FIRST_PAUSE
                    if self._stop.is_set():
                        return
                # The server ends a watch after a while; it goes on where it ended.
                self._stop.wait(FIRST_PAUSE)
                continue
            except Outdated:
                version = ""
                self._lost()
                continue
            except (ChallengeError, ApiRefused) as error:
                log.warning("Watching %s: %s", self._resource, error)
            except Exception:
                log.exception("Watching %s failed; it is begun again.", self._resource)
                version = ""
            self._lost()
            self._stop.wait(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)

    def _lost(self) -> None:
        with self._lock:
            self.synced = False

    def _list(self) -> str:
        found, version = self._api.listed(self._resource, **self._selection)
        with self._lock:
            before = self._objects
            self._objects = {_uid(each): each for each in found}
            gone = [each for uid, each in before.items() if uid not in self._objects]
        for each in (*found, *gone):
            self._news(each)
        return version

    def _follow(self, version: str) -> Iterator[str]:
        """The versions after one, each after what it says was taken in."""
        with contextlib.closing(
            self._api.watch(self._resource, version, **self._selection)
        ) as events:
            for kind, each in events:
                if kind == "ERROR":
                    if each.get("code") == 410:
                        raise Outdated
                    raise ApiRefused(
                        int(each.get("code", 0)),
                        str(each.get("reason", "")),
                        str(each.get("message", "")),
                    )
                with self._lock:
                    self.synced = True
                    if kind in {"ADDED", "MODIFIED"}:
                        self._objects[_uid(each)] = each
                    elif kind == "DELETED":
                        self._objects.pop(_uid(each), None)
                if kind in {"ADDED", "MODIFIED", "DELETED"}:
                    self._news(each)
                yield str((each.get("metadata") or {}).get("resourceVersion") or version)


def _uid(found: Object) -> str:
    return str(found["metadata"]["uid"])
