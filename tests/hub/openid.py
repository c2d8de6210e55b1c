"""An OpenID provider of one's own (tests/hub/node/provider.mjs), as a process."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

NODE = Path(__file__).with_name("node")


class OpenID:
    """A provider that runs, and how a test makes it misbehave."""

    def __init__(self, url: str) -> None:
        self.url = url

    def away(self, on: bool) -> None:
        """Let it drop every connection, or answer again."""
        self._post("away", on=int(on))

    def slow(self, seconds: float) -> None:
        """Let it take that long for every token."""
        self._post("slow", seconds=seconds)

    def revoke(self, user: str) -> None:
        """Revoke a user's refresh tokens."""
        self._post("revoke", user=user)

    @property
    def counts(self) -> dict[str, int]:
        """What was asked of it: refreshed, refused, exchanged, signedIn."""
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
            ["node", "provider.mjs", json.dumps(asked)],
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


def sign_in(hub: str, user: str, client: httpx.Client) -> str:
    """Sign in at a hub by the provider's form, as a browser does; returns where that ended."""
    form = client.get(f"{hub}/hub/oauth_login", follow_redirects=True)
    if "password" in form.text:
        assert re.search(r"/login/", str(form.url)), form.url
        form = client.post(
            form.url,
            data={"username": user, "password": f"pw-{user}", "login": ""},
            follow_redirects=True,
        )
    form.raise_for_status()
    return str(form.url)
