"""A hub's storage: what it adds to its configuration, and to each server when it starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import InvalidStorage
from jupyter_challenge.core.storage import Storage, load_storage
from jupyter_challenge.core.storage.rendering import KEYS, Manifest, home, mounts, volumes
from jupyter_challenge.hub.configured import said
from jupyter_challenge.hub.tokens import keep_signed_in

RELAY = "challenge-relay"
"""The relay's name at the hub."""


@cache
def storage_of(path: str) -> Storage:
    """The storage of a file, read once per hub."""
    return load_storage(Path(path))


def with_volumes(
    there: Mapping[str, Any], name: str, storage: Storage, groups: Collection[str]
) -> dict[str, Any]:
    """What KubeSpawner has of volumes or mounts, with ours for a member of these groups.

    Those of an earlier start go: the groups may be others now.
    """
    others = {key: each for key, each in there.items() if not key.startswith(KEYS)}
    ours = {"volumes": volumes, "volume_mounts": mounts}[name](storage, groups)
    return {**others, **ours}


def add_storage(c: Any, storage: Storage) -> None:
    """Add homes, fresh sign-ins and the relay to a hub's configuration; called by `configure`.

    Raises:
        InvalidStorage: The relay's own token is nowhere.
    """
    settings: Manifest = home(storage)
    for name, value in settings.items():
        setattr(c.ChallengeSpawner, name, value)
    if storage.relay is None:
        return
    keep_signed_in(c, token_life=storage.sign_in.token_life, groups=storage.sign_in.groups)
    hub = c.JupyterHub
    services = said(hub, "services", list)
    if not any(service.get("name") == RELAY for service in services):
        file = Path(storage.relay.token_file)
        try:
            token = file.read_text("utf-8").strip()
        except OSError as error:
            raise InvalidStorage(
                f"The relay's own token cannot be read: {file} ({error.strerror}).",
                hint=f"Put one there that only hub and relay can read (openssl rand -hex 32), or "
                f'have "{RELAY}" among the hub\'s services.',
            ) from error
        services.append({"name": RELAY, "api_token": token})
    hub.services = services
    scopes = ["admin:auth_state", "read:users"]
    role = {"name": RELAY, "description": "The token relay.", "scopes": scopes}
    hub.load_roles = [*said(hub, "load_roles", list), {**role, "services": [RELAY]}]
