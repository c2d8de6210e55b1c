"""A client for worker threads that asks through the server's own way to the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from jupyter_challenge.client import Client
    from jupyter_challenge.client.forwarding import Upstream

T = TypeVar("T")


async def with_client(upstream: Upstream, work: Callable[[Client], T]) -> T:
    """Call `work` in a worker thread with a client of the service.

    The client's requests come back to this loop, so embedded or at a URL there is one way to the
    service, and one service.
    """
    loop = asyncio.get_running_loop()

    def in_thread() -> T:
        import httpx

        from jupyter_challenge.client import Client
        from jupyter_challenge.client.http import Channel

        class ByTheLoop(httpx.BaseTransport):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                path, _, query = request.url.raw_path.partition(b"?")
                reply = asyncio.run_coroutine_threadsafe(
                    upstream.request(
                        request.method,
                        path.decode("ascii"),
                        query.decode("ascii"),
                        dict(request.headers),
                        request.read(),
                    ),
                    loop,
                ).result()
                return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

        http = httpx.Client(transport=ByTheLoop(), base_url="http://upstream")
        with Client(Channel(http, "The challenge service"), ExitStack()) as client, http:
            return work(client)

    return await asyncio.to_thread(in_thread)
