"""Serve several users: of one machine (loopback only), or as a service on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from jupyter_challenge.core.errors import ChallengeError, NotSignedIn, Unavailable
from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service import status_port as checks
from jupyter_challenge.service.answers import refusal
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.auth import SCOPE_KEY, Identity, Place, process_owner
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.hub_sign_in import HubSignIn, open_hub
from jupyter_challenge.service.opening import open_socket
from jupyter_challenge.service.routes import API
from jupyter_challenge.service.serving import serve_app
from jupyter_challenge.service.status_port import StatusPort
from jupyter_challenge.service.tokens import Tokens, token_of, write_private

STANDS_STILL = 180.0
"""Seconds without a turn after which the loop is taken for dead."""


def serve(
    config: ChallengeConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 8790,
    say: Callable[[str], None] = print,
    engine: Engine | None = None,
    cluster: ClusterConfig | None = None,
    drain: float = 0.0,
    status_port: int | None = None,
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
        drain: Seconds that requests are still taken after the process was told to end.
        status_port: Where probes and metrics are answered; 0 chooses a free port.

    Raises:
        Unavailable: The host is not loopback, or the port is taken.
    """
    place: Place = "serve" if cluster is None else "cluster"
    opened = open_socket(host, port, anywhere=place == "cluster")
    status: StatusPort | None = None
    try:
        service = EmbeddedService(config, engine, place=place, cluster=cluster)
        service.start()
        try:
            if status_port is not None:
                status = _status(service, host, status_port, opened.getsockname()[1])
                say(f"Probes and metrics are at port {status.port}.")
            # On a cluster nobody is the owner of a machine, and its file would go with the pod.
            first = first_token(service) if place == "serve" else None
            address = f"http://{_bracketed(host)}:{opened.getsockname()[1]}"
            practice = ", for practice: nothing isolates runs here" if place == "serve" else ""
            say(f"Challenges are served at {address}{practice}.")
            if first is not None:
                say(f"The token of {process_owner().name} (admin) was written to {first}.")
            serve_app(
                signed_in_app(service),
                opened,
                drain=drain,
                ending=status.drain if status is not None else None,
                drained=service.service.feed.stop,
                # Longer than clients pause between two long polls: a connection costs more.
                timeout_keep_alive=75,
                # As many as open their sidebars at once, or come back after a restart.
                backlog=2048,
            )
        finally:
            service.stop()
            if status is not None:
                status.close()
    finally:
        opened.close()


def _status(service: EmbeddedService, host: str, port: int, served: int) -> StatusPort:
    """The port of probes and metrics; from here on there are numbers."""
    from jupyter_challenge.service.metrics import Metrics

    it, loop = service.service, service.reconciler
    metrics = Metrics(it.db)
    it.observer = metrics

    def turns() -> None:
        if loop.still > STANDS_STILL:
            raise Unavailable(f"The loop made its last turn {loop.still:.0f} s ago.")

    ready = {
        "database": checks.database(it.db),
        "store": checks.store(it.blobs),
        "engine": it.engine.reachable,
    }
    live = {"loop": turns, "server": checks.answers(served, f"{API}/health")}
    return StatusPort(host, port, live=live, ready=ready, metrics=metrics.text)


def signed_in_app(service: EmbeddedService) -> Any:
    """The service's app for whoever sends a known token; identity headers say nothing."""
    app, tokens = service.app, service.service.tokens
    hub = open_hub(service.config)

    async def signed_in(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        sent = headers.get(b"authorization")
        header = sent.decode("latin-1") if sent is not None else None
        try:
            who = tokens.known(header)
            if who is None and hub is not None:
                who = hub.known(token_of(header))
            if who is None and header is not None:
                who = await _looked_up(tokens, hub, header)
        except ChallengeError as error:
            answer: Response = refusal(error)
            await answer(scope, receive, send)
            return
        await app({**scope, SCOPE_KEY: who}, receive, send)

    return signed_in


async def _looked_up(tokens: Tokens, hub: HubSignIn | None, header: str) -> Identity | None:
    """Whose token a header holds: one that the service gave, or the hub."""
    try:
        return await run_in_threadpool(tokens.identity, header)
    except NotSignedIn:
        if hub is None:
            raise
    return await hub.identity(token_of(header))


def first_token(service: EmbeddedService) -> str | None:
    """Where nobody can sign in yet, make the process's owner admin.

    Returns:
        The file with their token, if one was made.
    """
    tokens = service.service.tokens
    if tokens.names():
        return None
    name = process_owner().name
    file = service.config.root / f"{name}.token"
    write_private(file, tokens.add(name, admin=True).encode() + b"\n")
    return str(file)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
