"""What doctor's probe finds of planted words, in files and in answers."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_challenge.core import canary
from jupyter_challenge.steps import search

SECRET = canary.fresh()
SOUGHT = canary.sought(SECRET)
LABELS, OTHERS = (canary.word(SECRET, place) for place in (canary.LABELS, canary.OTHERS))


def test_words_in_files_and_in_what_is_told_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PIECE", 1_000)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "across").write_bytes(bytes(990) + LABELS.encode())  # over an end
    (tmp_path / "other").write_text(canary.fresh())
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    sleeper = subprocess.Popen(["sleep", "60"], env={"PLANTED": SECRET})
    try:
        found = search.in_files(SOUGHT, [str(tmp_path)])
    finally:
        sleeper.kill()
        sleeper.wait()

    assert found == [
        ["labels", str(tmp_path / "deep" / "across")],
        ["secret", f"/proc/{sleeper.pid}/environ"],
    ]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "digests").write_text(" ".join(SOUGHT))
    assert search.in_files(SOUGHT, [str(tmp_path)]) == []


class Store(BaseHTTPRequestHandler):
    """A bucket whose list has two pages, a file for who shows a token, and nothing else."""

    PAGES = {
        "/bucket?list-type=2": "<ListBucketResult><NextContinuationToken>a&amp;b"
        "</NextContinuationToken><Contents><Key>old</Key><LastModified>2026-01-01</LastModified>"
        "</Contents></ListBucketResult>",
        "/bucket?list-type=2&continuation-token=a%26b": "<ListBucketResult><Contents><Key>new/1"
        "</Key><LastModified>2026-02-01</LastModified></Contents></ListBucketResult>",
        "/bucket/new/1": f"id,label\n1,{LABELS}",
        "/bucket/old": "nothing",
    }

    def do_GET(self) -> None:
        said = self.PAGES.get(self.path, "")
        if self.path == "/mine" and self.headers["Authorization"] == "Bearer pass":
            said = OTHERS
        self.send_response(200 if said else 404)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_bucket_whose_list_is_open_is_read(store: str) -> None:
    found, statuses = search.in_answers(SOUGHT, [f"{store}/bucket?list-type=2"])

    assert found == [["labels", f"{store}/bucket/new/1"]]
    assert set(statuses.values()) == {200}


def test_who_has_a_token_shows_it(store: str) -> None:
    assert search.in_answers(SOUGHT, [f"{store}/mine"]) == ([], {f"{store}/mine": 404})
    assert search.in_answers(SOUGHT, [f"{store}/mine"], "pass")[0] == [["others", f"{store}/mine"]]


def test_what_does_not_answer_is_none() -> None:
    nowhere, nor_there = "https://127.0.0.1:9/x", "https://127.0.0.1:9/y"
    assert search.in_answers(SOUGHT, [nowhere, nor_there]) == ([], {nowhere: 0})
