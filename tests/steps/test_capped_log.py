"""Logs that stop growing: in bytes, in lines, and over several openings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from jupyter_challenge.steps import capped_log
from jupyter_challenge.steps.capped_log import CUT, CappedLog, first_lines, was_cut


def written(path: Path, pieces: Iterable[bytes], cap: int = 100) -> bytes:
    log = CappedLog(path, cap)
    for piece in pieces:
        log.write(piece)
    log.close()
    return path.read_bytes()


CASES: dict[str, tuple[list[bytes], bytes, bool]] = {
    "all fits": ([b"a\n", b"b\n", b"c"], b"a\nb\nc", False),
    "as many bytes as may be": ([b"x" * 100], b"x" * 100, False),
    "a byte more": ([b"x" * 100, b"y"], b"x" * 100, True),
    "as many lines as may be": ([b"a\n" * 3], b"a\n" * 3, False),
    "a line more": ([b"a\n" * 4], b"a\n" * 3, True),
    "a line more, in pieces": ([b"a\n", b"b", b"\n", b"c\nd", b"e"], b"a\nb\nc\n", True),
    "empty lines": ([b"\n" * 50], b"\n" * 3, True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_kept_of_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setattr(capped_log, "MOST_LINES", 3)
    pieces, kept, cut = CASES[case]
    path = tmp_path / "run.log"

    assert written(path, pieces) == kept + (CUT.encode() if cut else b"")
    assert was_cut(path) is cut


def test_a_log_that_is_opened_again_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped_log, "MOST_LINES", 3)
    path = tmp_path / "run.log"

    written(path, [b"a\nb\n"])
    assert written(path, [b"c\nd\n"]) == b"a\nb\nc\n" + CUT.encode()
    assert written(path, [b"e\n"]) == b"a\nb\nc\n" + CUT.encode()


def test_who_listens_hears_what_is_kept_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped_log, "MOST_LINES", 3)
    heard: list[bytes] = []
    log = CappedLog(tmp_path / "run.log", 100, heard.append)
    for _ in range(10):
        log.write(b"a\n")
    log.close()

    assert b"".join(heard) == b"a\n" * 3 + CUT.encode()


@pytest.mark.parametrize(
    ("data", "most", "kept"),
    [(b"", 0, b""), (b"a", 0, b""), (b"a\nb", 1, b"a\n"), (b"a\n", 1, b"a\n"), (b"a", 1, b"a")],
)
def test_the_first_lines(data: bytes, most: int, kept: bytes) -> None:
    assert first_lines(data, most) == kept
