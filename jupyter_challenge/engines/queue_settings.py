"""What an installation says of Kueue's queues: kinds of nodes, and how much there is of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_challenge.engines.quantities import left

Amounts = Mapping[str, str]
"""Quantity by resource, such as {"cpu": "64", "memory": "256Gi"}."""


@dataclass(frozen=True)
class NodeKind:
    """A kind of node that runs are offered; where there are several it is a compute profile.

    Attributes:
        name: Its name, the profile's id.
        quota: How much of it runs may use, all together.
        labels: What nodes of this kind carry; none when all nodes are of it.
        tolerations: Taints of such nodes that runs may be put on in spite of.
        title: What people read; the name when it is empty.
        gpu: The resource by which runs on it ask for GPUs, such as that of a MIG slice; that of
            the installation when it is empty.
    """

    name: str
    quota: Amounts
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    title: str = ""
    gpu: str = ""


@dataclass(frozen=True)
class QueueSettings:
    """The queues of an installation.

    Attributes:
        kinds: Kinds of nodes, in the order in which a run without a wish is given them.
        evaluation: How much evaluations may use, all together, on any node.
        cohort: The cohort in which challenges borrow from each other.
        shares: What is a challenge's own, by its id and by the name of a kind; it is part of that
            kind's quota.
    """

    kinds: tuple[NodeKind, ...]
    evaluation: Amounts
    cohort: str = "challenge"
    shares: Mapping[str, Mapping[str, Amounts]] = field(default_factory=dict)

    @property
    def resources(self) -> list[str]:
        """Every resource that a kind has a quota of, in the order of its first mention."""
        return list(dict.fromkeys(name for kind in self.kinds for name in kind.quota))

    def shared(self, kind: NodeKind) -> Amounts:
        """What is left of a kind's quota for whoever needs it, beside what is challenges' own.

        Raises:
            ValueError: They are given more than there is.
        """
        own = [share[kind.name] for share in self.shares.values() if kind.name in share]
        amounts = {}
        for name, whole in kind.quota.items():
            try:
                amounts[name] = left(whole, [share[name] for share in own if name in share])
            except ValueError as error:
                raise ValueError(f"of {name} on {kind.name!r}, {error}") from error
        return amounts

    def kind(self, name: str) -> NodeKind | None:
        """A kind by name."""
        return next((kind for kind in self.kinds if kind.name == name), None)


def queue_settings(
    kinds: Mapping[str, Mapping[str, Any]],
    evaluation: Mapping[str, Any],
    cohort: str,
    shares: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    gpu: str = "",
) -> QueueSettings:
    """Read what `ClusterConfig` says; `gpu` is the resource of kinds that name none.

    Raises:
        ValueError: It is not of the shape that the settings' help describes.
    """
    found = QueueSettings(
        kinds=tuple(_kind(name, said, gpu) for name, said in kinds.items()),
        evaluation=_amounts(evaluation, "queue_evaluation"),
        cohort=cohort,
        shares={id: _share(id, said, kinds) for id, said in (shares or {}).items()},
    )
    for kind in found.kinds:
        found.shared(kind)
    return found


def _share(
    id: str, said: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, Mapping[str, Any]]
) -> dict[str, Amounts]:
    where = f"queue_shares[{id!r}]"
    for kind, amounts in said.items():
        if kind not in kinds:
            raise ValueError(f"{where} has {kind!r}, which queue_nodes has not")
        for name in amounts:
            if name not in (kinds[kind].get("quota") or {}):
                raise ValueError(f"{where} has {name} of {kind!r}, of which there is none")
    return {
        kind: {str(name): str(amount) for name, amount in amounts.items()}
        for kind, amounts in said.items()
    }


def _kind(name: str, said: Mapping[str, Any], gpu: str) -> NodeKind:
    where = f"queue_nodes[{name!r}]"
    unknown = sorted(set(said) - {"quota", "labels", "tolerations", "title", "gpu"})
    if unknown:
        raise ValueError(
            f"{where} has {unknown[0]!r}: it may have quota, labels, tolerations, title, gpu"
        )
    return NodeKind(
        name=name,
        quota=_amounts(said.get("quota") or {}, where),
        labels={str(key): str(value) for key, value in (said.get("labels") or {}).items()},
        tolerations=tuple(dict(each) for each in said.get("tolerations") or ()),
        title=str(said.get("title", "")),
        gpu=str(said.get("gpu") or gpu),
    )


def _amounts(said: Mapping[str, Any], where: str) -> dict[str, str]:
    missing = [name for name in ("cpu", "memory") if name not in said]
    if missing:
        raise ValueError(f"{where} says nothing of {missing[0]}: runs ask for cpu and memory")
    return {str(name): str(amount) for name, amount in said.items()}
