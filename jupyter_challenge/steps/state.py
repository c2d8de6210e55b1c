"""`$CHALLENGE_STATE` on its way from a pod that has to make way to the run's next pod."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.names import name_problem
from jupyter_challenge.core.tarball import Packed, pieces_of
from jupyter_challenge.steps.readers import open_beneath

MOST_FILES = 10_000


def kept(folder: Path, most: int) -> list[Packed]:
    """The files of a state folder that can be kept, the newest first until it is too much.

    The step that wrote them is dead. Links, and names that cannot travel, are left out.

    Args:
        folder: `$CHALLENGE_STATE`.
        most: Bytes of all of them together.
    """
    packed: list[Packed] = []
    for _, size, name in sorted(_files(folder), reverse=True):
        if len(packed) == MOST_FILES or size > most:
            print(f"state/{name} is not kept: it would be too much", flush=True)
            continue
        most -= size
        packed.append(_packed(folder, name, size))
    return packed


def _files(folder: Path) -> Iterator[tuple[int, int, str]]:
    """When each file was written, its size and its path."""
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(at, name), folder).replace(os.sep, "/")
            if name_problem(path) is not None:
                continue
            try:
                with open_beneath(folder, path, max_size=1 << 62) as file:
                    found = os.fstat(file.fileno())
            except (RunFailed, OSError):
                continue
            yield found.st_mtime_ns, found.st_size, path


def _packed(folder: Path, name: str, size: int) -> Packed:
    def pieces() -> Iterator[bytes]:
        with open_beneath(folder, name, max_size=size) as file:
            yield from pieces_of(file, size)

    return Packed(name, size, pieces)
