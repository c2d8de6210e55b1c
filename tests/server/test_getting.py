"""Getting a folder as a job: started, watched, joined, cancelled and gone on with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.store.blobs import Blobs

from .conftest import Ask, said


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is closed, the service holds back what follows a file's first bytes."""
    opened = threading.Event()
    stream = Blobs.stream

    def slowly(self: Any, digest: str, start: int = 0) -> Iterator[bytes]:
        first = True
        for piece in stream(self, digest, start):
            if first and len(piece) > 1:
                yield piece[:1]
                piece = piece[1:]
            first = False
            opened.wait(60)
            yield piece

    monkeypatch.setattr(Blobs, "stream", slowly)
    yield opened
    opened.set()


async def until_over(ask: Ask, job: str) -> dict[str, Any]:
    """Ask until a job is over."""
    while True:
        told = said(await ask("GET", f"get/{job}"))
        if told["state"] != "running":
            return told  # type: ignore[no-any-return]
        await asyncio.sleep(0.05)


async def test_a_small_folder_is_made_at_once(ask: Ask, tiny: str) -> None:
    answer = await ask("POST", "get", {"challenge": tiny, "folder": "deep/er"})
    told = said(answer)
    assert (answer.code, told["state"], told["folder"]) == (201, "done", "deep/er")
    assert told["files_done"] == told["files"] == 5
    assert told["done"] == told["size"] > 0
    assert said(await ask("GET", "get")) == {"items": []}
    assert said(await ask("GET", f"get/{told['job']}")) == told


async def test_a_long_one_is_watched_and_joined(
    ask: Ask, tiny: str, gate: threading.Event, jp_root_dir: Path
) -> None:
    answer = await ask("POST", "get", {"challenge": tiny})
    told = said(answer)
    assert (answer.code, told["state"]) == (202, "running")
    assert told["files"] == 5
    assert told["path"]
    again = said(await ask("POST", "get", {"challenge": tiny}))
    assert again["job"] == told["job"], "the same folder is not made twice at a time"
    (listed,) = said(await ask("GET", "get"))["items"]
    assert listed["job"] == told["job"]
    gate.set()
    done = await until_over(ask, told["job"])
    assert (done["state"], done["notebook"]) == ("done", "tiny/model.ipynb")
    assert (jp_root_dir / "tiny/input/train.csv").is_file()


async def test_a_cancelled_one_goes_on_when_it_is_started_again(
    ask: Ask, tiny: str, gate: threading.Event, jp_root_dir: Path
) -> None:
    job = said(await ask("POST", "get", {"challenge": tiny}))["job"]
    assert (await ask("DELETE", f"get/{job}")).code == 200
    gate.set()
    assert (await until_over(ask, job))["state"] == "cancelled"
    assert not (jp_root_dir / "tiny/challenge.json").exists()
    assert said(await ask("POST", "get", {"challenge": tiny}))["state"] == "done"


async def test_what_fails_says_why(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    assert (await ask("GET", "get/0123456789abcdef")).code == 404
    assert (await ask("DELETE", "get/0123456789abcdef")).code == 404
    answer = await ask("POST", "get", {"challenge": "nothing"})
    assert answer.code == 404
    assert said(answer)["error"]["code"] == "not_found"
    (jp_root_dir / "other").mkdir()
    (jp_root_dir / "other/challenge.json").write_text('{"challenge": "other"}')
    answer = await ask("POST", "get", {"challenge": tiny, "folder": "other"})
    assert (answer.code, said(answer)["error"]["code"]) == (409, "conflict")


async def test_one_that_fails_later_says_why_when_asked(
    ask: Ask, tiny: str, gate: threading.Event, jp_root_dir: Path
) -> None:
    job = said(await ask("POST", "get", {"challenge": tiny}))["job"]
    (jp_root_dir / "tiny/challenge.json").mkdir()
    gate.set()
    told = await until_over(ask, job)
    assert told["state"] == "failed"
    assert told["error"]["message"]
