"""Where the notebook servers of a hub are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_challenge.service.asking_pods import PodApi


@dataclass(frozen=True)
class NotebookServers:
    """Where the notebook servers of a hub are, and which of their images runs may have too."""

    api: PodApi
    namespaces: Sequence[str]
    images: Sequence[str]
