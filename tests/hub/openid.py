"""An OpenID provider of one's own (tests/hub/node/provider.mjs), as a process."""

from __future__ import annotations

import html
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

NODE = Path(__file__).with_name("node")
SECRET = "hub-secret"
PEOPLE = {
    "alice": ["team-a", "gpu-users"],
    "bob": ["team-b"],
    "carol": ["organisers", "gpu-users"],
}
"""Who can sign in, with their groups; the password is `pw-` and the name."""


class Provider(Protocol):
    """What a hub's configuration says of a provider, and what a test asks of each."""

    authorize: str
    token: str
    userinfo: str
    client: str
    secret: str
    scope: list[str]

    def revoke(self, user: str) -> None:
        """End a user's sessions."""

    @property
    def counts(self) -> dict[str, int]:
        """What was asked of it: refreshed, refused, exchanged, signedIn."""


class OpenID:
    """A provider that runs, and how a test makes it misbehave."""

    client, secret = "hub", SECRET
    scope = ["openid", "profile", "email", "groups"]

    def __init__(self, url: str) -> None:
        self.url = url
        self.authorize, self.token, self.userinfo = f"{url}/auth", f"{url}/token", f"{url}/me"

    def away(self, on: bool) -> None:
        """Let it drop every connection, or answer again."""
        self._post("away", on=int(on))

    def slow(self, seconds: float) -> None:
        """Let it take that long for every token."""
        self._post("slow", seconds=seconds)

    def groups(self, user: str, *groups: str) -> None:
        """Let a user be in these groups from now on."""
        self._post("groups", user=user, groups=",".join(groups))

    def revoke(self, user: str) -> None:
        """Revoke a user's refresh tokens."""
        self._post("revoke", user=user)

    @property
    def counts(self) -> dict[str, int]:
        """What was asked of it: refreshed, refused, exchanged, signedIn.

        `asking` is how many answers the hub waits for just now, of a provider that is slow.
        """
        counts: dict[str, int] = httpx.get(f"{self.url}/test/counts").json()
        return counts

    def _post(self, what: str, **said: Any) -> None:
        httpx.post(f"{self.url}/test/{what}", params=said).raise_for_status()


@contextmanager
def openid(**asked: Any) -> Iterator[OpenID]:
    """Run a provider; `asked` is what provider.mjs says of its argument."""
    if not (NODE / "node_modules").is_dir():
        raise RuntimeError("The provider is not installed: run `make .make/hub`.")
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ["node", "provider.mjs", json.dumps({"people": PEOPLE, **asked})],
            cwd=NODE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                errors.seek(0)
                raise RuntimeError(f"The provider did not start: {errors.read()}")
            yield OpenID(url)
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def browser(timeout: float = 30) -> httpx.Client:
    """A client that keeps cookies as browsers do, which take this machine for a safe place."""

    def send_them_here_too(_: httpx.Response) -> None:
        for cookie in client.cookies.jar:
            cookie.secure = False

    client = httpx.Client(timeout=timeout, event_hooks={"response": [send_them_here_too]})
    return client


def sign_in(hub: str, user: str, client: httpx.Client) -> str:
    """Sign in at a hub by the provider's form, as a browser does; returns where that ended."""
    page = client.get(f"{hub}/hub/oauth_login", follow_redirects=True)
    if 'type="password"' in page.text:
        found = re.search(r"<form[^>]* action=\"([^\"]+)\"", page.text)
        page = client.post(
            html.unescape(found[1]) if found else page.url,
            data={"username": user, "password": f"pw-{user}", "login": ""},
            follow_redirects=True,
        )
        assert 'type="password"' not in page.text, f"{user} was not let in"
    page.raise_for_status()
    return str(page.url)
