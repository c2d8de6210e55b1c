"""A server that a hub started keeps its owner's tokens fresh: all real, but for the cluster."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.hub.kept_server import KeptServer, kept_server
from tests.hub.signed_in_hub import signed_in_hub, until

LIFE = 12
TOLD = {
    "signed_out": "Your sign-in has ended: sign in at the hub again.",
    "unknown_server": (
        "The hub does not know this server: sign in at the hub again, or start the server again."
    ),
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptServer]:
    with (
        signed_in_hub(tmp_path_factory.mktemp("hub"), LIFE) as hub,
        kept_server(hub) as found,
    ):
        yield found


def test_a_server_has_its_owners_token_in_a_file(server: KeptServer) -> None:
    status = server.file.lstat()

    assert stat.S_ISREG(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o400
    assert status.st_uid == os.getuid()
    assert stat.S_IMODE(server.file.parent.stat().st_mode) == 0o700
    assert (server.claims["preferred_username"], server.claims["aud"]) == ("alice", "s3")


def test_the_token_is_never_over(server: KeptServer) -> None:
    seen = set()
    over = time.monotonic() + 1.7 * LIFE
    while time.monotonic() < over:
        assert server.claims["exp"] > time.time()
        seen.add(server.claims["jti"])
        time.sleep(0.5)

    assert len(seen) >= 2


def test_the_owner_sees_how_the_tokens_are_and_nobody_else_does(server: KeptServer) -> None:
    said = server.ask().json()
    with server.hub.browser("bob"):
        visitor = server.hub.server_token("bob", ["access:servers!server=alice/"])
        refused = server.ask(token=visitor)

    states = {each["name"]: each["state"] for each in said["tokens"]}
    assert states == {"s3": "fresh", "elsewhere": "refused"}
    assert said["sign_in"] == "/hub/oauth_login?next=/hub/home"
    assert server.file.read_text() not in json.dumps(said)
    assert refused.status_code == 403


def test_lab_is_told_that_there_are_tokens(server: KeptServer) -> None:
    headers = {"Authorization": f"token {server.token}"}
    page = httpx.get(f"{server.hub.hub.url}/user/alice/lab", headers=headers, timeout=60)

    assert '"challengeStorage": true' in page.text


def test_a_hub_that_restarts_takes_no_token_away(server: KeptServer) -> None:
    server.hub.hub.stop()
    time.sleep(LIFE / 3)
    server.hub.hub.start()
    until(lambda: server.claims["exp"] > time.time() + LIFE / 3, 90, "a token after the restart")

    assert server.state() == "fresh"


def test_whose_sign_in_was_revoked_has_tokens_again_after_the_next(server: KeptServer) -> None:
    server.hub.provider.revoke("alice")
    until(lambda: server.state() == "signed_out", 4 * LIFE, "that she is signed out")
    ended = server.ask().json()
    with server.hub.browser("alice"):
        again = server.state("POST")

    told = next(each for each in ended["tokens"] if each["name"] == "s3")
    assert told["message"] == TOLD[server.hub.ended[1]]
    assert again == "fresh"
    assert server.claims["exp"] > time.time()


def test_no_token_is_in_the_servers_log(server: KeptServer) -> None:
    token = server.file.read_text()

    assert token not in server.hub.log("hub")  # where this spawner's servers write
    assert Path(server.file).exists()
