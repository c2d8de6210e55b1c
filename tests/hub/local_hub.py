"""A JupyterHub of this machine, with its proxy, as processes: real, and without a cluster."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
HUB = str(ROOT / os.environ.get("HUB_PYTHON", sys.executable))
"""The Python of the hub: another one has another hub, and what a hub's image has beside it."""
PROXY = (
    Path(__file__).parent / "node/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
)
_CONFIG = """\
from jupyterhub.auth import DummyAuthenticator
c = get_config()  # noqa: F821
c.JupyterHub.bind_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.command = ["node", "{command}"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.auth_token = "{secret}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = DummyAuthenticator
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "tests", "api_token": "{admin}", "admin": True}}]
"""


@dataclass
class LocalHub:
    """A running hub, as its admin.

    Attributes:
        folder: With its configuration, database and log.
        url: Address that browsers use.
        api_url: Address of its API.
        admin: A token that may do everything.
        python: The interpreter that has it installed.
    """

    folder: Path
    url: str
    api_url: str
    admin: str
    python: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again too, and wait until it answers.

        Raises:
            RuntimeError: It did not start; the message is its log.
        """
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        with (self.folder / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
                cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/hub/health").status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(self.log)
            time.sleep(0.1)

    def stop(self, *, at_once: bool = False) -> None:
        """End it, and its proxy with it.

        Args:
            at_once: Kill it, so that it has no time to put anything in order.
        """
        if self.process is None:
            return
        (self.process.kill if at_once else self.process.terminate)()
        try:
            self.process.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def end_servers(self) -> None:
        """End the notebook servers: their processes would outlive the hub."""
        if self.process is None:
            return
        for user in self.ask("GET", "/users?state=active"):
            self.ask("DELETE", f"/users/{user['name']}/server")
        until = time.monotonic() + 60
        while self.ask("GET", "/users?state=active") and time.monotonic() < until:
            time.sleep(0.2)

    @property
    def log(self) -> str:
        """What it said so far."""
        return (self.folder / "hub.log").read_text(errors="replace")

    def ask(self, method: str, path: str, *, token: str = "", **request: Any) -> Any:
        """Ask the API, as admin without a token; None where it answers with nothing."""
        headers = {"Authorization": f"token {token or self.admin}"}
        answer = httpx.request(method, self.api_url + path, headers=headers, timeout=30, **request)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @property
    def version(self) -> tuple[int, ...]:
        """Its own version, such as (6, 1)."""
        major, minor, *_ = self.ask("GET", "/")["version"].split(".")
        return int(major), int(minor)

    def add(self, user: str, *groups: str) -> None:
        """Add a user, in groups."""
        self.ask("POST", f"/users/{user}")
        for group in groups:
            with contextlib.suppress(httpx.HTTPStatusError):
                self.ask("POST", f"/groups/{group}")
            self.ask("POST", f"/groups/{group}/users", json={"users": [user]})

    def token(self, user: str, scopes: Iterable[str] | None = None) -> str:
        """A new token of a user: with scopes that they have, or all that they may."""
        asked = {} if scopes is None else {"scopes": list(scopes)}
        return str(self.ask("POST", f"/users/{user}/tokens", json=asked)["token"])


@contextlib.contextmanager
def local_hub(
    folder: Path, more: str = "", *, ports: Sequence[int] | None = None, python: str = HUB
) -> Iterator[LocalHub]:
    """Run a hub.

    Args:
        folder: Where its files go.
        more: The rest of its configuration, as Python that knows `c`.
        ports: Those of its proxy, of the hub itself and of the proxy's API; any when left out.
        python: The interpreter that has it installed.
    """
    ports = ports or free_ports(3)
    admin = secrets.token_hex(16)
    config = _CONFIG.format(
        proxy=ports[0], hub=ports[1], api=ports[2], folder=folder, command=PROXY,
        secret=secrets.token_hex(16), admin=admin,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jupyterhub_config.py").write_text(config + more)
    hub = LocalHub(
        folder, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/hub/api", admin,
        python,
    )  # fmt: skip
    hub.start()
    try:
        yield hub
    finally:
        hub.end_servers()
        hub.stop()


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listens."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
