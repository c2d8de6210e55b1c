"""Groups of an OpenID provider at the service: who leaves one loses what it gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_challenge.hub.challenge_service import SCOPES
from jupyter_challenge.service.serve import signed_in_app
from tests.hub.openid import OpenID
from tests.hub.signed_in_hub import SignedInHub, signed_in_hub, until
from tests.service.folders import zipped
from tests.service.world import World, client
from tests.tiny import write_challenge

pytestmark = pytest.mark.timeout(180)

LIFE = 300
"""Seconds of a token: none has to be renewed in this test."""
SOONER = """
c.Authenticator.auth_refresh_age = 1  # half a minute takes too long here
"""
_, ORGANISE, *_ = SCOPES


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInHub]:
    with signed_in_hub(tmp_path_factory.mktemp("hub"), LIFE, more=SOONER) as running:
        yield running


def test_who_leaves_the_organisers_group_can_publish_no_more(
    hub: SignedInHub, make_world: Callable[..., World], tmp_path: Path
) -> None:
    world = make_world(place="serve", hub_api_url=hub.hub.api_url, hub_fresh_seconds=1)
    assert isinstance(hub.provider, OpenID)

    with hub.browser("carol"), client(signed_in_app(world.embedded)) as service:
        held = hub.hub.token("carol", ["access:services!service=challenge", ORGANISE])

        def publish(name: str) -> httpx.Response:
            folder = zipped(write_challenge(tmp_path / name, id=name))
            return service.post(
                "/challenges",
                files={"folder": ("folder.zip", folder)},
                headers={"Authorization": f"Bearer {held}"},
            )

        before = publish("first")
        hub.provider.groups("carol", "gpu-users")
        number = iter(range(100))
        refused = until(
            lambda: (answer := publish(f"later-{next(number)}")).status_code == 403 and answer,
            30,
            "carol publishes no more",
        )
        groups = hub.user("carol")["groups"]
        hub.provider.groups("carol", "organisers", "gpu-users")
        again = until(
            lambda: (answer := publish(f"again-{next(number)}")).status_code == 201 and answer, 30
        )

    assert before.status_code == 201, before.text
    assert refused.json()["error"]["code"] == "forbidden", refused.text
    assert groups == ["gpu-users"]
    assert again.json()["id"].startswith("again-")
    assert hub.provider.counts["refreshed"] == 0, "it took a renewal of the token"


def test_a_provider_that_is_away_takes_nobody_out_of_a_group(hub: SignedInHub) -> None:
    assert isinstance(hub.provider, OpenID)
    with hub.browser("alice"):
        token = hub.server_token("alice", ["self"])
        hub.provider.groups("alice")
        hub.provider.away(True)
        try:
            told = [
                until(lambda: hub.hub.ask("GET", "/user", token=token), 30)["groups"]
                for _ in range(3)
            ]
        finally:
            hub.provider.away(False)
        until(lambda: not hub.hub.ask("GET", "/user", token=token)["groups"], 30)

    assert [set(groups) for groups in told] == [{"team-a", "gpu-users"}] * 3
