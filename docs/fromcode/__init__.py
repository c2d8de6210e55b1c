"""Reference pages that are written from the code each time the documentation is built.

A page says `<!-- from the code: NAME -->` on a line of its own, and what `WRITERS` knows by that
name stands there instead. So a setting, a route, a command, a field or a metric that is added is
documented without anyone remembering it, by the sentence that stands beside it in the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fromcode import (
    commands,
    errors,
    files,
    lab,
    metrics,
    pictures,
    rooms,
    routes,
    settings,
    yaml_files,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WRITERS: dict[str, Callable[[], str]] = {
    "challenge.yaml": yaml_files.challenge,
    "changelog": files.changelog,
    "cluster settings": settings.cluster_settings,
    "commands": commands.commands,
    "configuration": settings.configuration,
    "contributing": files.contributing,
    "failures": errors.failures,
    "gallery": pictures.gallery,
    "lab commands": lab.commands,
    "lab settings": lab.settings,
    "metrics": metrics.metrics,
    "models": routes.models,
    "profiles.yaml": yaml_files.profiles,
    "storage.yaml": yaml_files.storage,
    "refusals": errors.refusals,
    "releasing": files.releasing,
    "rooms": rooms.rooms,
    "routes": routes.routes,
    "server settings": settings.server_settings,
    "way through": files.way_through,
}
MARK = re.compile(r"^<!-- from the code: (.+) -->$", re.MULTILINE)


def fill(text: str) -> str:
    """Put what the code says in the place of each mark.

    Raises:
        KeyError: A mark names something that nothing writes.
    """
    return MARK.sub(lambda mark: WRITERS[mark[1]](), text)


def _fill_page(app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = fill(content[0])


def _read_again(
    app: Sphinx, env: object, added: set[str], changed: set[str], gone: set[str]
) -> set[str]:
    """Name the pages that depend on more than their own file."""
    folder = Path(app.srcdir)
    return {
        page.relative_to(folder).with_suffix("").as_posix()
        for page in folder.rglob("*.md")
        if "_build" not in page.parts and MARK.search(page.read_text("utf-8"))
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _fill_page)
    app.connect("env-get-outdated", _read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
