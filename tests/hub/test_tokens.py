"""What the hook notes, and which of two auth states stays; the hub itself is in test_sign_in.py."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.web import HTTPError
from traitlets.config import Config

from jupyter_challenge.hub.limits import Rates
from jupyter_challenge.hub.tokens import (
    GROUPS_AGE,
    NOTE,
    FreshTokens,
    keep_signed_in,
    newer,
    note,
)


def jwt(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def refusal(status: int, said: Any) -> HTTPClientError:
    request = HTTPRequest("http://provider/token")
    body = io.BytesIO(said if isinstance(said, bytes) else json.dumps(said).encode())
    return HTTPClientError(status, response=HTTPResponse(request, status, buffer=body))


class User:
    """A user whose auth state is kept in memory."""

    name, admin = "alice", False

    def __init__(self, state: dict[str, Any] | None, *groups: str) -> None:
        self.state = state
        self.groups = [SimpleNamespace(name=group) for group in groups]

    async def get_auth_state(self) -> dict[str, Any] | None:
        return None if self.state is None else dict(self.state)

    async def save_auth_state(self, state: dict[str, Any]) -> None:
        self.state = state


class Provider:
    """An authenticator whose provider answers what a test says."""

    userdata_from_id_token = False

    def __init__(self, answer: Any, model: Any = None, *, manage_groups: bool = False) -> None:
        self.answer, self.model, self.asked, self.looked = answer, model, 0, 0
        self.manage_groups = manage_groups

    def build_refresh_token_request_params(self, token: str) -> dict[str, str]:
        return {"refresh_token": token}

    async def get_token_info(self, handler: None, params: dict[str, str]) -> dict[str, Any]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict(self.answer)

    async def _token_to_auth_model(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.looked += 1
        await asyncio.sleep(0)
        if isinstance(self.model, Exception):
            raise self.model
        state = {"access_token": answer["access_token"], "refresh_token": answer["refresh_token"]}
        return {"name": "alice", "groups": ["new"], "auth_state": state, **(self.model or {})}


def old(left: float = -1, **noted: Any) -> dict[str, Any]:
    note = {"renewed_at": 0, "expires_at": time.time() + left, "life": 60, **noted}
    tokens = {"access_token": "old", "refresh_token": "r1"}
    return {**tokens, "token_response": dict(tokens), NOTE: note}


ANSWER = {"access_token": "new", "refresh_token": "r2", "expires_in": 60}


@pytest.mark.parametrize(
    ("answer", "life"),
    [
        pytest.param({"access_token": "opaque", "expires_in": 60}, 60, id="opaque"),
        pytest.param({"access_token": "opaque"}, 300, id="opaque-with-nothing-said"),
        pytest.param({"access_token": "jwt"}, 90, id="jwt"),
        pytest.param({"access_token": "a.b.c"}, 300, id="only-looks-like-a-jwt"),
    ],
)
def test_it_is_noted_how_long_a_token_lives(answer: dict[str, Any], life: float) -> None:
    if answer["access_token"] == "jwt":
        answer = {"access_token": jwt(exp=time.time() + 90)}

    noted = FreshTokens(300).note_of(answer)

    assert noted["life"] == pytest.approx(life, abs=20)
    assert noted["expires_at"] == pytest.approx(time.time() + life, abs=20)


@pytest.mark.parametrize(
    ("state", "asked", "result"),
    [
        pytest.param(lambda: None, 0, None, id="no-auth-state"),
        pytest.param(lambda: old(50), 0, True, id="young"),
        pytest.param(lambda: old(20), 1, "model", id="half-of-its-life-is-over"),
        pytest.param(
            lambda: {"access_token": "a", "refresh_token": "r"}, 1, "model", id="nothing-noted"
        ),
        pytest.param(lambda: old(refused=True), 0, False, id="refused-before"),
        pytest.param(
            lambda: {**old(), "refresh_token": None}, 0, False, id="over-and-nothing-to-renew-by"
        ),
        pytest.param(lambda: {**old(9), "refresh_token": None}, 0, True, id="lives-on"),
    ],
)
def test_a_token_is_renewed_in_good_time(state: Callable[[], Any], asked: int, result: Any) -> None:
    there = state()
    user, provider = User(there), Provider(ANSWER)

    given = asyncio.run(FreshTokens(300).refresh(provider, user, there))

    assert provider.asked == asked
    assert (given["groups"] == ["new"]) if result == "model" else given is result


def test_what_is_saved_has_the_new_tokens() -> None:
    user = User(old())

    asyncio.run(FreshTokens().refresh(Provider(ANSWER), user, user.state))

    assert user.state is not None
    assert (user.state["access_token"], user.state["refresh_token"]) == ("new", "r2")
    assert note(user.state)["expires_at"] == pytest.approx(time.time() + 60, abs=20)


@pytest.mark.parametrize(
    ("error", "result", "refused"),
    [
        pytest.param(refusal(400, {"error": "invalid_grant"}), False, True, id="revoked"),
        pytest.param(HTTPError(403, "error_description"), False, True, id="refused-with-200"),
        pytest.param(refusal(401, {"error": "invalid_client"}), True, False, id="our-mistake"),
        pytest.param(refusal(400, b"<html>"), True, False, id="a-proxy"),
        pytest.param(refusal(503, b""), True, False, id="overloaded"),
        pytest.param(HTTPClientError(599), True, False, id="no-answer"),
        pytest.param(ConnectionRefusedError(), True, False, id="no-connection"),
    ],
)
def test_only_the_providers_refusal_ends_a_sign_in(
    error: Exception, result: bool, refused: bool
) -> None:
    user, provider, fresh = User(old()), Provider(error), FreshTokens()

    given = [asyncio.run(fresh.refresh(provider, user, user.state)) for _ in range(3)]

    assert given == [result] * 3
    assert provider.asked == 1, "asked again at once"
    assert bool(note(user.state or {}).get("refused")) is refused


@pytest.mark.parametrize(
    ("model", "result"),
    [
        pytest.param(HTTPClientError(599), True, id="no-answer"),
        pytest.param(OSError(), True, id="no-connection"),
        pytest.param(refusal(401, b""), False, id="unknown-user"),
        pytest.param({"name": "alicia"}, False, id="another-name"),
    ],
)
def test_the_new_refresh_token_is_saved_whatever_comes_then(model: Any, result: bool) -> None:
    user = User(old())

    given = asyncio.run(FreshTokens().refresh(Provider(ANSWER, model), user, user.state))

    assert given is result
    assert user.state is not None
    assert user.state["refresh_token"] == "r2"


@pytest.mark.parametrize(
    ("model", "result"),
    [
        pytest.param({}, {"name": "alice", "groups": ["new"]}, id="another-group"),
        pytest.param({"groups": ["old"]}, True, id="as-before"),
        pytest.param({"groups": []}, {"name": "alice", "groups": []}, id="no-group-any-more"),
        pytest.param({"name": "alicia"}, False, id="another-name"),
        pytest.param(HTTPClientError(599), True, id="no-answer"),
        pytest.param(ConnectionRefusedError(), True, id="no-connection"),
        pytest.param(refusal(503, b""), True, id="overloaded"),
        pytest.param(ValueError("no JSON"), True, id="a-proxy"),
    ],
)
def test_a_young_token_serves_to_ask_for_the_groups(model: Any, result: Any) -> None:
    there = old(50)
    user, provider = User(there, "old"), Provider(ANSWER, model, manage_groups=True)

    given = asyncio.run(FreshTokens(300).refresh(provider, user, there))

    assert given == result
    assert (provider.asked, provider.looked) == (0, 1), "the token was renewed before its time"
    assert user.state == there


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        pytest.param(ANSWER, "new", id="the-token-alone"),
        pytest.param(refusal(400, {"error": "invalid_grant"}), False, id="the-sign-in"),
        pytest.param(HTTPClientError(599), True, id="nobody-can-say"),
    ],
)
def test_a_renewal_tells_what_was_taken_back(answer: Any, result: Any) -> None:
    class Refusing(Provider):
        async def _token_to_auth_model(self, given: dict[str, Any]) -> dict[str, Any]:
            if given["access_token"] == "old":
                raise refusal(401, b"")
            return await super()._token_to_auth_model(given)

    user, provider = User(old(50), "old"), Refusing(answer, manage_groups=True)

    given = asyncio.run(FreshTokens(300).refresh(provider, user, user.state))

    assert (given["groups"] == ["new"]) if result == "new" else given is result
    assert provider.asked == 1


def test_who_asks_at_the_same_time_asks_for_the_groups_once() -> None:
    user, provider = User(old(50), "old"), Provider(ANSWER, manage_groups=True)
    fresh = FreshTokens(300)

    async def ask(times: int) -> list[Any]:
        return await asyncio.gather(
            *(fresh.refresh(provider, user, user.state) for _ in range(times))
        )

    first = asyncio.run(ask(10))
    later = asyncio.run(ask(1))

    assert [each is True for each in first] == [False] + [True] * 9
    assert provider.looked == 2
    assert later[0]["groups"] == ["new"]


def test_a_provider_that_is_away_is_not_asked_for_groups_at_every_request() -> None:
    user = User(old(50), "old")
    provider = Provider(ANSWER, HTTPClientError(599), manage_groups=True)
    fresh = FreshTokens(300)

    given = [asyncio.run(fresh.refresh(provider, user, user.state)) for _ in range(3)]

    assert (given, provider.looked) == ([True] * 3, 1)


@pytest.mark.parametrize(
    ("life", "groups", "age"),
    [
        pytest.param(300, "groups", GROUPS_AGE, id="long-tokens"),
        pytest.param(12, "groups", 4, id="short-tokens"),
        pytest.param(300, "", 100, id="groups-of-the-hub"),
    ],
)
def test_the_hub_looks_at_a_sign_in_as_often_as_the_groups_need(
    life: float, groups: str, age: int
) -> None:
    c = Config()

    keep_signed_in(c, token_life=life, groups=groups)

    assert c.Authenticator.auth_refresh_age == age
    assert GROUPS_AGE <= 30, "with the service's half a minute it would be more than a minute"


@pytest.mark.parametrize(
    ("coming", "existing", "kept"),
    [
        pytest.param({"renewed_at": 2}, {"renewed_at": 1}, "coming", id="newer"),
        pytest.param({"renewed_at": 1}, {"renewed_at": 2}, "existing", id="a-later-one-was-saved"),
        pytest.param({"renewed_at": 1}, {"renewed_at": 1}, "coming", id="the-same"),
        pytest.param(
            {"renewed_at": 1}, {"renewed_at": 1, "refused": True}, "existing", id="refused-since"
        ),
        pytest.param({"renewed_at": 2}, {"renewed_at": 1, "refused": True}, "coming", id="sign-in"),
        pytest.param({"renewed_at": 2}, None, "coming", id="the-first"),
        pytest.param({"renewed_at": 2}, {}, "coming", id="one-of-before"),
    ],
)
def test_no_auth_state_goes_back_to_an_older_one(coming: Any, existing: Any, kept: str) -> None:
    there = None if existing is None else {"which": "existing", NOTE: existing}

    stays = newer(None, {"auth_state": {"which": "coming", NOTE: coming}}, there)

    assert stays["which"] == kept


def test_who_asks_too_often_waits_and_others_do_not() -> None:
    rates = Rates(per_minute=30)

    waits = [rates.wait("a") for _ in range(10)]

    assert waits[:7] == [0] * 7
    assert 0 < waits[-1] <= 2
    assert rates.wait("b") == 0


def test_looking_whether_one_may_ask_counts_nothing() -> None:
    rates = Rates(per_minute=5)

    assert [rates.wait("a", counted=False) for _ in range(10)] == [0] * 10
