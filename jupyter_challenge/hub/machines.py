"""What of a cluster's machines is free: nodes, and what the pods on them ask for.

Of a node and of a pod nothing more is kept than this needs. A pod's manifest may hold secrets.
Amounts are whole thousandths, so that sums stay exact however often they change.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from jupyter_challenge.core.compute.rendering import PROFILE_LABEL

Amounts = Mapping[str, int]
Object = Mapping[str, Any]

_UNITS = {
    **{"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18},
    **{"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60},
}
_SHAPE = re.compile(r"([0-9.]+)(?:[eE]([+-]?[0-9]+))?([numkKMGTPE]i?|)")
_SMALL = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3")}
POD = {"pods": 1000}
"""What every pod asks of a node: a place."""


def amount(said: Any) -> int:
    """A quantity such as 500m or 64Gi in thousandths, rounded up; 0 for what is none."""
    found = _SHAPE.fullmatch(str(said))
    if found is None or found[1].count(".") > 1 or found[1] == ".":
        return 0
    unit = _SMALL.get(found[3]) or _UNITS.get(found[3])
    if unit is None:
        return 0
    exact = Decimal(found[1]) * unit * Decimal(10) ** int(found[2] or 0) * 1000
    return int(exact.to_integral_value(rounding="ROUND_CEILING"))


def amounts(said: Mapping[str, Any] | None) -> dict[str, int]:
    """Quantities by resource, in thousandths."""
    return {name: amount(quantity) for name, quantity in (said or {}).items()}


@dataclass(frozen=True)
class Node:
    """A machine.

    Attributes:
        name: Its name.
        labels: Its labels.
        taints: Those of its taints that keep pods away.
        holds: What pods on it may have, all together.
        open: Whether pods are put on it: ready, and not cordoned.
    """

    name: str
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    holds: Amounts
    open: bool


@dataclass(frozen=True)
class Pod:
    """A pod that has not ended.

    Attributes:
        uid: Which one it is.
        namespace: Where it is.
        node: The node that it is on, or "".
        profile: The compute profile that it is on, or "".
        asks: What it asks its node for.
    """

    uid: str
    namespace: str
    node: str
    profile: str
    asks: Amounts


@dataclass(frozen=True)
class Place:
    """What a server needs: machines with these labels, whose taints it tolerates, and amounts."""

    labels: tuple[tuple[str, str], ...]
    tolerations: tuple[tuple[tuple[str, str], ...], ...]
    asks: tuple[tuple[str, int], ...]

    @classmethod
    def of(
        cls,
        labels: Mapping[str, str],
        tolerations: Iterable[Mapping[str, Any]],
        asks: Mapping[str, int],
    ) -> Place:
        """A place with these labels, tolerations and amounts."""
        tolerated = (tuple(sorted((k, str(v)) for k, v in each.items())) for each in tolerations)
        asked = tuple(sorted((name, each) for name, each in asks.items() if each > 0))
        return cls(tuple(sorted(labels.items())), tuple(tolerated), asked)


@dataclass
class Machines:
    """All nodes, and what is taken of each; told of every change."""

    nodes: dict[str, Node] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    taken: dict[str, dict[str, int]] = field(default_factory=dict)
    version: int = 0

    def node(self, key: str, found: Node | None) -> None:
        """A node is there, has changed, or is gone."""
        self.version += 1
        if found is None:
            self.nodes.pop(key, None)
        else:
            self.nodes[key] = found

    def pod(self, key: str, found: Pod | None) -> None:
        """A pod is there, has changed, or is gone or has ended."""
        before = self.pods.pop(key, None)
        if found is not None:
            self.pods[key] = found
        if before == found:
            return
        self.version += 1
        self._count(before, -1)
        self._count(found, 1)

    def room(self, place: Place) -> tuple[int, int]:
        """How many servers find room now, and how many would if nothing else were there."""
        free = whole = 0
        asks = {**POD, **dict(place.asks)}
        labels = dict(place.labels)
        tolerations = [dict(each) for each in place.tolerations]
        for node in self.nodes.values():
            if not node.open or any(node.labels.get(k) != v for k, v in labels.items()):
                continue
            if not all(_tolerated(taint, tolerations) for taint in node.taints):
                continue
            taken = self.taken.get(node.name, {})
            whole += fits(node.holds, asks)
            left = {name: node.holds.get(name, 0) - taken.get(name, 0) for name in asks}
            free += fits(left, asks)
        return free, whole

    def _count(self, pod: Pod | None, times: int) -> None:
        if pod is None or not pod.node:
            return
        taken = self.taken.setdefault(pod.node, defaultdict(int))
        for name, each in pod.asks.items():
            taken[name] += times * each
        if not taken["pods"]:  # with the last pod, or nodes that came and went would pile up
            del self.taken[pod.node]


def fits(holds: Amounts, asks: Amounts) -> int:
    """How often what is asked for is in what there is."""
    return max(0, min(holds.get(name, 0) // each for name, each in asks.items() if each > 0))


def _tolerated(taint: Mapping[str, str], tolerations: Sequence[Mapping[str, str]]) -> bool:
    return any(
        each.get("effect") in {None, "", taint["effect"]}
        and (
            (each.get("operator") == "Exists" and each.get("key") in {None, "", taint["key"]})
            or (
                each.get("operator", "Equal") == "Equal"
                and each.get("key") == taint["key"]
                and each.get("value", "") == taint.get("value", "")
            )
        )
        for each in tolerations
    )


def read_node(found: Object) -> Node:
    """What is kept of a node's manifest."""
    meta, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in status.get("conditions") or ()
    )
    return Node(
        name=meta["name"],
        labels=meta.get("labels") or {},
        taints=tuple(
            {name: each[name] for name in ("key", "value", "effect") if each.get(name)}
            for each in spec.get("taints") or ()
            if each["effect"] in {"NoSchedule", "NoExecute"}
        ),
        holds=amounts(status.get("allocatable")),
        open=ready and not spec.get("unschedulable", False),
    )


def read_pod(found: Object) -> Pod | None:
    """What is kept of a pod's manifest; nothing of one that has ended."""
    meta, spec = found["metadata"], found.get("spec") or {}
    if (found.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return None
    return Pod(
        uid=meta["uid"],
        namespace=meta["namespace"],
        node=spec.get("nodeName") or "",
        profile=(meta.get("labels") or {}).get(PROFILE_LABEL, ""),
        asks=asked(spec),
    )


def asked(spec: Object) -> dict[str, int]:
    """What a pod asks its node for.

    Containers add up, and so do sidecars (init containers that go on). Each other init container
    runs alone beside the sidecars before it: the pod asks for the most of these. What is said of
    the pod as a whole counts instead.
    """
    running: dict[str, int] = defaultdict(int)
    most: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        asks = _requests(container)
        if container.get("restartPolicy") == "Always":
            _add(running, asks)
            peak = running
        else:
            peak = defaultdict(int, running)
            _add(peak, asks)
        for name, each in peak.items():
            most[name] = max(most.get(name, 0), each)
    for container in spec.get("containers") or ():
        _add(running, _requests(container))
    for name, each in most.items():
        running[name] = max(running[name], each)
    running.update(_requests(spec))
    _add(running, amounts(spec.get("overhead")))
    return {**running, **POD}


def _requests(said: Object) -> dict[str, int]:
    resources = said.get("resources") or {}
    # What has a limit and no request asks for its limit.
    return {**amounts(resources.get("limits")), **amounts(resources.get("requests"))}


def _add(to: dict[str, int], more: Amounts) -> None:
    for name, each in more.items():
        to[name] = to.get(name, 0) + each
