"""Where a challenge's data is, beside its folder: what can be had at this place."""

from __future__ import annotations

from pathlib import Path

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.examined_folder import FILE
from jupyter_challenge.core.validation import refused_at
from jupyter_challenge.service.auth import Place


def check_sources(place: Place, challenge: Challenge, root: Path) -> None:
    """Refuse data that is not to be had here.

    Args:
        place: Where the service is.
        challenge: What is published.
        root: Its folder.

    Raises:
        InvalidChallenge: With the lines that name such data.
    """
    if place != "cluster" and challenge.data.volume is not None:
        raise refused_at(
            (root / FILE).read_text(encoding="utf-8-sig"),
            ("data", "volume"),
            "a volume can only be mounted on a cluster",
            "publish it to the service of a cluster (--url); to try it here, put a small part of "
            "the data into the folder and name it by `test:`",
        )
