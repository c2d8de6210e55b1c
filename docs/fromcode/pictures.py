"""The gallery: every screen in its states, in light and in dark, from the pictures that exist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "gallery"
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Picture:
    """A picture that screens.json declares."""

    screen: str
    state: str
    theme: str
    sentence: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.screen}-{self.state}-{self.theme}.png"

    @property
    def exists(self) -> bool:
        """Whether the browser tests have taken it."""
        return (FOLDER / self.name).is_file()


def screens() -> dict[str, dict[str, object]]:
    """Return the declared screens, each with a title and its states."""
    declared: dict[str, dict[str, object]] = json.loads(
        (FOLDER / "screens.json").read_text("utf-8")
    )
    return declared


def declared() -> Iterator[Picture]:
    """Name every picture that should exist."""
    for screen, about in screens().items():
        states = about["states"]
        assert isinstance(states, dict)
        for state, sentence in states.items():
            for theme in THEMES:
                yield Picture(screen, state, theme, sentence)


def gallery() -> str:
    """Write a section for each screen with those of its states that have pictures.

    Of each pair the page shows the one that fits the theme in which it is read.
    """
    lines: list[str] = []
    for screen, about in screens().items():
        shown = [each for each in declared() if each.screen == screen and each.exists]
        if not shown:
            continue
        lines += [f"## {about['title']}", "", "::::{container} gallery", ""]
        for each in shown:
            alt = f"{about['title']}, {each.state}, {each.theme} theme: {each.sentence}"
            lines += [
                f":::{{figure}} /gallery/{each.name}",
                f":alt: {alt}",
                f":class: only-{each.theme}",
                f":figclass: only-{each.theme}",
                "",
                f"**{each.state}** – {each.sentence}",
                ":::",
                "",
            ]
        lines += ["::::", ""]
    return "\n".join(lines) or "No picture has been taken yet.\n"
