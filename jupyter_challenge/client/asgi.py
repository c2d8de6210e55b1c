"""A synchronous httpx transport to an ASGI app on an event loop of its own.

httpx has one for asynchronous clients only, and it holds whole bodies; this one hands an answer
over piece by piece, so that exports and notebooks need not fit into memory twice.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

import httpx

_PIECES_AHEAD = 16


class EventLoopThread:
    """An event loop that runs in a daemon thread until it is closed."""

    def __init__(self) -> None:
        """Start the thread."""
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="jupyter-challenge-client", daemon=True
        )
        self._thread.start()

    def submit(self, coroutine: Any) -> Future[Any]:
        """Run a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def close(self) -> None:
        """End what still runs on the loop, then the loop; harmless when called twice."""
        if self.loop.is_closed():
            return
        self.submit(self._drain()).result(timeout=10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        if not self._thread.is_alive():
            self.loop.close()

    async def _drain(self) -> None:
        others = [t for t in asyncio.all_tasks(self.loop) if t is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()
        await self.loop.shutdown_default_executor()


class _Exchange:
    """One request and its answer, between the caller's thread and the loop."""

    def __init__(self, app: Any, request: httpx.Request, body: bytes) -> None:
        self._app = app
        self._request = request
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._room = asyncio.Semaphore(_PIECES_AHEAD)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[None] | None = None  # somebody must hold a task
        self.head: Future[tuple[int, list[tuple[bytes, bytes]]]] = Future()
        self.pieces: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()

    async def run(self) -> None:
        """Call the app; whatever happens, the caller's thread is told."""
        self._loop = asyncio.get_running_loop()
        url = self._request.url
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(k.lower(), v) for k, v in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        end: BaseException | None = None
        try:
            await self._app(scope, self._receive, self._send)
        except BaseException as error:
            end = error
            if not isinstance(error, Exception):
                raise
        finally:
            if not self.head.done():
                self.head.set_exception(end or RuntimeError("the app gave no answer"))
            self.pieces.put(end)

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            if not self.head.done():
                self.head.set_result((message["status"], list(message.get("headers", []))))
        elif message["type"] == "http.response.body" and not self._gone.is_set():
            piece = message.get("body", b"")
            if piece:
                await self._room.acquire()
                self.pieces.put(piece)
            if not message.get("more_body", False):
                self.pieces.put(None)

    def took(self) -> None:
        """Make room for one more piece."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._room.release)

    def abandon(self) -> None:
        """Tell the app that nobody listens any more."""
        assert self._loop is not None

        def leave() -> None:
            self._gone.set()
            for _ in range(_PIECES_AHEAD):
                self._room.release()

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(leave)


class _Pieces(httpx.SyncByteStream):
    """The body of an answer."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = self._exchange.pieces.get()
            if piece is None:
                return
            if isinstance(piece, BaseException):
                raise httpx.ReadError(f"the service broke off: {piece}") from piece
            self._exchange.took()
            yield piece

    def close(self) -> None:
        self._exchange.abandon()


class AppTransport(httpx.BaseTransport):
    """Send requests to `app` in this process."""

    def __init__(self, app: Any) -> None:
        """Start the loop that the app runs on."""
        self._app = app
        self._thread = EventLoopThread()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the answer's body is read as it comes."""
        body = request.read()
        exchange = self._thread.submit(self._exchange(request, body)).result()
        seconds = request.extensions.get("timeout", {}).get("read")
        try:
            status, headers = exchange.head.result(timeout=seconds)
        except FutureTimeoutError as error:
            exchange.abandon()
            raise httpx.ReadTimeout("the service took too long", request=request) from error
        except Exception as error:
            raise httpx.ReadError(f"the service broke off: {error}", request=request) from error
        return httpx.Response(status, headers=headers, stream=_Pieces(exchange))

    async def _exchange(self, request: httpx.Request, body: bytes) -> _Exchange:
        exchange = _Exchange(self._app, request, body)
        exchange.task = asyncio.get_running_loop().create_task(exchange.run())
        return exchange

    def close(self) -> None:
        """End the loop and what runs on it."""
        self._thread.close()
