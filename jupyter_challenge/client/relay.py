"""Ask a hub's token relay, as a server that the hub started."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jupyter_challenge.client.tokens import on_loopback
from jupyter_challenge.core.errors import ChallengeError, Conflict, Forbidden, Unavailable

if TYPE_CHECKING:
    import httpx

_ENDED = frozenset({"signed_out", "unknown_server"})


class SignedOut(Conflict):
    """The owner's sign-in at the hub has ended: only they can begin another (409)."""

    code = "signed_out"


class Given(NamedTuple):
    """A token and when it ends, in seconds since 1970."""

    token: str
    exp: float


class RelayClient:
    """The relay at an address; one instance belongs to one event loop."""

    def __init__(self, url: str, hub_token: str) -> None:
        """Keep the address and the token by which the hub knows this server."""
        self._url = url
        self._headers = {"Authorization": f"token {hub_token}"}
        self._http: httpx.AsyncClient | None = None

    async def token(self, name: str) -> Given:
        """Get the token called `name`.

        Raises:
            SignedOut: The owner has to sign in at the hub again.
            Forbidden: The token is not for them, or not to be had.
            Unavailable: Relay, hub or provider do not answer just now; `details["after"]` is how
                many seconds to wait.
        """
        import httpx

        if self._http is None:
            local = on_loopback(self._url)
            self._http = httpx.AsyncClient(base_url=self._url, timeout=40, trust_env=not local)
        try:
            answer = await self._http.post("/token", params={"name": name}, headers=self._headers)
            said = answer.json() if answer.content else {}
        except (httpx.TransportError, ValueError) as error:
            raise _away(f"The token relay does not answer ({type(error).__name__}).", 0) from error
        if answer.status_code == 200:
            return Given(str(said["token"]), float(said["exp"]))
        raise _refused(answer.status_code, said, answer.headers.get("retry-after", ""))

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def _refused(status: int, said: object, after: str) -> ChallengeError:
    error = said.get("error") if isinstance(said, dict) else None
    told = error if isinstance(error, dict) else {}
    message = str(told.get("message") or f"The token relay answered {status}.")
    if told.get("code") in _ENDED:
        return SignedOut(message)
    if status in {429, 503} or status not in range(400, 503):
        return _away(message, float(after) if after.isdigit() else 0)
    return Forbidden(message)


def _away(message: str, after: float) -> Unavailable:
    return Unavailable(message, hint="It is asked again by itself.", after=after)
