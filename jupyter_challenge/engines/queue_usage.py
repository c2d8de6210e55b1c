"""Whether Kueue counts what teams use, as its own configuration says; else queues are not fair."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from jupyter_challenge.engines.queue_settings import QueueSettings

LABEL = "app.kubernetes.io/name=kueue"
"""Of Kueue's objects, by its manifests and by its chart."""

KIND = "Configuration"
GROUP = "config.kueue.x-k8s.io/"
"""What Kueue's configuration says that it is."""

MOST_OF_A_BYTE = 1e-8
"""Weight of a byte of memory: with more a gigabyte counts for more than ten cores."""


_NOT_ZERO = re.compile("[1-9]")


def configuration(maps: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Kueue's configuration among ConfigMaps; None where there is none that can be read."""
    for each in maps:
        for text in (each.get("data") or {}).values():
            try:
                found = yaml.safe_load(text)
            except yaml.YAMLError:
                continue
            if (
                isinstance(found, dict)
                and found.get("kind") == KIND
                and str(found.get("apiVersion", "")).startswith(GROUP)
            ):
                return found
    return None


def shortcomings(said: Mapping[str, Any], queues: QueueSettings) -> list[str]:
    """What in Kueue's configuration makes its queues unfair, a sentence each.

    Args:
        said: The configuration.
        queues: What there is to be shared.
    """
    sharing = said.get("admissionFairSharing")
    # Kueue forgets at once what has no half-life (0s).
    if not isinstance(sharing, Mapping) or not _NOT_ZERO.search(
        str(sharing.get("usageHalfLifeTime", ""))
    ):
        return [
            "Kueue counts nobody's usage: whoever hands in first comes first. Give it "
            "`admissionFairSharing` with a `usageHalfLifeTime`."
        ]
    found = []
    weights = sharing.get("resourceWeights") or {}
    if float(weights.get("memory", 1)) > MOST_OF_A_BYTE:
        found.append(
            "Kueue weighs a byte of memory nearly like a core: by usage, memory alone counts. Put "
            "`memory: 0` into `resourceWeights` of `admissionFairSharing`."
        )
    devices = [name for name in queues.resources if "/" in name and name not in weights]
    if devices:
        found.append(
            f"Kueue weighs one {devices[0]} like one core. Say in `resourceWeights` of "
            f"`admissionFairSharing` how many cores it is worth: {', '.join(devices)}."
        )
    return found
