"""What is free now, who waits, and about how long: one view of the cluster for a whole hub.

Spawn forms and pages of servers that start read what is here; they ask the cluster nothing. So it
costs the same for one user and for a thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiClient
from kubernetes_asyncio.client.exceptions import ApiException

from jupyter_challenge.core.compute import Catalogue, ComputeProfile
from jupyter_challenge.hub import endings
from jupyter_challenge.hub.machines import Machines, Object, Place, read_node, read_pod
from jupyter_challenge.hub.queues import (
    GROUP,
    VERSION,
    Queues,
    Workload,
    read_cluster_queue,
    read_workload,
)
from jupyter_challenge.hub.watching import ABSENT, Gone, Watch, asked

NODES, PODS = "/api/v1/nodes", "/api/v1/pods"
KUEUE = f"/apis/{GROUP}/{VERSION}"
QUEUES = f"{KUEUE}/resourceflavors", f"{KUEUE}/clusterqueues"
FRESH = 1.0
"""Seconds for which what was counted is good, however much changes meanwhile."""
STALE = 300.0
"""Seconds: what nothing was heard of for so long is not known any more."""
ORDER = 5.0
"""Seconds between two questions for the order of a queue, while somebody wants to know."""
ENDINGS = 2000
_NO_ORDER = (
    *(aiohttp.ClientError, ApiException, Gone, OSError, asyncio.TimeoutError),
    *(ValueError, KeyError, TypeError),  # an answer that is none
)


@dataclass(frozen=True)
class Availability:
    """How it stands with a compute profile.

    Attributes:
        known: Whether the hub sees the machines.
        free: How many servers could start now.
        whole: How many would find room if nothing else were there; no more than the quota of a
            queue that borrows from no other.
        waiting: How many servers wait for such machines.
        wait: About how many seconds another one would wait, if that can be told.
        queued: Whether such servers wait in a queue for their turn.
    """

    known: bool
    free: int = 0
    whole: int = 0
    waiting: int = 0
    wait: float | None = None
    queued: bool = False


@dataclass(frozen=True)
class Turn:
    """Where a server is in its queue: its place among how many, and about how long it is yet."""

    place: int
    among: int
    wait: float | None


class Capacity:
    """What a hub knows of its cluster."""

    def __init__(
        self, catalogue: Catalogue, namespace: str, log: logging.Logger | logging.LoggerAdapter[Any]
    ) -> None:
        """Know nothing yet; `start` makes it look.

        Args:
            catalogue: The compute profiles.
            namespace: Where the servers are.
            log: Where troubles are told.
        """
        self.machines = Machines()
        self.queues = Queues(kind_of=self._kind_of_pod)
        self._namespace = namespace
        inside = f"{KUEUE}/namespaces/{namespace}"
        self._own = f"{inside}/localqueues", f"{inside}/workloads"
        self._log = log
        self._kinds = {profile.id: kind(catalogue, profile) for profile in catalogue.profiles}
        self._uids: dict[str, str] = {}
        self._profiles: dict[str, str] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()
        self._room: dict[Place, tuple[int, float, tuple[int, int]]] = {}
        self._asked: dict[str, float] = {}
        self._without_order = False
        self._watches: dict[str, Watch] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._api: ApiClient | None = None

    def start(self) -> None:
        """Begin to look, unless it does already."""
        if self._tasks:
            return
        api = self._api = ApiClient()
        machines = (NODES, self.node), (PODS, self.pod)
        queues = zip(QUEUES, (self.flavor, self.cluster_queue), strict=True)
        own = zip(self._own, (self.local_queue, self.workload), strict=True)
        for path, told in (*machines, *queues, *own):
            watch = self._watches[path] = Watch(api, path, told, self._log)
            self._tasks.append(asyncio.create_task(watch.run()))

    async def loaded(self, seconds: float) -> bool:
        """Wait until everything was listed once, but no longer than this."""
        self.start()
        waits = [each.loaded.wait() for each in self._watches.values()]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*waits), seconds)
            return True
        return False

    async def stop(self) -> None:
        """Look no longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._api is not None:
            await self._api.close()

    # --- what is heard

    def node(self, key: str, found: Object | None) -> None:
        """Hear of a node."""
        self.machines.node(key, None if found is None else read_node(found))

    def pod(self, key: str, found: Object | None) -> None:
        """Hear of a pod."""
        kept = None if found is None else read_pod(found)
        self.machines.pod(key, kept)
        uid = "" if found is None else found["metadata"]["uid"]
        if self._uids.get(key, uid) != uid:
            self._profiles.pop(self._uids.pop(key), None)
        if found is None or found["metadata"]["namespace"] != self._namespace:
            return
        if kept is not None and kept.profile and self._profiles.get(uid) != kept.profile:
            self._uids[key], self._profiles[uid] = uid, kept.profile
            self.queues.learned(uid)
        self._end(uid, endings.of_pod(found))

    def flavor(self, key: str, found: Object | None) -> None:
        """Hear of a ResourceFlavor."""
        name = key.removeprefix("/")
        self.queues.flavors.pop(name, None)
        if found is not None:
            self.queues.flavors[name] = (found.get("spec") or {}).get("nodeLabels") or {}

    def cluster_queue(self, key: str, found: Object | None) -> None:
        """Hear of a ClusterQueue."""
        name = key.removeprefix("/")
        self.queues.cluster.pop(name, None)
        if found is not None:
            self.queues.cluster[name] = read_cluster_queue(found)

    def local_queue(self, key: str, found: Object | None) -> None:
        """Hear of a LocalQueue."""
        name = key.partition("/")[2]
        self.queues.local.pop(name, None)
        if found is not None:
            self.queues.local[name] = (found.get("spec") or {}).get("clusterQueue", "")

    def workload(self, key: str, found: Object | None) -> None:
        """Hear of a Workload."""
        kept = None if found is None else read_workload(found)
        self.queues.workload(key, kept)
        if kept is not None and kept.pod:
            self._end(kept.pod, endings.of_workload(kept))

    # --- what is asked

    def of(self, profile: ComputeProfile, place: Place) -> Availability:
        """How it stands with a profile.

        Args:
            profile: The profile.
            place: What its servers need of a machine.
        """
        queued = profile.queue is not None and not self._without_kueue
        seen = self._current(NODES, PODS) and (not queued or self._current(*QUEUES, *self._own))
        if not seen:
            return Availability(known=False, queued=queued)
        free, whole = self._count(place)
        if profile.queue is None or not queued:
            return Availability(True, free, whole)
        queues, mine = self.queues, self._kinds[profile.id]
        quota = queues.cluster.get(queues.local.get(profile.queue, ""))
        if quota is not None and not quota.cohort:
            # In a cohort it may borrow what others leave: how much, Kueue alone knows.
            left, ever = quota.left(dict(place.asks), dict(place.labels), queues.flavors)
            free, whole = min(free, left), min(whole, ever)
        if quota is None or quota.stopped:
            free = 0
        waiting = queues.count(profile.queue, mine)
        if waiting:
            free = 0
        wait = None if free else queues.waits.about(mine, waiting + 1)
        return Availability(True, free, whole, waiting, wait, queued=True)

    def turn(self, workload: Workload) -> Turn | None:
        """Where a server that waits is in its queue."""
        mine = self._kind_of_pod(workload.pod)
        names = [each.name for each in self.queues.waiting(workload.queue, mine)]
        if workload.name not in names:
            return None
        place = names.index(workload.name) + 1
        return Turn(place, len(names), self.queues.waits.about(mine, place))

    async def ask_order(self, queue: str) -> None:
        """Ask Kueue for the order of a queue, if that was not done just now."""
        now = time.monotonic()
        if self._api is None or now - self._asked.get(queue, -ORDER) < ORDER:
            return
        self._asked[queue] = now
        path = (
            f"/apis/visibility.{GROUP}/{VERSION}/namespaces/{self._namespace}"
            f"/localqueues/{queue}/pendingworkloads"
        )
        try:
            answer = await asked(self._api, path, [("limit", "1000")], seconds=3)
            async with answer:
                said: Mapping[str, Any] = json.loads(await answer.read())
            items = sorted(said["items"], key=lambda each: each["positionInLocalQueue"])
            names = [each["metadata"]["name"] for each in items]
        except _NO_ORDER as error:
            # Its own view serves as well, unless usage counts (admission fair sharing).
            self.queues.ordered(queue, None)
            if not self._without_order:
                self._without_order = True
                self._log.warning(
                    "Kueue does not say who is next in the queue %s (%r): places are told by "
                    "priority and age, which fair sharing goes against",
                    queue,
                    error,
                )
            return
        self._without_order = False
        self.queues.ordered(queue, names)

    def ended(self, uid: str) -> str:
        """Why a pod ended, in a sentence, if anything was heard of it."""
        return self._ended.get(uid, "")

    def _end(self, uid: str, sentence: str) -> None:
        if sentence and uid not in self._ended:
            self._ended[uid] = sentence
            while len(self._ended) > ENDINGS:
                self._ended.popitem(last=False)

    def _kind_of_pod(self, uid: str) -> str:
        return self._kinds.get(self._profiles.get(uid, ""), "")

    @property
    def _without_kueue(self) -> bool:
        """Whether there are no queues in this cluster: servers then start as others do."""
        watch = self._watches.get(QUEUES[1])
        return watch is not None and watch.denied == ABSENT

    def _current(self, *paths: str) -> bool:
        now = time.monotonic()
        watches = [self._watches[path] for path in paths if path in self._watches]
        return len(watches) == len(paths) and all(
            each.loaded.is_set() and not each.denied and now - each.heard < STALE
            for each in watches
        )

    def _count(self, place: Place) -> tuple[int, int]:
        now, version = time.monotonic(), self.machines.version
        found = self._room.get(place)
        if found is not None and (found[0] == version or now - found[1] < FRESH):
            return found[2]
        room = self.machines.room(place)
        self._room[place] = version, now, room
        return room


def kind(catalogue: Catalogue, profile: ComputeProfile) -> str:
    """What a profile's servers wait for: its nodes, and what they have of them."""
    resource = profile.accelerator.resource if profile.accelerator is not None else "cpu"
    return f"{catalogue.nodes_of(profile)} {resource}"
