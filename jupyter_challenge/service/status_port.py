"""A port for whoever operates the service: whether it lives, whether it is ready, its numbers.

It asks for no token, so participants must not reach it: on a cluster a network policy sees to that,
elsewhere it listens on loopback alone.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jupyter_challenge.core.errors import ChallengeError, Unavailable
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database

Check = Callable[[], None]
"""Returns when all is well, else raises; the message is what is told."""

NOWHERE = "0" * 64
ANSWER_WITHIN = 3.0


class StatusPort:
    """Answers /live, /ready and /metrics, in threads of its own."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        live: Mapping[str, Check],
        ready: Mapping[str, Check],
        metrics: Callable[[], bytes],
    ) -> None:
        """Listen; 0 chooses a port that is free.

        Raises:
            Unavailable: The port is taken.
        """
        self.draining = False

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N802, N805  # http.server's names
                status, kind, body = self._answer(handler.path.partition("?")[0])
                # A probe that waits no longer is no error: a traceback would be no line of the log.
                with suppress(ConnectionError):
                    handler.send_response(status)
                    handler.send_header("content-type", kind)
                    handler.send_header("content-length", str(len(body)))
                    handler.end_headers()
                    handler.wfile.write(body)

            def log_message(handler, *_: object) -> None:  # noqa: N805
                """Say nothing of probes."""

        self._live, self._ready, self._metrics = live, ready, metrics
        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise Unavailable(
                f"Port {port} of {host} cannot be opened: {error.strerror}.",
                hint="Choose another with --status-port.",
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="jupyter-challenge-status", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def drain(self) -> None:
        """Be ready no more: the process is about to end."""
        self.draining = True

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", self._metrics()
        if path not in {"/live", "/ready"}:
            return 404, "application/json", b'{"status": "not_found"}'
        failing: dict[str, str] = {}
        if path == "/ready" and self.draining:
            failing["process"] = "It is about to end."
        for name, check in (self._live if path == "/live" else self._ready).items():
            try:
                check()
            except ChallengeError as error:
                failing[name] = error.message
            except Exception as error:
                failing[name] = f"{type(error).__name__}: {error}"
        said = {"status": "unavailable" if failing else "ok", "failing": failing}
        return (503 if failing else 200), "application/json", json.dumps(said).encode()


def answers(port: int, path: str) -> Check:
    """Whether the server on a port of this process answers."""

    def check() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
        try:
            connection.request("GET", path, headers={"connection": "close"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != 200:
            raise Unavailable(f"{path} answers {status}.")

    return check


def database(db: Database) -> Check:
    """Whether the database answers."""
    return db.reachable


def store(blobs: Blobs) -> Check:
    """Whether the object store answers."""

    def check() -> None:
        blobs.size(NOWHERE)

    return check
