"""Numbers of the gateway for Prometheus: what pods asked for, and how many bytes went by."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest

_PARTS = {"run", "evaluate", "step"}


class Counted:
    """Counts requests and bytes of an ASGI app."""

    def __init__(self, app: Any) -> None:
        """Stand before an app."""
        self._app = app
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "challenge_gateway_requests",
            "Requests of pods, by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._bytes = Counter(
            "challenge_gateway_bytes",
            "Bytes that pods were given (out) and handed in (in).",
            ["direction"],
            registry=self.registry,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on, and count."""
        if scope["type"] != "http" or scope["path"] == "/health":
            await self._app(scope, receive, send)
            return
        route = _route(scope["path"])

        async def taken() -> Any:
            message = await receive()
            self._bytes.labels("in").inc(len(message.get("body", b"")))
            return message

        async def given(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._requests.labels(scope["method"], route, str(message["status"])).inc()
            self._bytes.labels("out").inc(len(message.get("body", b"")))
            await send(message)

        await self._app(scope, taken, given)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)


def _route(path: str) -> str:
    """The path, if it is one of ours: what anybody makes up must not fill the memory."""
    parts = path.strip("/").split("/")
    known = len(parts) == 2 and parts[0] in _PARTS and parts[1].isalpha() and len(parts[1]) < 16
    return path if known else "other"
