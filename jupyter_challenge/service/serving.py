"""Serve an app on an open port until the process is told to end, without dropping a request."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

Call = Callable[[], None]


class Draining:
    """An app that, once the process is to end, asks whoever has an answer to connect anew.

    On a cluster the next connection leads to another replica: this one is on no list any more.
    """

    def __init__(self, app: Any) -> None:
        """Stand before an ASGI app."""
        self._app = app
        self.begun = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""

        async def last(message: Any) -> None:
            if self.begun and message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, last)


def serve_app(
    app: Any,
    opened: socket.socket,
    *,
    drain: float = 0.0,
    drained: Call | None = None,
    graceful: int = 5,
    ending: Call | None = None,
    **settings: Any,
) -> None:
    """Serve until the process is told to end, then return.

    Args:
        app: The ASGI app.
        opened: The port.
        drain: Seconds that requests are still taken after the process was told to end: until
            whoever sends them has heard of it.
        drained: Called before no more requests are taken, so that long polls are answered.
        graceful: Seconds that requests have to end after that.
        ending: Called when the process is told to end, before `drain`.
        settings: More for uvicorn.
    """
    import uvicorn

    front = Draining(app)
    config = uvicorn.Config(
        front,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=graceful,
        **settings,
    )
    server = uvicorn.Server(config)
    told_to_end = server.handle_exit

    def end(sig: int, frame: Any) -> None:
        if front.begun:  # told twice: at once
            told_to_end(sig, frame)
            return
        front.begun = True

        def go() -> None:
            if ending is not None:
                ending()
            time.sleep(drain)
            if drained is not None:
                drained()
            told_to_end(sig, frame)

        # In a thread, as a signal may come while this very thread holds a lock.
        threading.Thread(target=go, daemon=True).start()

    server.handle_exit = end  # type: ignore[method-assign]
    # uvicorn raises the signal again at its end, which would be that of the process: what is still
    # to be given back would not be.
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, lambda *_: None) if main else None
    try:
        server.run(sockets=[opened])
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)
