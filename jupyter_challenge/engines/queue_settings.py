"""What an installation says of Kueue's queues: kinds of nodes, and how much there is of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.compute.rendering import toleration
from jupyter_challenge.engines.quantities import left

Amounts = Mapping[str, str]
"""Quantity by resource, such as {"cpu": "64", "memory": "256Gi"}."""


@dataclass(frozen=True)
class NodeKind:
    """A kind of node that runs are offered; compute profiles with the same nodes share one.

    Attributes:
        name: Its name, the id of the first profile on it.
        quota: How much of it runs may use, all together.
        labels: What nodes of this kind carry; none when all nodes are of it.
        tolerations: Taints of such nodes that runs may be put on in spite of.
        chosen: Whether only those runs get such nodes that chose a profile on them.
    """

    name: str
    quota: Amounts
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    chosen: bool = False


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
    catalogue: Catalogue,
    evaluation: Mapping[str, Any],
    cohort: str,
    shares: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
) -> QueueSettings:
    """The queues of a catalogue's profiles, and what is challenges' own of them.

    Raises:
        ValueError: There is no quota of something that runs ask for, or more is somebody's own
            than there is.
    """
    kinds = tuple(
        NodeKind(
            name=nodes.name,
            quota=_amounts(nodes.quota, f"the quota of compute profile {nodes.name!r}"),
            labels=nodes.labels,
            tolerations=tuple(toleration(each) for each in nodes.tolerations),
            chosen=not catalogue.first_free,
        )
        for nodes in catalogue.nodes
    )
    found = QueueSettings(
        kinds,
        _amounts(evaluation, "queue_evaluation"),
        cohort,
        {id: _share(id, said, kinds) for id, said in (shares or {}).items()},
    )
    for kind in kinds:
        found.shared(kind)
    return found


def _share(
    id: str, said: Mapping[str, Mapping[str, Any]], kinds: Sequence[NodeKind]
) -> dict[str, Amounts]:
    where = f"queue_shares[{id!r}]"
    quotas = {kind.name: kind.quota for kind in kinds}
    for name, amounts in said.items():
        if name not in quotas:
            raise ValueError(f"{where} has {name!r}, which is no profile with a quota")
        for resource in amounts:
            if resource not in quotas[name]:
                raise ValueError(f"{where} has {resource} of {name!r}, of which there is none")
    return {
        name: {str(resource): str(amount) for resource, amount in amounts.items()}
        for name, amounts in said.items()
    }


def _amounts(said: Mapping[str, Any], where: str) -> dict[str, str]:
    missing = [name for name in ("cpu", "memory") if name not in said]
    if missing:
        raise ValueError(f"{where} says nothing of {missing[0]}: runs ask for cpu and memory")
    return {str(name): str(amount) for name, amount in said.items()}
