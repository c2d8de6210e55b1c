"""Serve several users: of one machine (loopback only), or as a service on a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service.answers import refusal
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.auth import SCOPE_KEY, Place, process_owner
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.opening import open_socket
from jupyter_challenge.service.tokens import TokenFile, write_private


def serve(
    config: ChallengeConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 8790,
    say: Callable[[str], None] = print,
    engine: Engine | None = None,
    cluster: ClusterConfig | None = None,
) -> None:
    """Serve until the process is told to end.

    Args:
        config: Data folder and limits.
        host: An address of loopback; only on a cluster another one, as elsewhere nothing isolates
            runs.
        port: 0 chooses a free one.
        say: Told where it is served, once it is.
        engine: The local one when left out, or the cluster's.
        cluster: Serve as a service on this cluster.

    Raises:
        Unavailable: The host is not loopback, or the port is taken.
    """
    import uvicorn

    place: Place = "serve" if cluster is None else "cluster"
    opened = open_socket(host, port, anywhere=place == "cluster")
    try:
        service = EmbeddedService(config, engine, place=place, cluster=cluster)
        service.start()
        try:
            first = first_token(config)
            address = f"http://{_bracketed(host)}:{opened.getsockname()[1]}"
            practice = ", for practice: nothing isolates runs here" if place == "serve" else ""
            say(f"Challenges are served at {address}{practice}.")
            if first is not None:
                say(f"The token of {process_owner().name} (admin) was written to {first}.")
            settings = uvicorn.Config(
                signed_in_app(service, config),
                log_level="warning",
                access_log=False,
                lifespan="off",
                server_header=False,
                # Longer than clients pause between two long polls: a connection costs more.
                timeout_keep_alive=75,
                # As many as open their sidebars at once, or come back after a restart.
                backlog=2048,
                timeout_graceful_shutdown=5,
            )
            server = uvicorn.Server(settings)
            told_to_end = server.handle_exit

            def end(sig: int, frame: Any) -> None:
                # In a thread, as a signal may come while this very thread holds the feed's lock.
                threading.Thread(target=service.service.feed.stop, daemon=True).start()
                told_to_end(sig, frame)

            server.handle_exit = end  # type: ignore[method-assign]
            server.run(sockets=[opened])
        finally:
            service.stop()
    finally:
        opened.close()


def signed_in_app(service: EmbeddedService, config: ChallengeConfig) -> Any:
    """The service's app for whoever sends a known token; identity headers say nothing."""
    app, tokens = service.app, TokenFile(config.tokens_path)

    async def signed_in(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        sent = headers.get(b"authorization")
        try:
            who = tokens.identity(sent.decode("latin-1") if sent is not None else None)
        except ChallengeError as error:
            answer: Response = refusal(error)
            await answer(scope, receive, send)
            return
        await app({**scope, SCOPE_KEY: who}, receive, send)

    return signed_in


def first_token(config: ChallengeConfig) -> str | None:
    """Where nobody can sign in yet, make the process's owner admin.

    Returns:
        The file with their token, if one was made.
    """
    tokens = TokenFile(config.tokens_path)
    if tokens.names():
        return None
    name = process_owner().name
    file = config.root / f"{name}.token"
    write_private(file, tokens.add(name, admin=True).encode() + b"\n")
    return str(file)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
