"""The token relay: a service of the hub that gives a server the tokens of the one it belongs to.

    python -m jupyter_challenge.hub.relay storage.yaml

A server asks with the token that the hub gave it. The relay has the hub say whose that is, which
makes the hub renew a sign-in that grew old, reads the auth state with a token of its own, and
exchanges the access token in it (RFC 8693) for one with the audience that was asked for. The
refresh token never leaves hub and relay; no token is logged, kept or written anywhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
import time
from http.client import responses
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode
from xml.sax.saxutils import escape

from tornado import httpclient, web
from tornado.httpserver import HTTPServer

from jupyter_challenge.core.errors import InvalidStorage
from jupyter_challenge.core.storage import Storage, Token, load_storage
from jupyter_challenge.hub.limits import Rates
from jupyter_challenge.hub.tokens import expiry, note

log = logging.getLogger("jupyter_challenge.hub.relay")

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_BODY = 32_768
"""Bytes of a request: a form with a token in it."""
_STS_ERRORS = {
    "ended": "ExpiredTokenException",
    "too_many": "Throttling",
    "away": "ServiceUnavailable",
}
_AT_ONCE = 64
_TIMEOUT = 15.0


class Refused(Exception):
    """Why somebody gets no token: a status, a word for programs and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, again: float | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.again = status, code, message, again


def unknown_server() -> Refused:
    """The hub does not take the server's token; before 6.1 it says so of an ended sign-in too."""
    return Refused(
        401,
        "unknown_server",
        "The hub does not know this server: sign in at the hub again, or start the server again.",
    )


def signed_out() -> Refused:
    """The session at the provider is over: only the user can begin another."""
    return Refused(409, "signed_out", "Your sign-in has ended: sign in at the hub again.")


def ended() -> Refused:
    """The token of a request for keys is over; some S3 call that an invalid parameter."""
    return Refused(
        400,
        "ended",
        "The server's token for storage has ended. It gets a new one by itself as soon as the hub "
        "and the sign-in service answer: Lab's status bar says if they do not.",
    )


def away(who: str, again: float = 5) -> Refused:
    """Somebody does not answer; it will pass."""
    return Refused(503, "away", f"{who} does not answer just now: ask again.", again)


class Exchange:
    """The way from a server's hub token to a token of its owner."""

    def __init__(self, storage: Storage) -> None:
        if storage.relay is None:
            raise InvalidStorage("There is no `relay:` in the storage.", hint="Add it.")
        self.storage = storage
        self.relay = storage.relay
        self._http = httpclient.AsyncHTTPClient(force_instance=True, max_clients=_AT_ONCE)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    async def token_for(self, hub_token: str, name: str) -> dict[str, Any]:
        """Get the token called `name` for whoever a hub token belongs to.

        Raises:
            Refused: There is none for them, or none just now.
        """
        token = self.storage.token(name)
        if token is None:
            raise Refused(404, "not_offered", "There is no such token here.")
        user = await self.owner(hub_token)
        if not token.usable_by(user.get("groups", ())):
            raise Refused(403, "not_offered", "This token is for other groups.")
        state = await self._auth_state(user["name"])
        given = await self._exchanged(token, state["access_token"])
        log.info("%s: %s for %.0f s", user["name"], name, given["exp"] - time.time())
        return given

    async def owner(self, hub_token: str) -> dict[str, Any]:
        """The user whose server a token was given to; the hub renews their sign-in meanwhile.

        Tokens of the user for other services, and those that other people's servers hold of their
        visitors, are tokens of the same user: they do not do.

        Raises:
            Refused: It is no such token, or the hub is away.
        """
        said = await self._hub("user", hub_token)
        if said is None:
            raise unknown_server()
        name = said.get("name", "")
        if said.get("kind", "user") != "user" or not _of_a_server(name, said.get("scopes", ())):
            raise Refused(403, "not_a_server", "Only a server gets tokens, for its owner.")
        return said

    async def _auth_state(self, name: str) -> dict[str, Any]:
        own = Path(self.relay.token_file).read_text("utf-8").strip()
        user = await self._hub(f"users/{quote(name, safe='')}", own)
        if user is None:
            log.error("The hub refuses the relay's own token; is its role as documented?")
            raise Refused(502, "misconfigured", "The hub refuses the relay: tell its admin.")
        state = user.get("auth_state")
        if not state:
            raise signed_out()
        noted = note(state)
        if noted.get("refused"):
            raise signed_out()
        if noted.get("expires_at", time.time() + 1) < time.time():
            if not state.get("refresh_token"):
                raise signed_out()
            raise away("The sign-in service")  # the hub goes on trying to renew
        return dict(state)

    async def _exchanged(self, token: Token, access_token: str) -> dict[str, Any]:
        form = {
            "grant_type": EXCHANGE,
            "subject_token": access_token,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "audience": token.audience,
        }
        form |= {"scope": token.scope} if token.scope else {}
        form |= {"resource": token.resource} if token.resource else {}
        secret = Path(self.relay.client_secret_file).read_text("utf-8").strip()
        given: dict[str, Any] = {}
        if self.relay.client_auth == "basic":
            # RFC 6749 2.3.1: both are written as in a form before they are put together.
            given = {"auth_username": quote(self.relay.client, safe="")}
            given["auth_password"] = quote(secret, safe="")
        else:
            form |= {"client_id": self.relay.client, "client_secret": secret}
        status, body = await self._ask(
            "The sign-in service", self.relay.provider, method="POST", body=urlencode(form), **given
        )
        said = _object(body)
        if status == 200 and isinstance(said.get("access_token"), str):
            life = said.get("expires_in")
            if isinstance(life, (int, float)):
                return {"token": said["access_token"], "exp": time.time() + life}
        error = said.get("error")
        if error in {"invalid_grant", "invalid_token"} or _ended(said):
            # Ended between the hub's last look and now, or before its time.
            raise signed_out()
        log.error("No token for audience %s: %d %s", token.audience, status, _told(said))
        raise Refused(
            502, "misconfigured", "The sign-in service gives no such token: tell the hub's admin."
        )

    async def keys_for(self, form: dict[str, list[str]]) -> tuple[int, bytes, str]:
        """Hand a request for S3's keys on, with how long they shall live.

        Raises:
            Refused: It is another request, the token in it has ended, or S3 is away.
        """
        s3 = self.storage.s3
        action = form.get("Action", [""])[0]
        if s3 is None or s3.keys_live is None or action != "AssumeRoleWithWebIdentity":
            raise Refused(404, "not_offered", "There are no such keys here.")
        known = ("Version", "RoleArn", "RoleSessionName", "WebIdentityToken")
        asked = {name: form[name][0] for name in known if name in form}
        until = expiry(asked.get("WebIdentityToken", ""))
        if until is not None and until <= time.time():
            raise ended()
        asked |= {"Action": action, "DurationSeconds": str(int(s3.keys_live))}
        status, body = await self._ask("S3", s3.keys_from, method="POST", body=urlencode(asked))
        return status, body, "text/xml"

    async def _hub(self, path: str, token: str) -> dict[str, Any] | None:
        """Ask the hub; None where it does not know the token."""
        headers = {"Authorization": f"token {token}"}
        status, body = await self._ask("The hub", f"{self.relay.hub}/{path}", headers=headers)
        if status in {401, 403}:
            return None
        if status != 200:
            raise away("The hub")
        return _object(body)

    async def _ask(self, who: str, url: str, **request: Any) -> tuple[int, bytes]:
        try:
            answer = await self._http.fetch(
                httpclient.HTTPRequest(
                    url,
                    connect_timeout=5,
                    request_timeout=_TIMEOUT,
                    follow_redirects=False,
                    **request,
                ),
                raise_error=False,
            )
        except OSError as error:
            log.warning("%s does not answer: %s", who, type(error).__name__)
            raise away(who) from None
        if answer.code >= 500:  # 599: no answer at all
            log.warning("%s does not answer: %d %s", who, answer.code, type(answer.error).__name__)
            raise away(who)
        return answer.code, answer.body


def _ended(said: dict[str, Any]) -> bool:
    """Whether Keycloak says that the session of the token to be exchanged is over.

    It uses the error of RFC 8693, which is also that of requests with a mistake in them.
    """
    told = (said.get("error"), said.get("error_description"))
    return told == ("invalid_request", "Invalid token")


def _told(said: dict[str, Any]) -> str:
    """A provider's error in its own words, without what may be a token."""
    words = " ".join(str(said.get(key, "")) for key in ("error", "error_description")).split()
    return " ".join("…" if len(word) > 40 else word for word in words)[:160]


def _of_a_server(name: str, scopes: Any) -> bool:
    """Whether scopes let one into a server of the user's own, as a server's token does."""
    own = f"access:servers!server={name}/"
    every = {"access:servers", f"access:servers!user={name}"}
    return any(scope in every or scope.startswith(own) for scope in scopes)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


class RelayHandler(web.RequestHandler):
    """What the relay's handlers have in common: how they refuse."""

    def initialize(self, exchange: Exchange, rates: Rates) -> None:
        """Called by Tornado for each request."""
        self.exchange, self.rates = exchange, rates

    def set_default_headers(self) -> None:
        """Nothing here is kept by anybody."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def check_xsrf_cookie(self) -> None:
        """Nobody is known here by a cookie."""

    def limited(self, key: str, *, counted: bool = True) -> None:
        """Count a request.

        Raises:
            Refused: There were too many.
        """
        wait = self.rates.wait(key, counted=counted)
        if wait > 0:
            raise Refused(429, "too_many", "That was asked too often: wait a little.", wait)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors have the shape that those of the service have."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        code, message = "error", responses.get(status_code, "Error")
        if isinstance(error, Refused):
            status_code, code, message = error.status, error.code, error.message
            if error.again is not None:
                self.set_header("Retry-After", str(max(1, round(error.again))))
        self.set_status(status_code)
        told = {"code": code, "message": message, "hint": "", "details": {}}
        self.finish({"error": told, "message": message})

    def log_exception(self, *info: Any) -> None:
        """Refusals are answers; of all else nothing is logged that may hold a token."""
        if not isinstance(info[1], (Refused, web.HTTPError)):
            log.error("A request failed: %s", getattr(info[0], "__name__", "error"))


class TokenHandler(RelayHandler):
    """POST /token?name=…: a token of the owner of the server that asks."""

    async def post(self) -> None:
        """Answer `{"token": …, "exp": …}`."""
        scheme, _, hub_token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"token", "bearer"} or not hub_token.strip():
            raise Refused(401, "unknown_server", "Send the server's hub token.")
        self.limited(hub_token)
        guessing = f"guesses of {self.request.remote_ip}"
        self.limited(guessing, counted=False)
        try:
            given = await self.exchange.token_for(hub_token.strip(), self.get_argument("name", ""))
        except Refused as refused:
            if refused.status == 401:
                self.rates.wait(guessing)
            raise
        self.finish(given)


class KeysHandler(RelayHandler):
    """POST /sts: keys for S3, as a client asks S3 itself for them."""

    async def post(self) -> None:
        """Answer as S3 answered."""
        form = parse_qs(self.request.body.decode("utf-8", "replace"))
        self.limited(form.get("WebIdentityToken", [self.request.remote_ip or ""])[0])
        status, body, kind = await self.exchange.keys_for(form)
        self.set_status(status)
        self.set_header("Content-Type", kind)
        self.finish(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Clients of S3 read errors as STS writes them, and ask again for some of them."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        code, message = "InvalidAction", responses.get(status_code, "Error")
        if isinstance(error, Refused):
            status_code, message = error.status, error.message
            code = _STS_ERRORS.get(error.code, code)
        self.set_status(status_code)
        self.set_header("Content-Type", "text/xml")
        self.finish(
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            "</ErrorResponse>"
        )


class HealthHandler(web.RequestHandler):
    """GET /health."""

    def get(self) -> None:
        """Answer that it runs."""
        self.finish({"status": "ok"})


def _logged(handler: web.RequestHandler) -> None:
    """Log a request without its query, body and headers; probes ask every few seconds."""
    level = logging.DEBUG if isinstance(handler, HealthHandler) else logging.INFO
    level = logging.WARNING if handler.get_status() >= 500 else level
    log.log(level, "%d %s", handler.get_status(), handler.request.path)


def make_app(exchange: Exchange) -> web.Application:
    """Make the relay's web application."""
    rates = Rates(exchange.relay.requests_per_minute)
    known = {"exchange": exchange, "rates": rates}
    return web.Application(
        [
            (r"/(?:.*/)?token", TokenHandler, known),
            (r"/(?:.*/)?sts/?", KeysHandler, known),
            (r"/(?:.*/)?health", HealthHandler),
        ],
        log_function=_logged,
    )


async def serve(storage: Storage) -> None:
    """Answer until somebody ends the process (SIGTERM)."""
    exchange = Exchange(storage)
    server = HTTPServer(make_app(exchange), max_body_size=_BODY, idle_connection_timeout=60)
    host, _, port = exchange.relay.listen.rpartition(":")
    server.listen(int(port), address=host)
    log.info("The token relay listens on %s", exchange.relay.listen)
    ended = asyncio.Event()
    # As the first process of a container it would not be ended otherwise.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    try:
        await ended.wait()
    finally:
        server.stop()
        exchange.close()


def main(arguments: list[str] | None = None) -> None:
    """Run the relay."""
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_challenge.hub.relay", description="The token relay of a hub."
    )
    parser.add_argument("storage", type=Path, help="the storage.yaml")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        storage = load_storage(parser.parse_args(arguments).storage)
        asyncio.run(serve(storage))
    except InvalidStorage as error:
        sys.exit(f"{error.message} {error.hint}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
