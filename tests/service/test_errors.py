"""Errors: one shape, a status that fits, and nothing said that a client may not know."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_challenge.store.blobs import Blobs
from tests.service.world import World, predictions

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


NUL = {
    "in a path": ("/challenges/a%00b", {}),
    "in a query": ("/submissions", {"params": {"challenge": "a\0b"}}),
}


@pytest.mark.parametrize("name", NUL)
def test_a_character_that_no_database_takes(world: World, name: str) -> None:
    path, options = NUL[name]
    world.admin.ask("GET", path, 404, **options)


WORDS = {
    "a parameter that is not finite": '{"entry": "predictions.csv", "parameters": {"x": NaN}}',
    "a note with a NUL": '{"entry": "predictions.csv", "note": "a\\u0000b"}',
}


@pytest.mark.parametrize("name", WORDS)
def test_words_that_not_every_reader_knows(world: World, name: str) -> None:
    response = world.user("ana").http.post(
        "/challenges/tiny/submissions",
        data={"request": WORDS[name]},
        files={"bundle": ("b.zip", predictions())},
    )
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_submission"


class TestTooMuch:
    @pytest.fixture
    def small(self, make_world: Callable[..., World]) -> World:
        return make_world(max_upload=1000)

    def test_is_refused_by_what_it_says_of_itself(self, small: World) -> None:
        files = {"folder": ("f.zip", b"x" * 3_000_000)}
        error = small.admin.ask("POST", "/challenges", 413, files=files)["error"]
        assert error["code"] == "too_large"

    def test_is_refused_where_it_says_nothing_or_lies(self, small: World) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(30):
                yield b"x" * 100_000

        headers = {"content-type": "multipart/form-data; boundary=b"}
        response = small.admin.http.post("/challenges", content=pieces(), headers=headers)
        assert response.status_code == 413

    def test_is_not_even_read_of_who_is_not_signed_in(self, small: World) -> None:
        read: list[bytes] = []

        async def receive() -> dict[str, Any]:
            read.append(b"")
            return {"type": "http.request", "body": b"x", "more_body": True}

        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/challenges",
            "query_string": b"",
            "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
        }
        asyncio.run(small.embedded.app(scope, receive, send))
        assert (sent[0]["status"], read) == (401, [])


def test_an_upload_that_fills_the_disk_while_it_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", full)
    error = world.user("ana").submit(507, public=0.9)["error"]
    assert error["code"] == "storage_full"


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


def test_an_error_about_a_submission_names_it_in_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = world.user("ana").submitted(public=0.5)["id"]

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(world.embedded.service.boards, "get", broken)
    world.user("ana").ask("GET", f"/submissions/{made}", 500)
    world.user("ana").ask("GET", "/challenges/tiny/boards/main/public", 500)

    one, other = (line for line in caplog.records if line.exc_info)
    assert vars(one)["submission"] == made
    assert "submission" not in vars(other)


def test_a_full_disk_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = world.user("ana")
    before = ana.submitted(public=0.5)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "put_file", full)
        error = ana.submit(507, key="k", public=0.9)["error"]
    assert error["code"] == "storage_full"
    assert ana.quota()["left_today"] == 49
    assert ana.show(before["id"])["state"] == "scored"
    assert ana.submitted(key="k", public=0.9)["rank"] == 1
