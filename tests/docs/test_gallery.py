"""The gallery shows every screen in its states, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from fromcode import pictures

from tests.docs.conftest import Site

STATES = {"empty", "loading", "offline", "error", "full"}


def test_a_screen_is_described_in_known_states() -> None:
    screens = pictures.screens()

    assert screens
    assert {state for about in screens.values() for state in about["states"]} <= STATES  # type: ignore[attr-defined]
    assert all(each.sentence for each in pictures.declared())


def test_no_picture_is_without_a_description() -> None:
    declared = {each.name for each in pictures.declared()}

    assert {file.name for file in pictures.FOLDER.glob("*.png")} - declared == set()


def test_no_declared_picture_is_missing() -> None:
    """From the first picture on all must be there: `make screenshots` takes them together."""
    missing = [each.name for each in pictures.declared() if not each.exists]

    assert missing == [] or len(missing) == len(list(pictures.declared())), missing


def test_the_page_shows_all_pictures_with_their_words(site: Site) -> None:
    shown = {alt for _, alt in site.pages["gallery"].images}
    taken = [each for each in pictures.declared() if each.exists]

    assert [each.name for each in taken if not any(each.sentence in alt for alt in shown)] == []


def test_a_picture_that_exists_comes_into_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = next(pictures.declared())
    declared = (pictures.FOLDER / "screens.json").read_text("utf-8")
    (tmp_path / "screens.json").write_text(declared, "utf-8")
    monkeypatch.setattr(pictures, "FOLDER", tmp_path)
    assert "No picture" in pictures.gallery()

    (tmp_path / one.name).write_bytes(b"")

    assert f"/gallery/{one.name}" in pictures.gallery()
    assert one.sentence in pictures.gallery()
