"""A real Keycloak (.ci/keycloak) as the OpenID provider of a test, as a process."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.hub.local_hub import free_ports
from tests.hub.openid import PEOPLE, SECRET

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".make/keycloak"
CLIENTS = ROOT / "deploy/hub/keycloak.json"
REALM = "lab"
_WHAT = {
    "refreshed": "REFRESH_TOKEN",
    "refused": "REFRESH_TOKEN_ERROR",
    "exchanged": "TOKEN_EXCHANGE",
    "signedIn": "LOGIN",
}


class Keycloak:
    """A Keycloak with the realm `lab`, the clients of deploy/hub and the tests' people."""

    client, secret = "jupyterhub", SECRET
    scope = ["openid", "profile", "email"]  # Keycloak refuses a scope that it does not know

    def __init__(self, server: str, password: str) -> None:
        self.server, self.password = server, password
        self.url = f"{server}/realms/{REALM}"
        self.authorize = f"{self.url}/protocol/openid-connect/auth"
        self.token = f"{self.url}/protocol/openid-connect/token"
        self.userinfo = f"{self.url}/protocol/openid-connect/userinfo"

    def revoke(self, user: str) -> None:
        """End a user's sessions, as an admin does in the console."""
        (found,) = self.admin("GET", "/users", params={"username": user, "exact": True})
        self.admin("POST", f"/users/{found['id']}/logout")

    @property
    def counts(self) -> dict[str, int]:
        """What was asked of it, by its own events: refreshed, refused, exchanged, signedIn."""
        return {
            name: len(self.admin("GET", "/events", params={"type": event, "max": 10_000}))
            for name, event in _WHAT.items()
        }

    def prepare(self, life: int, redirects: Sequence[str]) -> None:
        """Make the realm, as docs/admins/storage.md says it."""
        realm = {
            "realm": REALM,
            "enabled": True,
            "accessTokenLifespan": life,
            "revokeRefreshToken": True,
            "refreshTokenMaxReuse": 0,
            "eventsEnabled": True,
            "enabledEventTypes": [*_WHAT.values()],
            "groups": [{"name": name} for name in sorted({*sum(PEOPLE.values(), [])})],
            "users": [_user(name, groups) for name, groups in PEOPLE.items()],
        }
        self.admin("POST", "", realm=None, json=realm)
        said = json.loads(CLIENTS.read_text("utf-8"))
        hub = next(client for client in said["clients"] if client["clientId"] == self.client)
        hub |= {"secret": self.secret, "redirectUris": list(redirects)}
        self.admin("POST", "/partialImport", json={**said, "ifResourceExists": "FAIL"})

    def admin(
        self, method: str, path: str, *, realm: str | None = REALM, **request: Any
    ) -> Any:  # fmt: skip
        """Ask its admin's API; None where it answers with nothing."""
        signed_in = httpx.post(
            f"{self.server}/realms/master/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": "admin",
                "password": self.password,
            },
            timeout=60,
        )
        signed_in.raise_for_status()
        answer = httpx.request(
            method,
            f"{self.server}/admin/realms{'' if realm is None else f'/{realm}'}{path}",
            headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"},
            timeout=60,
            **request,
        )
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


def _user(name: str, groups: Sequence[str]) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.org",
        "emailVerified": True,
        "firstName": name.title(),
        "lastName": "Example",
        "groups": [f"/{group}" for group in groups],
        "credentials": [{"type": "password", "value": f"pw-{name}"}],
    }


@contextmanager
def keycloak(folder: Path, *, life: int, redirects: Sequence[str]) -> Iterator[Keycloak]:
    """Run a Keycloak.

    Args:
        folder: For its log.
        life: Seconds that access tokens live.
        redirects: Where people may come back to from its form.
    """
    port, management = free_ports(2)
    password = secrets.token_hex(16)
    command = [
        str(HOME.resolve() / "bin/kc.sh"), "start", "--optimized", "--cache=local",
        "--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={port}",
        "--http-management-host=127.0.0.1", f"--http-management-port={management}",
        "--hostname-strict=false",
    ]  # fmt: skip
    log = folder / "keycloak.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, env=_environment(password), stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    try:
        found = Keycloak(f"http://127.0.0.1:{port}", password)
        _wait(found, process, log)
        found.prepare(life, redirects)
        yield found
    finally:
        with suppress(ProcessLookupError):  # kc.sh and Java; nothing of it is kept
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _environment(password: str) -> Mapping[str, str]:
    """Java starts in less time with its simple compiler alone."""
    return {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
    }


def _wait(found: Keycloak, process: subprocess.Popen[bytes], log: Path) -> None:
    over = time.monotonic() + 300
    while True:
        with suppress(httpx.TransportError):
            if httpx.get(f"{found.server}/realms/master", timeout=30).status_code == 200:
                return
        if process.poll() is not None or time.monotonic() > over:
            raise RuntimeError(log.read_text("utf-8", "replace"))
        time.sleep(0.3)
