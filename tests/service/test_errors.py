"""Errors: one shape, a status that fits, and nothing said that a client may not know."""

from __future__ import annotations

import errno
import logging
from typing import Any

import pytest

from jupyter_challenge.store.blobs import Blobs
from tests.service.world import World

WRONG: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no such address": ("GET", "/nope", {}, 404, "not_found"),
    "no such verb": ("DELETE", "/me", {}, 405, "method_not_allowed"),
    "a limit too high": ("GET", "/challenges", {"params": {"limit": 9999}}, 422, "invalid_request"),
    "a state of no submission": (
        "GET",
        "/submissions",
        {"params": {"state": "lost"}},
        422,
        "invalid_request",
    ),
    "a body that is not JSON": (
        "PATCH",
        "/challenges/tiny",
        {"content": b"{", "headers": {"content-type": "application/json"}},
        422,
        "invalid_request",
    ),
    "no such step": ("GET", "/submissions/x/logs/deploy", {}, 422, "invalid_request"),
    "a broken cursor": ("GET", "/submissions", {"params": {"cursor": "!"}}, 400, "bad_request"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request(world: World, name: str) -> None:
    method, path, options, status, code = WRONG[name]
    error = world.admin.ask(method, path, status, **options)["error"]
    assert error["code"] == code
    assert error["message"]
    if code == "invalid_request":
        assert error["details"]["problems"][0]["field"]


def test_an_error_of_ours_gets_a_number_that_the_log_explains(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(world.embedded.service.boards, "get", broken)
    with caplog.at_level(logging.ERROR):
        error = world.user("ana").ask("GET", "/challenges/tiny/boards/main/public", 500)["error"]
    assert "secret" not in str(error)
    assert error["details"]["id"] in error["message"]
    assert error["details"]["id"] in caplog.text
    assert "the secret inside" in caplog.text


def test_a_full_disk_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = world.user("ana")
    before = ana.submitted(public=0.5)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put", full)
        error = ana.submit(507, key="k", public=0.9)["error"]
    assert error["code"] == "storage_full"
    assert ana.quota()["left_today"] == 49
    assert ana.show(before["id"])["state"] == "scored"
    assert ana.submitted(key="k", public=0.9)["rank"] == 1
