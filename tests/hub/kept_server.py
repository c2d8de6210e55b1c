"""A server that a hub started, with the files in which it keeps its owner's tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx

from tests.hub.signed_in_hub import SignedInHub, claims, until


class KeptServer:
    """Alice's server, as her browser sees it."""

    def __init__(self, hub: SignedInHub) -> None:
        self.hub = hub
        self.token = hub.server_token("alice")
        self.url = f"{hub.hub.url}/user/alice/jupyter-challenge/storage"
        self.file = hub.folder / "memory/tokens/s3.token"

    def ask(self, method: str = "GET", token: str = "") -> httpx.Response:
        headers = {"Authorization": f"token {token or self.token}"}
        return httpx.request(method, self.url, headers=headers, timeout=30)

    def state(self, method: str = "GET", name: str = "s3") -> Any:
        states = {each["name"]: each for each in self.ask(method).json()["tokens"]}
        return states.get(name, {}).get("state")

    @property
    def claims(self) -> dict[str, Any]:
        """What the token in the file says."""
        return claims(self.file.read_text())


@contextlib.contextmanager
def kept_server(hub: SignedInHub) -> Iterator[KeptServer]:
    """Sign alice in and start her server; it ends in the end."""
    with hub.browser("alice"):
        hub.hub.ask("POST", "/users/alice/server")
    try:
        until(lambda: hub.user("alice")["servers"].get("", {}).get("ready"), 120, "the server")
        found = KeptServer(hub)
        until(found.file.exists, 30, "the file with the token")
        yield found
    finally:
        hub.hub.ask("DELETE", "/users/alice/server")
        # Its process outlives a hub that ends meanwhile.
        until(lambda: not hub.user("alice")["servers"], 60, "the server has ended")
