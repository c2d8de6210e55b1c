"""The challenges that come with the package, for a first look and as patterns for one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from jupyter_challenge.core.errors import NotFound

EXAMPLES = ("iris", "digits", "shower")
"""Their names, the simplest first."""


@contextmanager
def example(name: str) -> Iterator[Path]:
    """Give the folder of an example, wherever the package is.

    Raises:
        NotFound: There is none of that name.
    """
    if name not in EXAMPLES:
        raise NotFound(
            f'There is no example "{name}".', hint=f"There are {', '.join(EXAMPLES)}.", name=name
        )
    with as_file(files("jupyter_challenge") / "examples" / name) as folder:
        yield folder
