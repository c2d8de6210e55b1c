"""Who signed in at a JupyterHub is known to the service: by a real hub's tokens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.hub.challenge_service import SCOPES
from jupyter_challenge.service.serve import signed_in_app
from tests.hub.local_hub import LocalHub, local_hub
from tests.service.folders import zipped
from tests.service.world import World, client, predictions
from tests.tiny import write_challenge

pytestmark = pytest.mark.timeout(180)

ACCESS = "access:services!service=challenge"
SUBMIT, ORGANISE, ADMIN = SCOPES
SERVICE = """
from jupyter_challenge.hub.challenge_service import ChallengeService, add_service
add_service(c, ChallengeService(
    "http://challenge:8790", participants=["students"], organisers=["staff"], admins=["roots"],
))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    with local_hub(tmp_path_factory.mktemp("hub"), SERVICE) as found:
        found.add("ana", "students", "team-a")
        found.add("gus")
        found.add("odo", "staff")
        found.add("rita", "roots")
        yield found


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(make_world: Callable[..., World], hub: LocalHub) -> Iterator[Ask]:
    """Ask a service that lets this hub's users in."""
    world = make_world(place="serve", hub_api_url=hub.api_url, hub_fresh_seconds=1)
    world.publish()
    with client(signed_in_app(world.embedded)) as http:

        def asked(token: str, path: str, method: str = "GET", **request: Any) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"}
            return http.request(method, path, headers=headers, **request)

        yield asked


def error(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def folder_of(tmp_path: Path, name: str) -> dict[str, Any]:
    zipped_folder = zipped(write_challenge(tmp_path / name, id=name))
    return {"files": {"folder": ("folder.zip", zipped_folder)}}


def test_the_hub_says_who_somebody_is(hub: LocalHub, ask: Ask) -> None:
    found = ask(hub.token("ana", [ACCESS, SUBMIT]), "/me").json()

    assert (found["name"], found["groups"]) == ("ana", ["students", "team-a"])
    assert found["admin"] is False
    assert ask(hub.token("rita", [ACCESS, ADMIN]), "/me").json()["admin"] is True


def test_one_enters_and_submits_with_the_hubs_token(hub: LocalHub, ask: Ask) -> None:
    token = hub.token("ana", [ACCESS, SUBMIT])

    entered = ask(token, "/challenges/tiny/entry", "PUT", json={})
    answer = ask(
        token, "/challenges/tiny/submissions", "POST",
        files={"bundle": predictions(public=0.8)},
        data={"request": '{"kind": "predictions", "entry": "predictions.csv"}'},
    )  # fmt: skip

    assert entered.status_code == 200, entered.text
    assert answer.status_code == 201, answer.text
    assert answer.json()["team"]["name"] == "ana"


def test_who_may_not_take_part_looks_on(hub: LocalHub, ask: Ask) -> None:
    token = hub.token("gus", [ACCESS])

    seen = ask(token, "/challenges/tiny")
    refused = ask(token, "/challenges/tiny/entry", "PUT", json={})

    assert seen.status_code == 200
    assert refused.status_code == 403
    assert error(refused)["message"] == "gus may look at challenges, and not take part."


def test_organisers_publish_what_is_new_and_nobody_elses(
    hub: LocalHub, ask: Ask, tmp_path: Path
) -> None:
    token = hub.token("odo", [ACCESS, ORGANISE])

    new = ask(token, "/challenges", "POST", **folder_of(tmp_path, "fresh"))
    others = ask(token, "/challenges", "POST", **folder_of(tmp_path, "tiny"))
    participants = ask(
        hub.token("ana", [ACCESS, SUBMIT]), "/challenges", "POST", **folder_of(tmp_path, "more")
    )

    assert new.status_code == 201, new.text
    assert (others.status_code, participants.status_code) == (403, 403)


@pytest.mark.parametrize("token", ["", "x", "0" * 32], ids=["empty", "short", "made-up"])
def test_a_token_that_the_hub_does_not_know_is_nobodys(ask: Ask, token: str) -> None:
    refused = ask(token, "/me")

    assert refused.status_code == 401
    assert error(refused)["code"] == "not_signed_in"


def test_a_token_for_something_else_is_refused(hub: LocalHub, ask: Ask) -> None:
    refused = ask(hub.token("ana", [SUBMIT]), "/me")

    assert refused.status_code == 403
    assert error(refused)["message"] == "The token of ana is not for challenges."


def test_a_services_token_is_no_users(hub: LocalHub, ask: Ask) -> None:
    assert ask(hub.admin, "/me").status_code == 401


def test_a_group_that_one_left_is_noticed(hub: LocalHub, ask: Ask) -> None:
    hub.add("pia", "students", "team-b")
    token = hub.token("pia", [ACCESS, SUBMIT])
    assert ask(token, "/me").json()["groups"] == ["students", "team-b"]

    hub.ask("DELETE", "/groups/team-b/users", json={"users": ["pia"]})
    # The service was told to ask anew after a second; the most that it may be told is a minute.
    time.sleep(1.1)

    assert ask(token, "/me").json()["groups"] == ["students"]


def test_a_hub_that_is_away_is_said_so(hub: LocalHub, ask: Ask) -> None:
    token = hub.token("ana", [ACCESS, SUBMIT])
    hub.stop()
    try:
        refused = ask(token, "/me")
        assert refused.status_code == 503
        assert error(refused)["message"] == "The hub cannot be asked who you are."
    finally:
        hub.start()

    assert ask(token, "/me").json()["name"] == "ana"
