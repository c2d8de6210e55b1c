"""What an installation says of Kueue's queues: kinds of nodes, and how much there is of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """

    name: str
    quota: Amounts
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    title: str = ""


@dataclass(frozen=True)
class QueueSettings:
    """The queues of an installation.

    Attributes:
        kinds: Kinds of nodes, in the order in which a run without a wish is given them.
        evaluation: How much evaluations may use, all together, on any node.
        cohort: The cohort in which challenges borrow from each other.
    """

    kinds: tuple[NodeKind, ...]
    evaluation: Amounts
    cohort: str = "challenge"

    @property
    def resources(self) -> list[str]:
        """Every resource that a kind has a quota of, in the order of its first mention."""
        return list(dict.fromkeys(name for kind in self.kinds for name in kind.quota))

    def kind(self, name: str) -> NodeKind | None:
        """A kind by name."""
        return next((kind for kind in self.kinds if kind.name == name), None)


def queue_settings(
    kinds: Mapping[str, Mapping[str, Any]], evaluation: Mapping[str, Any], cohort: str
) -> QueueSettings:
    """Read what `ClusterConfig` says.

    Raises:
        ValueError: It is not of the shape that the settings' help describes.
    """
    return QueueSettings(
        kinds=tuple(_kind(name, said) for name, said in kinds.items()),
        evaluation=_amounts(evaluation, "queue_evaluation"),
        cohort=cohort,
    )


def _kind(name: str, said: Mapping[str, Any]) -> NodeKind:
    where = f"queue_nodes[{name!r}]"
    unknown = sorted(set(said) - {"quota", "labels", "tolerations", "title"})
    if unknown:
        raise ValueError(
            f"{where} has {unknown[0]!r}: it may have quota, labels, tolerations, title"
        )
    return NodeKind(
        name=name,
        quota=_amounts(said.get("quota") or {}, where),
        labels={str(key): str(value) for key, value in (said.get("labels") or {}).items()},
        tolerations=tuple(dict(each) for each in said.get("tolerations") or ()),
        title=str(said.get("title", "")),
    )


def _amounts(said: Mapping[str, Any], where: str) -> dict[str, str]:
    missing = [name for name in ("cpu", "memory") if name not in said]
    if missing:
        raise ValueError(f"{where} says nothing of {missing[0]}: runs ask for cpu and memory")
    return {str(name): str(amount) for name, amount in said.items()}
