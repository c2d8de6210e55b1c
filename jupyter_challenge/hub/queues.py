"""Who waits in Kueue's queues, behind whom, and about how long; what of a quota is left."""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from jupyter_challenge.hub.machines import Amounts, Object, amount, fits

GROUP = "kueue.x-k8s.io"
VERSION = "v1beta2"
WAITED = 5.0
"""Seconds: what was admitted sooner did not wait."""
REMEMBERED = 30
FEWEST = 2
"""As many have to have waited before anything is said of how long it takes."""
Line = tuple[str, str]
"""A LocalQueue, and what is waited for in it."""


@dataclass(frozen=True)
class Condition:
    """A condition of a workload that is true, or says why it is not."""

    true: bool
    reason: str
    message: str
    since: float


@dataclass(frozen=True)
class Workload:
    """What waits for, or has, a part of a quota: a server's pod.

    Attributes:
        name: Its name.
        pod: The pod's uid.
        queue: The LocalQueue.
        priority: Higher ones come first.
        since: When it came into the queue, in seconds of the epoch.
        conditions: Its conditions by type.
        active: Whether nobody took it out of the queue.
    """

    name: str
    pod: str
    queue: str
    priority: int
    since: float
    conditions: Mapping[str, Condition]
    active: bool = True

    def true(self, condition: str) -> bool:
        """Whether a condition is there and true."""
        found = self.conditions.get(condition)
        return found is not None and found.true

    @property
    def waits(self) -> bool:
        """Whether it waits for its turn."""
        return self.active and not (self.true("Admitted") or self.true("Finished"))


@dataclass(frozen=True)
class ClusterQueue:
    """A quota, by flavor and resource, and how much of it is in use."""

    quota: Mapping[str, Amounts]
    used: Mapping[str, Amounts]
    cohort: str
    stopped: bool

    def left(
        self, asks: Amounts, labels: Mapping[str, str], flavors: Mapping[str, Mapping[str, str]]
    ) -> tuple[int, int]:
        """How many servers its own quota takes, on the flavors whose nodes these labels name.

        Args:
            asks: What a server asks for.
            labels: What its nodes are labelled.
            flavors: The labels of each flavor's nodes.

        Returns:
            Now, and when nothing of it is in use.
        """
        now = whole = 0
        for name, quota in self.quota.items():
            nodes = flavors.get(name, {})
            if any(labels.get(key, value) != value for key, value in nodes.items()):
                continue
            used = self.used.get(name, {})
            covered = {each: number for each, number in asks.items() if each in quota}
            if covered:
                now += fits({each: quota[each] - used.get(each, 0) for each in covered}, covered)
                whole += fits({each: quota[each] for each in covered}, covered)
        return now, whole


@dataclass
class Waits:
    """How long it took lately from one server's turn to the next, by what they waited for.

    Turns are kept in the order of time, and not in that in which they were heard of: a hub that
    starts hears of all at once, by their names.
    """

    _turns: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def admitted(self, kind: str, since: float, at: float) -> None:
        """A server that came at one time had its turn at another."""
        turns = self._turns.setdefault(kind, [])
        bisect.insort(turns, (at, since))
        del turns[:-REMEMBERED]

    def about(self, kind: str, place: int) -> float | None:
        """About how many seconds whoever has this place in the queue waits, if that is known."""
        took, before = [], 0.0
        for at, since in self._turns.get(kind, ()):
            if at - since > WAITED:
                took.append(at - max(since, before))
            before = at
        return place * statistics.median(took) if len(took) >= FEWEST else None


@dataclass
class Queues:
    """Kueue's objects as far as the hub's servers are concerned.

    Who waits is kept by queue and kind, so that counting them costs the same however many there
    are, and only a line that has changed is put in order again.
    """

    kind_of: Callable[[str], str] = lambda pod: ""
    local: dict[str, str] = field(default_factory=dict)
    cluster: dict[str, ClusterQueue] = field(default_factory=dict)
    flavors: dict[str, Mapping[str, str]] = field(default_factory=dict)
    workloads: dict[str, Workload] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)
    order: dict[str, list[str]] = field(default_factory=dict)
    """Names of workloads in the order of a LocalQueue, as Kueue itself says, where it was asked."""
    _keys: dict[str, str] = field(default_factory=dict)
    _lines: dict[Line, dict[str, Workload]] = field(default_factory=dict)
    _line_of: dict[str, Line] = field(default_factory=dict)
    _in_order: dict[Line, list[Workload]] = field(default_factory=dict)

    def workload(self, key: str, found: Workload | None) -> None:
        """A workload is there, has changed, or is gone."""
        before = self.workloads.pop(key, None)
        if before is not None:
            self._keys.pop(before.pod, None)
        self._leave(key)
        if found is None:
            return
        self.workloads[key] = found
        self._keys[found.pod] = key
        self._join(key, found)
        if before is None or before.waits:
            self._had_its_turn(found)

    def learned(self, pod: str) -> None:
        """It has come out what a pod waits for, or waited for: its workload was heard of before."""
        key = self._keys.get(pod)
        if key is not None:
            self._leave(key)
            self._join(key, self.workloads[key])
            self._had_its_turn(self.workloads[key])

    def of_pod(self, uid: str) -> Workload | None:
        """The workload of a pod."""
        return self.workloads.get(self._keys.get(uid, ""))

    def ordered(self, queue: str, names: Sequence[str] | None) -> None:
        """Kueue says in which order a LocalQueue is, or nothing."""
        before = self.order.pop(queue, None)
        if names is not None:
            self.order[queue] = list(names)
        if before != self.order.get(queue):
            for line in [each for each in self._in_order if each[0] == queue]:
                del self._in_order[line]

    def count(self, queue: str, kind: str) -> int:
        """How many wait in a LocalQueue for machines of a kind."""
        return len(self._lines.get((queue, kind), ()))

    def waiting(self, queue: str, kind: str) -> list[Workload]:
        """Who waits in a LocalQueue for machines of a kind, the next one first."""
        line = queue, kind
        if line not in self._in_order:
            said = {name: at for at, name in enumerate(self.order.get(queue, ()))}
            self._in_order[line] = sorted(
                self._lines.get(line, {}).values(),
                key=lambda each: (said.get(each.name, math.inf), -each.priority, each.since),
            )
        return self._in_order[line]

    def _join(self, key: str, found: Workload) -> None:
        if found.waits:
            line = self._line_of[key] = found.queue, self.kind_of(found.pod)
            self._lines.setdefault(line, {})[key] = found
            self._in_order.pop(line, None)

    def _leave(self, key: str) -> None:
        line = self._line_of.pop(key, None)
        if line is not None:
            del self._lines[line][key]
            if not self._lines[line]:
                del self._lines[line]
            self._in_order.pop(line, None)

    def _had_its_turn(self, found: Workload) -> None:
        admitted, kind = found.conditions.get("Admitted"), self.kind_of(found.pod)
        if admitted is not None and admitted.true and kind:
            self.waits.admitted(kind, found.since, admitted.since)


def ago(said: str | None) -> float:
    """A moment as Kubernetes writes it, in seconds of the epoch."""
    if not said:
        return 0.0
    return datetime.fromisoformat(said.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


def read_workload(found: Object) -> Workload:
    """What is kept of a Workload."""
    meta, spec = found["metadata"], found.get("spec") or {}
    conditions = {
        each["type"]: Condition(
            each["status"] == "True",
            each.get("reason", ""),
            each.get("message", ""),
            ago(each.get("lastTransitionTime")),
        )
        for each in (found.get("status") or {}).get("conditions") or ()
    }
    owners = meta.get("ownerReferences") or ()
    evicted = conditions.get("Evicted")
    requeued = evicted.since if evicted is not None and evicted.true else 0.0
    return Workload(
        name=meta["name"],
        pod=next((each["uid"] for each in owners if each["kind"] == "Pod"), ""),
        queue=spec.get("queueName", ""),
        priority=spec.get("priority") or 0,
        since=max(ago(meta.get("creationTimestamp")), requeued),
        conditions=conditions,
        active=spec.get("active", True),
    )


def read_cluster_queue(found: Object) -> ClusterQueue:
    """What is kept of a ClusterQueue."""
    spec, status = found.get("spec") or {}, found.get("status") or {}
    flavors = [
        flavor
        for group in spec.get("resourceGroups") or ()
        for flavor in group.get("flavors") or ()
    ]
    return ClusterQueue(
        quota=_by_flavor(flavors, "nominalQuota"),
        used=_by_flavor(
            status.get("flavorsReservation") or status.get("flavorsUsage") or (), "total"
        ),
        cohort=spec.get("cohortName") or "",
        stopped=spec.get("stopPolicy", "None") != "None",
    )


def _by_flavor(flavors: Iterable[Mapping[str, Any]], name: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for flavor in flavors:
        resources: Sequence[Mapping[str, Any]] = flavor.get("resources") or ()
        found.setdefault(flavor["name"], {}).update(
            {each["name"]: amount(each.get(name, 0)) for each in resources}
        )
    return found
