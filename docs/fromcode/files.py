"""Files of the checkout that stand among the pages too."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where a link of such a file leads within the documentation.
_PAGES = {
    "RELEASE.md": "/developers/releasing.md",
    "CONTRIBUTING.md": "/developers/contributing.md",
    "CHANGELOG.md": "/changelog.md",
}


def _file(name: str) -> str:
    """Read a file; a link to a page leads to that page."""

    def led(link: re.Match[str]) -> str:
        target = link[1]
        if target.startswith("docs/"):
            return f"](/{target.removeprefix('docs/')})"
        return f"]({_PAGES.get(target, target)})"

    text = (ROOT / name).read_text("utf-8")
    return re.sub(r"\]\(([^)#:]+)\)", led, text)


def changelog() -> str:
    """Take over CHANGELOG.md."""
    return _file("CHANGELOG.md")


def contributing() -> str:
    """Take over CONTRIBUTING.md."""
    return _file("CONTRIBUTING.md")


def releasing() -> str:
    """Take over RELEASE.md."""
    return _file("RELEASE.md")


def way_through() -> str:
    """Take the drawing into the page, where it has the page's colours."""
    drawing = (ROOT / "docs" / "developers" / "way-through.svg").read_text("utf-8")
    return f'<div class="drawing">\n{drawing.strip()}\n</div>'
