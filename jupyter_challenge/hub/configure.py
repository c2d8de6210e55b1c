"""The one line in `jupyterhub_config.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_challenge.core.compute import load_catalogue

SPAWNER = "jupyter_challenge.hub.spawner.ChallengeSpawner"


def configure(c: Any, *, catalogue: str | Path) -> None:
    """Have a hub's servers started on the compute profiles of a catalogue.

    What else is set of KubeSpawner stays as it is. Call it where `c` is the hub's configuration:

        from jupyter_challenge.hub import configure
        configure(c, catalogue="/etc/jupyterhub/profiles.yaml")

    Args:
        c: The hub's configuration, as `get_config()` gives it.
        catalogue: The file with the compute profiles.

    Raises:
        ChallengeInvalid: The file has mistakes; the message names them. The hub does not start.
    """
    load_catalogue(Path(catalogue))
    c.JupyterHub.spawner_class = SPAWNER
    c.ChallengeSpawner.catalogue = str(catalogue)
