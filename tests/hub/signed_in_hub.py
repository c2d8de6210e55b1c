"""A JupyterHub whose people sign in at an OpenID provider, and the token relay beside it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from jupyter_challenge.core.storage import load_storage
from jupyter_challenge.core.storage.rendering import environment
from tests.hub.local_hub import HUB, ROOT, LocalHub, free_ports, local_hub
from tests.hub.openid import Provider, browser, openid, sign_in

T = TypeVar("T")

CONFIG = """
from jupyter_challenge.hub import ChallengeService, configure

c.JupyterHub.log_level = "DEBUG"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.redirect_to_server = False  # who signs in has no server started for that
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = "{provider.client}"
c.GenericOAuthenticator.client_secret = "{provider.secret}"
c.GenericOAuthenticator.authorize_url = "{provider.authorize}"
c.GenericOAuthenticator.token_url = "{provider.token}"
c.GenericOAuthenticator.userdata_url = "{provider.userinfo}"
c.GenericOAuthenticator.oauth_callback_url = "{url}/hub/oauth_callback"
c.GenericOAuthenticator.scope = {provider.scope!r}
c.GenericOAuthenticator.username_claim = "preferred_username"
c.CryptKeeper.keys = [bytes.fromhex("{crypt_key}")]
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--ServerApp.root_dir={folder}"]
c.Spawner.environment = {environment!r}
c.Spawner.default_url = "/lab"
c.JupyterHub.services += [{{"name": "other", "api_token": "{other_token}"}}]
c.JupyterHub.load_roles = [
    # bob may visit alice's server, which then holds a token of his.
    {{"name": "visitor", "scopes": ["access:servers!server=alice/"], "users": ["bob"]}},
]
configure(
    c,
    catalogue="{folder}/profiles.yaml",
    service=ChallengeService("http://challenge:8790", organisers=["organisers"]),
    storage="{folder}/storage.yaml",
)
c.JupyterHub.spawner_class = "simple"  # there is no cluster
"""

CATALOGUE = {
    "profiles": [
        {"id": "cpu", "name": "CPU", "cpu": 1, "memory": "1 GiB"},
        {"id": "gpu", "name": "GPU", "cpu": 1, "memory": "1 GiB", "groups": ["gpu-users"]},
    ]
}


def until(look: Callable[[], T], seconds: float = 30, what: str = "") -> T:
    """Look until there is something to see; what it was."""
    over = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > over:
            raise AssertionError(f"not within {seconds:g} s: {what or look}, but {seen!r}")
        time.sleep(0.1)


def claims(token: str) -> dict[str, Any]:
    """What a JWT says."""
    payload = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read


def code(answer: httpx.Response) -> str:
    """The word for programs in an error of the relay."""
    said: str = answer.json()["error"]["code"]
    return said


class SignedInHub:
    """A hub, its provider and its relay. Everything they write is in `folder`."""

    def __init__(
        self, folder: Path, provider: Provider, life: float, python: str, more: str = ""
    ) -> None:
        self.folder, self.provider, self.life, self.python = folder, provider, life, python
        self.more = more
        self.relay_token, self.other_token = secrets.token_hex(16), secrets.token_hex(16)
        self.relay: subprocess.Popen[bytes] | None = None
        self.hub: LocalHub

    def config(self, url: str) -> str:
        """What is to be added to the hub's configuration."""
        told = environment(load_storage(self.folder / "storage.yaml"), "alice", ["team-a"])
        config = CONFIG.format(
            python=sys.executable,
            provider=self.provider,
            url=url,
            crypt_key=secrets.token_hex(32),
            folder=self.folder,
            environment=told,
            other_token=self.other_token,
        )
        return config + self.more

    def write_storage(self, hub: str, port: int) -> None:
        """Write the storage.yaml that the relay reads, and its secrets."""
        (self.folder / "relay-token").write_text(self.relay_token)
        (self.folder / "client-secret").write_text(f"{self.provider.secret}\n")
        self.relay_url = f"http://127.0.0.1:{port}"
        storage = {
            "sign_in": {"token_life": self.life},
            "relay": {
                "url": self.relay_url,
                "listen": f"127.0.0.1:{port}",
                "hub": f"{hub}/hub/api",
                "provider": self.provider.token,
                "client": self.provider.client,
                "token_file": str(self.folder / "relay-token"),
                "client_secret_file": str(self.folder / "client-secret"),
                "requests_per_minute": 600,
            },
            "folder": str(self.folder / "memory"),
            "tokens": [
                {"name": "s3", "audience": "s3"},
                {"name": "elsewhere", "audience": "elsewhere"},
                {"name": "team", "audience": "s3", "groups": ["team-b"]},
            ],
        }
        (self.folder / "storage.yaml").write_text(yaml.safe_dump(storage))
        (self.folder / "profiles.yaml").write_text(yaml.safe_dump(CATALOGUE))

    def start_relay(self) -> None:
        """Start the relay and wait until it answers."""
        with (self.folder / "relay.log").open("ab") as log:
            self.relay = subprocess.Popen(
                [self.python, "-m", "jupyter_challenge.hub.relay", "storage.yaml"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        until(self._relay_answers, 30, "the relay answers")

    def stop_relay(self) -> None:
        """Kill the relay."""
        if self.relay is not None:
            self.relay.kill()
            self.relay.wait(10)
            self.relay = None

    def _relay_answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.relay_url}/health").status_code == 200
        return False

    def log(self, name: str) -> str:
        """What the hub or the relay logged."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    @contextlib.contextmanager
    def browser(self, user: str) -> Iterator[httpx.Client]:
        """Sign a user in; a client with their cookies."""
        with browser() as client:
            sign_in(self.hub.url, user, client)
            yield client

    def server_token(self, user: str, scopes: list[str] | None = None) -> str:
        """A token as the hub gives it to a user's server, or one with other scopes."""
        own = [f"access:servers!server={user}/", f"users:activity!user={user}"]
        return self.hub.token(user, scopes or own)

    def ask(self, token: str, name: str = "s3") -> httpx.Response:
        """Ask the relay for a token."""
        return httpx.post(
            f"{self.relay_url}/token",
            params={"name": name},
            headers={"Authorization": f"token {token}"},
            timeout=30,
        )

    def grown_old(self, user: str) -> None:
        """Wait until a user's token has to be renewed, and the hub would look at it again."""
        noted = self.user(user)["auth_state"]["jupyter_challenge"]
        time.sleep(max(0, noted["renewed_at"] + self.life / 2 + 0.5 - time.time()))

    @property
    def ended(self) -> tuple[int, str]:
        """What the relay answers whose sign-in has ended: hubs before 6.1 don't tell it."""
        return (409, "signed_out") if self.hub.version >= (6, 1) else (401, "unknown_server")

    def user(self, name: str) -> dict[str, Any]:
        """What the hub says of a user, the auth state too."""
        said: dict[str, Any] = self.hub.ask("GET", f"/users/{name}")
        return said


Running = Callable[..., contextlib.AbstractContextManager[Provider]]


@contextlib.contextmanager
def signed_in_hub(
    folder: Path, life: float, provided: Running = openid, *, python: str = HUB, more: str = ""
) -> Iterator[SignedInHub]:
    """Run a provider, a hub and a relay.

    Args:
        folder: For what they write.
        life: Seconds that the provider's tokens live.
        provided: Runs the provider, given `life` and `redirects`.
        python: The interpreter that has the hub installed; the relay runs by it too.
        more: The rest of the hub's configuration.
    """
    *ports, relay_port = free_ports(4)
    url = f"http://127.0.0.1:{ports[0]}"
    with provided(life=life, redirects=[f"{url}/hub/oauth_callback"]) as provider:
        running = SignedInHub(folder, provider, life, python, more)
        running.write_storage(f"http://127.0.0.1:{ports[1]}", relay_port)
        try:
            with local_hub(folder, running.config(url), ports=ports, python=python) as hub:
                running.hub = hub
                running.start_relay()
                yield running
        finally:
            running.stop_relay()
