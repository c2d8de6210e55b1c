"""Connect to the service: in this process, or at a URL."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

import httpx

from jupyter_challenge.client.api import Client
from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.client.http import Channel
from jupyter_challenge.core.errors import ChallengeError

__all__ = ["Client", "connect"]

# An answer may take long while SQLite waits for another process's write.
_TIMEOUT = httpx.Timeout(120, connect=5)


def connect(
    url: str | None = None,
    token: str | None = None,
    token_file: str | os.PathLike[str] | None = None,
    config: Any = None,
    *,
    runs: bool = True,
    engine: Any = None,
) -> Client:
    """Connect to the service.

    Without an address this is the one of this machine: it runs in this process on the same data
    folder as JupyterLab's, so what you submit here is seen there.

    Args:
        url: Address of a service; `$JUPYTER_CHALLENGE_URL` or the configuration when left out.
        token: Bearer token for the address. Better leave it in a file.
        token_file: File that holds the token and that only you can read (mode 600).
        config: A `ChallengeConfig`; read from this machine's files when left out.
        runs: Whether this process may look after the runs of the data folder when no other
            process does. Without, the client only reads and writes.
        engine: Engine to use in this process instead of one that is made for it.

    Raises:
        NotSignedIn: The token file cannot be used.
        Unavailable: The service's libraries are not installed here.
    """
    config = config if config is not None else load_config()
    owned = ExitStack()
    url = url or config.address
    if url:
        if token is None:
            token = _token_for(url, token_file, config)
        channel = _at_url(url, token)
    else:
        channel = _here(config, runs, engine, owned)
    owned.callback(channel.close)
    return Client(channel, owned)


def _token_for(url: str, token_file: str | os.PathLike[str] | None, config: Any) -> str | None:
    """The token for an address: what signs in at one service is not sent to another."""
    from jupyter_challenge.client.tokens import configured_token, read_token

    if token_file:
        return read_token(token_file)
    return configured_token(config) if url.rstrip("/") == config.address.rstrip("/") else None


def _at_url(url: str, token: str | None) -> Channel:
    from jupyter_challenge.client.tokens import on_loopback

    address = httpx.URL(url)
    if address.scheme not in ("http", "https") or not address.host:
        raise ChallengeError(
            f'"{url}" is not the address of a service.', hint="Write it as https://host/path."
        )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    http = httpx.Client(
        base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT, trust_env=not on_loopback(url)
    )
    return Channel(http, f"The challenge service at {url}")


def _here(config: Any, runs: bool, engine: Any, owned: ExitStack) -> Channel:
    from jupyter_challenge.client.embedded import start_embedded

    service = start_embedded(config, runs=runs, engine=engine)
    owned.callback(service.stop)
    return _inside(service)


def _inside(service: Any, identity: Any = None) -> Channel:
    from jupyter_challenge.client.asgi import AppTransport
    from jupyter_challenge.client.embedded import app_for

    transport = AppTransport(app_for(service, identity))
    http = httpx.Client(transport=transport, base_url="http://embedded", timeout=_TIMEOUT)
    return Channel(http, "The challenge service in this process")


def client_of(service: Any, identity: Any = None) -> Client:
    """Make a client of a started `EmbeddedService` for one identity; closing leaves it running."""
    owned = ExitStack()
    channel = _inside(service, identity)
    owned.callback(channel.close)
    return Client(channel, owned)
