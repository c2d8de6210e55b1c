"""Keycloak as the provider of a hub: its own form, rotation of refresh tokens, token exchange."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from jupyter_challenge.core.compute import load_catalogue
from tests.hub.kept_server import KeptServer, kept_server
from tests.hub.keycloak import HOME, Keycloak, keycloak
from tests.hub.openid import PEOPLE
from tests.hub.signed_in_hub import SignedInHub, claims, code, signed_in_hub, until

LIFE = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInHub]:
    if not HOME.exists():
        pytest.skip("Keycloak is not there: run .ci/keycloak")
    folder = tmp_path_factory.mktemp("hub")
    with signed_in_hub(folder, LIFE, partial(keycloak, folder)) as running:
        yield running


@pytest.fixture
def alice(hub: SignedInHub) -> Iterator[httpx.Client]:
    with hub.browser("alice") as browser:
        yield browser


@pytest.fixture(scope="module")
def server(hub: SignedInHub) -> Iterator[KeptServer]:
    with kept_server(hub) as found:
        yield found


def test_who_signs_in_by_its_form_has_tokens_and_one_of_ones_own(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    state = hub.user("alice")["auth_state"]
    given = hub.ask(hub.server_token("alice"))

    assert {"access_token", "refresh_token", "id_token"} <= {*state}
    assert claims(state["access_token"])["iss"] == hub.provider.url
    assert state["jupyter_challenge"]["life"] == pytest.approx(LIFE, abs=2)
    assert given.status_code == 200, given.text
    said = claims(given.json()["token"])
    assert (said["aud"], said["preferred_username"]) == ("s3", "alice")
    assert given.json()["exp"] == pytest.approx(said["exp"], abs=3)


def test_its_groups_are_profiles_and_rights(hub: SignedInHub, alice: httpx.Client) -> None:
    organise = "custom:challenge:organise"
    with hub.browser("carol"):
        found = {name: hub.user(name) for name in ("alice", "carol")}
        may = [hub.hub.ask("GET", "/user", token=hub.hub.token(name)) for name in found]

    assert {name: {*said["groups"]} for name, said in found.items()} == {
        name: {*PEOPLE[name]} for name in found
    }
    assert [organise in said["scopes"] for said in may] == [False, True]
    catalogue = load_catalogue(hub.folder / "profiles.yaml")
    assert len(catalogue.usable_by(found["alice"]["groups"])) == 2
    with hub.browser("bob"):
        offered = catalogue.usable_by(hub.user("bob")["groups"])
    assert [profile.id for profile in offered] == ["cpu"]


def test_ten_at_once_with_an_old_token_renew_it_once(hub: SignedInHub, alice: httpx.Client) -> None:
    token = hub.server_token("alice")
    hub.grown_old("alice")
    before = hub.provider.counts
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(hub.ask, [token] * 10))

    assert [answer.status_code for answer in answers] == [200] * 10
    after = hub.provider.counts
    assert after["refreshed"] - before["refreshed"] == 1
    assert after["refused"] == before["refused"]


def test_a_refresh_token_used_twice_ends_the_session_at_once(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    """What the one renewal at a time is for, and that this Keycloak would notice two."""
    provider, token = hub.provider, hub.server_token("alice")
    spent = hub.user("alice")["auth_state"]["refresh_token"]
    hub.grown_old("alice")
    assert hub.ask(token).status_code == 200
    form = {"client_id": provider.client, "client_secret": provider.secret}
    form |= {"grant_type": "refresh_token", "refresh_token": spent}
    again = httpx.post(provider.token, data=form, timeout=30)
    # The hub has a token that would live for some time yet.
    ended = hub.ask(token)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (ended.status_code, code(ended)) == (409, "signed_out")
    with hub.browser("alice"):
        assert hub.ask(token).status_code == 200


def test_what_it_does_not_exchange_is_the_admins_to_mend(
    hub: SignedInHub, alice: httpx.Client
) -> None:
    refused = hub.ask(hub.server_token("alice"), "elsewhere")

    assert (refused.status_code, code(refused)) == (502, "misconfigured")
    told = "No token for audience elsewhere: 400 invalid_client Audience not found\n"
    assert told in hub.log("relay")


def test_a_servers_token_is_never_over(server: KeptServer) -> None:
    seen = set()
    over = time.monotonic() + 1.3 * LIFE
    while time.monotonic() < over:
        assert server.claims["exp"] > time.time()
        seen.add(server.claims["jti"])
        time.sleep(0.5)

    assert len(seen) >= 2


def test_whose_session_was_ended_is_told_and_signs_in_again(server: KeptServer) -> None:
    with server.hub.browser("alice") as browser:
        server.hub.provider.revoke("alice")
        until(lambda: server.state() == "signed_out", 4 * LIFE, "that she is signed out")
        told = next(each for each in server.ask().json()["tokens"] if each["name"] == "s3")
        page = until(lambda: _to_login(server, browser), 2 * LIFE, "the hub's login")
    with server.hub.browser("alice"):
        again = server.state("POST")

    assert told["message"] == "Your sign-in has ended: sign in at the hub again."
    assert "/hub/login" in page
    assert again == "fresh"
    assert server.claims["exp"] > time.time()


def _to_login(server: KeptServer, browser: httpx.Client) -> str:
    page = browser.get(f"{server.hub.hub.url}/hub/home")
    return page.headers["location"] if page.status_code == 302 else ""


def test_no_token_is_in_a_log(hub: SignedInHub, alice: httpx.Client) -> None:
    provider = hub.provider
    assert isinstance(provider, Keycloak)
    token = hub.server_token("alice")
    secrets = {token, hub.relay_token, provider.secret, hub.ask(token).json()["token"]}
    state = hub.user("alice")["auth_state"]
    secrets |= {state[key] for key in ("access_token", "refresh_token", "id_token")}

    for name in ("hub", "relay"):
        assert [each for each in secrets if each in hub.log(name)] == []
