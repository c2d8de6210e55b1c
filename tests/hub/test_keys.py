"""S3's keys by way of the relay: only that one request goes on, and errors are S3's."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from tornado import httpclient, web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from jupyter_challenge.core.storage import Storage
from jupyter_challenge.hub.relay import Exchange, make_app

ASKED = {
    "Action": "AssumeRoleWithWebIdentity",
    "Version": "2011-06-15",
    "RoleArn": "arn:x",
    "RoleSessionName": "alice",
    "WebIdentityToken": "a-token",
}


class Sts(web.RequestHandler):
    """S3's own end point: it keeps what it is asked."""

    def initialize(self, asked: list[dict[str, str]]) -> None:
        self.asked = asked

    def check_xsrf_cookie(self) -> None:
        pass

    def post(self) -> None:
        self.asked.append({name: self.get_body_argument(name) for name in self.request.arguments})
        self.set_header("Content-Type", "text/xml")
        self.finish("<AssumeRoleWithWebIdentityResponse/>")


def listening(app: web.Application) -> tuple[HTTPServer, str]:
    (socket,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(app)
    server.add_socket(socket)
    return server, f"http://127.0.0.1:{socket.getsockname()[1]}"


def relayed(
    look: Callable[[Callable[..., Awaitable[Any]], list[dict[str, str]]], Awaitable[Any]],
    *,
    away: bool = False,
    per_minute: int = 60,
) -> Any:
    async def all_of_it() -> Any:
        asked: list[dict[str, str]] = []
        sts, address = listening(web.Application([(r"/", Sts, {"asked": asked})]))
        if away:
            sts.stop()
        storage = Storage.model_validate(
            {
                "relay": {
                    "url": "http://relay",
                    "hub": "http://hub",
                    "provider": "http://provider",
                    "client": "hub",
                    "requests_per_minute": per_minute,
                },
                "tokens": [{"name": "s3", "audience": "s3"}],
                "s3": {"role": "arn:x", "token": "s3", "sts": address, "keys_live": "30 min"},
            }
        )
        exchange = Exchange(storage)
        relay, relay_address = listening(make_app(exchange))
        client = httpclient.AsyncHTTPClient(force_instance=True)

        async def ask(**said: str) -> httpclient.HTTPResponse:
            return await client.fetch(
                f"{relay_address}/sts/", method="POST", body=urlencode(said), raise_error=False
            )

        try:
            return await look(ask, asked)
        finally:
            relay.stop()
            sts.stop()
            exchange.close()
            client.close()

    return asyncio.run(all_of_it())


def code(answer: httpclient.HTTPResponse) -> str | None:
    return ElementTree.fromstring(answer.body).findtext(".//{*}Code")


def test_the_length_is_added_and_nothing_else_goes_on() -> None:
    async def look(ask: Any, asked: Any) -> Any:
        answer = await ask(**ASKED, DurationSeconds="43200", Policy="{}")
        return answer.code, answer.body, asked

    status, body, asked = relayed(look)

    assert (status, body) == (200, b"<AssumeRoleWithWebIdentityResponse/>")
    assert asked == [{**ASKED, "DurationSeconds": "1800"}]


@pytest.mark.parametrize("action", ["AssumeRole", "GetCallerIdentity", ""])
def test_no_other_request_goes_on(action: str) -> None:
    async def look(ask: Any, asked: Any) -> Any:
        answer = await ask(**{**ASKED, "Action": action})
        return answer.code, code(answer), asked

    assert relayed(look) == (404, "InvalidAction", [])


def jwt(until: float) -> str:
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, {"exp": until}))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "x"])


def test_a_token_that_has_ended_is_called_so() -> None:
    async def look(ask: Any, asked: Any) -> Any:
        over = await ask(**{**ASKED, "WebIdentityToken": jwt(time.time() - 1)})
        alive = await ask(**{**ASKED, "WebIdentityToken": jwt(time.time() + 60)})
        return over.code, code(over), b"gets a new one by itself" in over.body, alive.code, asked

    *answers, asked = relayed(look)

    assert answers == [400, "ExpiredTokenException", True, 200]
    assert len(asked) == 1


def test_a_store_that_is_away_is_told_as_it_would_itself() -> None:
    async def look(ask: Any, asked: Any) -> Any:
        answer = await ask(**ASKED)
        return answer.code, code(answer)

    assert relayed(look, away=True) == (503, "ServiceUnavailable")


def test_who_asks_too_often_is_slowed() -> None:
    async def look(ask: Any, asked: Any) -> Any:
        answers = [await ask(**ASKED) for _ in range(8)]
        return [answer.code for answer in answers], code(answers[-1])

    codes, last = relayed(look, per_minute=10)

    assert codes[0] == 200
    assert (codes[-1], last) == (429, "Throttling")
