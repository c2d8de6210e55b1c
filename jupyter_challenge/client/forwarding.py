"""Pass requests on to the service, asynchronously: what the Jupyter server does.

The service is either in this process (an ASGI app, made at the first request) or at a URL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_challenge.core.errors import Unavailable

if TYPE_CHECKING:
    import httpx

    from jupyter_challenge.client.api import Client

API = "/api/v1"

# Everything else a browser sends (cookies, identity, origin) stays outside.
_PASSED_ON = frozenset(
    {"accept", "content-type", "idempotency-key", "if-match", "if-none-match", "range"}
)
# The body is handed back decoded, so its transfer headers would be wrong.
_NOT_HANDED_BACK = frozenset(
    {"connection", "content-encoding", "content-length", "set-cookie", "transfer-encoding"}
)


class Answer(NamedTuple):
    """What the service answered; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Upstream:
    """The service, wherever `config` says it is.

    One instance belongs to one event loop. Nothing is imported or started before the first
    request.
    """

    def __init__(self, config: Any) -> None:
        """Keep the configuration; nothing happens yet."""
        self.config = config
        self._lock = asyncio.Lock()
        self._service: Any = None
        self._http: httpx.AsyncClient | None = None

    async def request(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        identity: Any = None,
        timeout: float = 60,
    ) -> Answer:
        """Ask the service.

        Args:
            method: HTTP verb.
            path: Path from `/api/v1` on, as it stood in the URL (percent-encoded).
            query: Query string without its question mark.
            headers: Only those that matter to the service are passed on.
            body: The whole body.
            identity: `service.auth.Identity` of who asks, in process; the owner of this process
                when left out. At a URL the token says who asks.
            timeout: Seconds to wait for an answer; long polls need more than their own.

        Raises:
            Unavailable: The service could not be started or reached.
            NotSignedIn: The token file cannot be used.
        """
        import httpx

        kept = {k: v for k, v in (headers or {}).items() if k.lower() in _PASSED_ON}
        url = httpx.URL(path).copy_with(query=query.encode() or None)
        http, own = await self._client(identity, kept)
        try:
            response = await http.request(method, url, headers=kept, content=body, timeout=timeout)
        except httpx.TimeoutException as error:
            raise Unavailable(
                "The challenge service did not answer in time.", hint="Try again in a moment."
            ) from error
        except httpx.TransportError as error:
            raise Unavailable(
                f"The challenge service at {http.base_url} cannot be reached.",
                hint="Check that it runs; nothing that you submitted is lost.",
            ) from error
        finally:
            if own:
                await http.aclose()
        handed_back = {
            k.lower(): v for k, v in response.headers.items() if k.lower() not in _NOT_HANDED_BACK
        }
        return Answer(response.status_code, handed_back, response.content)

    async def streaming_client(self) -> Client:
        """Return a synchronous client whose downloads come piece by piece, for a worker thread.

        Raises:
            Unavailable: The service could not be started.
            NotSignedIn: The token file cannot be used.
        """
        from jupyter_challenge.client.connection import client_of, connect

        if self.config.address:
            return await asyncio.to_thread(connect, config=self.config)
        return await asyncio.to_thread(client_of, await self._embedded())

    async def _client(
        self, identity: Any, headers: dict[str, str]
    ) -> tuple[httpx.AsyncClient, bool]:
        """Return a client, and whether it was made for this request alone."""
        import httpx

        from jupyter_challenge.client.embedded import app_for
        from jupyter_challenge.client.tokens import configured_token, on_loopback

        url = self.config.address
        if url:
            token = configured_token(self.config)
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
            if self._http is None:
                self._http = httpx.AsyncClient(base_url=url, trust_env=not on_loopback(url))
            return self._http, False
        service = await self._embedded()
        app = app_for(service, identity)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://embedded"), True

    async def _embedded(self) -> Any:
        async with self._lock:
            if self._service is None:
                self._service = await asyncio.to_thread(self._start)
            return self._service

    def _start(self) -> Any:
        from jupyter_challenge.client.embedded import start_embedded

        return start_embedded(self.config)

    async def close(self) -> None:
        """Stop the service in this process, if it was started; runs go on."""
        async with self._lock:
            if self._http is not None:
                await self._http.aclose()
                self._http = None
            if self._service is not None:
                service, self._service = self._service, None
                await asyncio.to_thread(service.stop)
