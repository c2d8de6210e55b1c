"""Pass requests of the browser on to the service."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.forwarding import API, Upstream
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.server.base import ChallengeHandler

# What a browser may show when somebody opens the address; all else is a download.
_SHOWN = frozenset({"application/json", "application/problem+json", "text/plain", "text/csv"})
_HANDED_BACK = ("etag", "cache-control", "content-disposition", "retry-after", "location")
# Longer than the longest poll (55 s) and than a large submission takes on a slow disk.
_TIMEOUT = 120


class ForwardHandler(ChallengeHandler):
    """`/jupyter-challenge/api/v1/…`, every verb."""

    def initialize(self, upstream: Upstream) -> None:
        """Called by Tornado for each request."""
        super().initialize(upstream)
        # The page polls by itself; that must not keep an idle server from being culled.
        self._track_activity = self.request.method not in {"GET", "HEAD"}

    async def _forward(self, path: str) -> None:
        # The path as it stood in the URL: decoding it here would make `%2F` a separator.
        raw = self.request.path.split("/jupyter-challenge/api/v1/", 1)[-1]
        reply = await self.unless_gone(
            self.upstream.request(
                self.request.method or "GET",
                f"{API}/{raw}",
                self.request.query,
                dict(self.request.headers),
                self.request.body or None,
                timeout=_TIMEOUT,
            )
        )
        if 300 <= reply.status < 400 and reply.status != 304:
            raise Unavailable(
                "The challenge service answered with a redirect.",
                hint="Check that the service's address in the server's configuration is right.",
            )
        self.set_status(reply.status)
        for name in _HANDED_BACK:
            if name in reply.headers:
                self.set_header(name, reply.headers[name])
        content_type = reply.headers.get("content-type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        attached = reply.headers.get("content-disposition", "").startswith("attachment")
        if attached or content_type.split(";")[0].strip().lower() not in _SHOWN:
            self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
            if not attached:
                self.set_header("Content-Disposition", "attachment")
        if reply.status in {204, 304} or self.request.method == "HEAD":
            self.finish()
        else:
            self.finish(reply.body, set_content_type=content_type)

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Forward a GET."""
        await self._forward(path)

    @web.authenticated
    @authorized
    async def head(self, path: str) -> None:
        """Forward a HEAD."""
        await self._forward(path)

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        """Forward a POST."""
        await self._forward(path)

    @web.authenticated
    @authorized
    async def put(self, path: str) -> None:
        """Forward a PUT."""
        await self._forward(path)

    @web.authenticated
    @authorized
    async def patch(self, path: str) -> None:
        """Forward a PATCH."""
        await self._forward(path)

    @web.authenticated
    @authorized
    async def delete(self, path: str) -> None:
        """Forward a DELETE."""
        await self._forward(path)
