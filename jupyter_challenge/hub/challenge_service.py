"""The challenge service behind a hub: who may take part, publish and administer, as scopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jupyterhub

from jupyter_challenge.hub.configured import said

SCOPES: dict[str, dict[str, Any]] = {
    "custom:challenge:submit": {"description": "Take part in challenges."},
    "custom:challenge:organise": {
        "description": "Publish challenges and organise them.",
        "subscopes": ["custom:challenge:submit"],
    },
    "custom:challenge:admin": {
        "description": "See and do everything in all challenges.",
        "subscopes": ["custom:challenge:organise"],
    },
}
"""What a token may be for, beside access to the service; the service reads the same names."""

_OF_EVERY_SERVER = ("users:activity!user", "access:servers!server")


@dataclass(frozen=True)
class ChallengeService:
    """The service as notebook servers reach it, and which of the hub's groups may do what there.

    Groups are the hub's: an authenticator with `manage_groups` takes them from where people sign
    in. Who organises a challenge, its own `access.organisers` says (`group:NAME`).

    Attributes:
        url: Its address, as pods of notebook servers use it.
        name: Its name in the hub; the service's setting `hub_service` says the same.
        participants: Groups that may take part; everybody who may sign in when left out.
        organisers: Groups that may publish new challenges.
        admins: Groups that may do everything.
    """

    url: str
    name: str = "challenge"
    participants: Sequence[str] | None = None
    organisers: Sequence[str] = ()
    admins: Sequence[str] = ()

    @property
    def access(self) -> str:
        """The scope without which a token is not for this service."""
        return f"access:services!service={self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """What notebook servers are told; no secret is in it."""
        return {"JUPYTER_CHALLENGE_URL": self.url, "JUPYTER_CHALLENGE_SIGN_IN": "hub"}


def add_service(c: Any, service: ChallengeService) -> None:
    """Add the service to a hub's configuration, and give its groups their scopes.

    The service needs no token of its own: it shows the hub what notebook servers send it.

    Args:
        c: The configuration object of `jupyterhub_config.py`. What it says already stays.
        service: Where the service is, and who may do what there.
    """
    hub = c.JupyterHub
    hub.custom_scopes = {**said(hub, "custom_scopes", dict), **SCOPES}
    hub.services = [*said(hub, "services", list), {"name": service.name}]
    roles = [*said(hub, "load_roles", list)]
    everybody = [service.access]
    if service.participants is None:
        everybody.append("custom:challenge:submit")
    else:
        roles.append(_role("participant", "submit", service.participants))
    if service.organisers:
        roles.append(_role("organiser", "organise", service.organisers))
    if service.admins:
        roles.append(_role("admin", "admin", service.admins))
    hub.load_roles = roles
    _give_everybody(hub, everybody)
    asked = said(c.Spawner, "server_token_scopes", list) or list(_OF_EVERY_SERVER)
    c.Spawner.server_token_scopes = [*asked, service.access, *SCOPES]


def _role(name: str, scope: str, groups: Sequence[str]) -> dict[str, Any]:
    return {
        "name": f"challenge-{name}",
        "description": str(SCOPES[f"custom:challenge:{scope}"]["description"]),
        "scopes": [f"custom:challenge:{scope}"],
        "groups": list(groups),
    }


def _give_everybody(hub: Any, scopes: Sequence[str]) -> None:
    """Add scopes to the role that every user has."""
    if jupyterhub.version_info >= (6,):
        hub.extra_user_scopes = {*said(hub, "extra_user_scopes", set), *scopes}
        return
    # Before 6.0 the role could only be written anew as a whole.
    others = [role for role in hub.load_roles if role["name"] != "user"]
    own = next((role for role in hub.load_roles if role["name"] == "user"), {"name": "user"})
    known = own.get("scopes", ["self"])
    hub.load_roles = [*others, {**own, "scopes": [*known, *scopes]}]
