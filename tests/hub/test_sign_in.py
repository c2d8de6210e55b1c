"""A hub whose users stay signed in, and the relay that gives their servers tokens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.hub.signed_in_hub import SignedInHub, claims, code, signed_in_hub, until

LIFE = 12

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInHub]:
    with signed_in_hub(tmp_path_factory.mktemp("hub"), LIFE) as running:
        yield running


@pytest.fixture
def alice(hub: SignedInHub) -> Iterator[httpx.Client]:
    with hub.browser("alice") as browser:
        yield browser


def test_a_server_gets_a_token_of_its_owner_for_the_audience(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    given = hub.ask(hub.server_token("alice"))

    assert given.status_code == 200, given.text
    assert given.headers["Cache-Control"] == "no-store"
    said = claims(given.json()["token"])
    assert (said["aud"], said["preferred_username"]) == ("s3", "alice")
    assert given.json()["exp"] == pytest.approx(said["exp"], abs=3)
    assert set(given.json()) == {"token", "exp"}


def test_the_hub_has_the_groups_of_the_provider(hub: SignedInHub, alice: httpx.Client) -> None:
    assert set(hub.user("alice")["groups"]) == {"team-a", "gpu-users"}


def test_ten_at_once_with_an_old_token_renew_it_once(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    hub.grown_old("alice")
    before = hub.provider.counts
    hub.provider.slow(0.5)
    try:
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(hub.ask, [token] * 10))
    finally:
        hub.provider.slow(0)

    assert [answer.status_code for answer in answers] == [200] * 10
    after = hub.provider.counts
    assert after["refreshed"] - before["refreshed"] == 1
    assert after["refused"] == before["refused"]


def test_a_sign_in_lasts_longer_than_its_tokens(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    over = time.monotonic() + 1.7 * LIFE
    while time.monotonic() < over:
        answer = hub.ask(token)
        assert answer.status_code == 200, answer.text
        assert hub.user("alice")["auth_state"]["jupyter_challenge"]["expires_at"] > time.time()
        time.sleep(2)


def test_a_hub_that_was_away_goes_on_with_the_sign_in(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    token = hub.server_token("alice")
    hub.hub.stop()
    away = hub.ask(token)
    grown_old_at = time.monotonic() + LIFE / 2 + 1
    hub.hub.start()
    time.sleep(max(0, grown_old_at - time.monotonic()))
    before = hub.provider.counts
    answer = hub.ask(token)

    assert (away.status_code, code(away)) == (503, "away")
    assert away.headers["Retry-After"]
    assert answer.status_code == 200, answer.text
    assert hub.provider.counts["refused"] == before["refused"]


def test_a_hub_killed_in_the_middle_of_a_renewal_asks_for_a_sign_in_at_worst(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    token = hub.server_token("alice")
    hub.grown_old("alice")
    hub.provider.slow(2)
    asking = threading.Thread(target=hub.ask, args=[token])
    asking.start()
    until(lambda: hub.provider.counts["asking"], 10, "a renewal that is not answered yet")
    hub.hub.stop(at_once=True)
    asking.join()
    hub.provider.slow(0)
    hub.hub.start()

    # The provider gave the one new refresh token to nobody.
    answer = until(lambda: _settled(hub, token), LIFE * 2, "an answer that is no 503")
    assert answer.status_code == 200 or (answer.status_code, code(answer)) == hub.ended
    with hub.browser("alice"):
        assert hub.ask(token).status_code == 200


def _settled(hub: SignedInHub, token: str) -> httpx.Response | None:
    answer = hub.ask(token)
    return None if answer.status_code == 503 else answer


def test_a_provider_that_is_away_ends_no_sign_in(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    before = hub.provider.counts
    hub.provider.away(True)
    try:
        time.sleep(LIFE + 1)
        answers = [hub.ask(token) for _ in range(3)]
        page = alice.get(f"{hub.hub.url}/hub/home")
    finally:
        hub.provider.away(False)
    back = until(lambda: _settled(hub, token), LIFE * 2, "a token once the provider is back")

    assert [(answer.status_code, code(answer)) for answer in answers] == [(503, "away")] * 3
    assert (page.status_code, page.url.path) == (200, "/hub/home")
    assert back.status_code == 200, back.text
    after = hub.provider.counts
    assert (after["signedIn"], after["refused"]) == (before["signedIn"], before["refused"])


def test_a_relay_that_was_killed_goes_on(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    hub.stop_relay()
    with pytest.raises(httpx.ConnectError):
        hub.ask(token)
    hub.start_relay()

    assert hub.ask(token).status_code == 200


def test_a_sign_in_that_was_revoked_has_to_be_made_again(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    token = hub.server_token("alice")
    before = hub.provider.counts
    hub.provider.revoke("alice")
    hub.grown_old("alice")
    answers = [hub.ask(token) for _ in range(3)]
    page = alice.get(f"{hub.hub.url}/hub/home")

    assert [(answer.status_code, code(answer)) for answer in answers] == [hub.ended] * 3
    assert hub.provider.counts["refused"] - before["refused"] == 1
    assert page.status_code == 302
    assert "/hub/login" in page.headers["location"]
    with hub.browser("alice"):
        assert hub.ask(token).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        pytest.param(["read:users!user=alice"], 403, id="reads-its-user"),
        pytest.param(["access:servers!server=alice/"], 200, id="a-server"),
        pytest.param(["access:servers!server=alice/second"], 200, id="a-named-server"),
        pytest.param(["self"], 200, id="all-that-the-user-may"),
    ],
)
def test_only_what_may_enter_ones_own_server_gets_a_token(
    hub: SignedInHub, alice: httpx.Client, scopes: list[str], status: int
) -> None:
    assert hub.ask(hub.server_token("alice", scopes)).status_code == status


def test_a_server_gets_no_token_of_its_visitors(hub: SignedInHub, alice: httpx.Client) -> None:
    with hub.browser("bob"):
        visiting = hub.server_token("bob", ["access:servers!server=alice/"])

        answer = hub.ask(visiting)

    assert (answer.status_code, code(answer)) == (403, "not_a_server")


def test_what_is_no_token_gets_none(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    forged = token[:-4] + ("0000" if token[-4:] != "0000" else "1111")

    for bad in (forged, "x" * 8000, hub.user("alice")["auth_state"]["access_token"]):
        answer = hub.ask(bad)
        assert (answer.status_code, code(answer)) == (401, "unknown_server")
    assert code(hub.ask(hub.other_token)) == "not_a_server"


def test_a_token_is_for_its_groups_and_known_audiences_only(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    token = hub.server_token("alice")

    assert (hub.ask(token, "team").status_code, hub.ask(token, "nothing").status_code) == (403, 404)
    elsewhere = hub.ask(token, "elsewhere")
    assert (elsewhere.status_code, code(elsewhere)) == (502, "misconfigured")
    with hub.browser("bob"):
        assert hub.ask(hub.server_token("bob"), "team").status_code == 200


def test_no_token_is_in_a_log_or_on_the_disk(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    given = hub.ask(token).json()["token"]
    hub.grown_old("alice")
    first = hub.user("alice")["auth_state"]
    assert hub.ask(token).status_code == 200
    second = hub.user("alice")["auth_state"]

    secrets = {given, token, hub.relay_token, "hub-secret"}
    for state in (first, second):
        secrets |= {state[key] for key in ("access_token", "refresh_token", "id_token")}
    assert first["refresh_token"] != second["refresh_token"]
    for name in ("hub", "relay"):
        assert [each for each in secrets if each in hub.log(name)] == []
    database = Path(hub.folder, "hub.sqlite").read_bytes()
    assert [each for each in secrets if each.encode() in database] == []
