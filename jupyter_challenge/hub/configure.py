"""The one line in `jupyterhub_config.py`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_challenge.core.compute import load_catalogue
from jupyter_challenge.hub.challenge_service import ChallengeService, add_service
from jupyter_challenge.hub.storage import add_storage, storage_of

SPAWNS = 2000
LOOKS = 2
"""Seconds for which a hub that starts looks after its servers before it answers anybody."""
TEMPLATES = str(Path(__file__).parent / "templates")
SPAWNER = "jupyter_challenge.hub.spawner.ChallengeSpawner"


def configure(
    c: Any,
    *,
    catalogue: str | Path,
    service: ChallengeService | None = None,
    storage: str | Path | None = None,
) -> None:
    """Have a hub's servers started on the compute profiles of a catalogue.

    What else is set of KubeSpawner stays as it is. Call it at the end of the configuration, as
    it adds to what that says of services, roles and scopes:

        from jupyter_challenge.hub import configure
        configure(c, catalogue="/etc/jupyterhub/profiles.yaml")

    Args:
        c: The hub's configuration, as `get_config()` gives it.
        catalogue: The file with the compute profiles.
        service: The challenge service that servers submit to, if there is one.
        storage: The file with what servers reach as their owner, if they do.

    Raises:
        ChallengeInvalid: A file has mistakes; the message names them. The hub does not start.
        ValueError: Everybody has a namespace of their own. The hub does not start.
    """
    _one_namespace(c)
    load_catalogue(Path(catalogue))
    c.JupyterHub.spawner_class = SPAWNER
    c.ChallengeSpawner.catalogue = str(catalogue)
    if "concurrent_spawn_limit" not in c.JupyterHub:
        # Servers that wait in a queue count as starting: a hundred of them would close the hub.
        c.JupyterHub.concurrent_spawn_limit = SPAWNS
    if "init_spawners_timeout" not in c.JupyterHub:
        # A server in a queue is looked after until its turn comes: it goes on beside the rest.
        c.JupyterHub.init_spawners_timeout = LOOKS
    _add_templates(c)
    if storage is not None:
        c.ChallengeSpawner.storage = str(storage)
        add_storage(c, storage_of(str(storage)))
    if service is not None:
        add_service(c, service)
        _tell_servers(c, service.environment)


def _one_namespace(c: Any) -> None:
    """A namespace for each user would be a watch for each, and a queue of their own."""
    for section in ("KubeSpawner", "ChallengeSpawner"):
        if c[section].get("enable_user_namespaces"):
            raise ValueError(
                f"c.{section}.enable_user_namespaces: servers on compute profiles share one "
                "namespace, whose queues and pods the hub watches once for all users. Take that "
                "line away, and say in c.KubeSpawner.namespace where the servers are."
            )


def _add_templates(c: Any) -> None:
    """Pages of the hub that say a little more; an installation's own come before them."""
    if isinstance(c.JupyterHub.get("template_paths"), list):
        c.JupyterHub.template_paths.append(TEMPLATES)
    else:
        c.JupyterHub.template_paths.insert(0, TEMPLATES)


def _tell_servers(c: Any, environment: Mapping[str, str]) -> None:
    """Add variables to those that every server gets beside the hub's own `environment`."""
    told = c.ChallengeSpawner.get("told")
    c.ChallengeSpawner.told = {**(told if isinstance(told, dict) else {}), **environment}
