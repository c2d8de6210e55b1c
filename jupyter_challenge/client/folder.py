"""Folders and files on the user's side: what describes them, how they are written and zipped."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jupyter_challenge.client.http import Channel
from jupyter_challenge.core.errors import NotFound

Progress = Callable[[str, int, int], None]
DESCRIPTION = "challenge.json"
_PIECE = 1 << 20


def read_description(folder: Path) -> dict[str, Any] | None:
    """Read a folder's challenge.json; None where there is none that can be read."""
    try:
        described = json.loads((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return None
    return described if isinstance(described, dict) else None


@contextmanager
def replaced(target: Path) -> Iterator[IO[bytes]]:
    """Write a file beside `target` that takes its place when all is written."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        # mkstemp makes files private; a user's file gets the mode that new files have.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def save(channel: Channel, path: str, target: Path, progress: Progress | None = None) -> Path:
    """Save an attachment; an existing file is replaced only when all has arrived."""
    response, pieces = channel.download(path)
    total = int(response.headers.get("content-length") or 0)
    done = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced(target) as file:
        for piece in pieces:
            file.write(piece)
            done += len(piece)
            if progress is not None:
                progress(target.name, done, total)
    return target


@contextmanager
def zipped(folder: Path) -> Iterator[IO[bytes]]:
    """Zip a challenge folder: its regular files, no hidden ones and no caches.

    Raises:
        NotFound: There is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", hint="Make one: jupyter challenge create.")
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.rglob("*")):
                parts = path.relative_to(folder).parts
                if any(p.startswith(".") or p == "__pycache__" for p in parts):
                    continue
                if path.is_file():
                    info = zipfile.ZipInfo("/".join(parts))  # the same bytes for the same files
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = 0o644 << 16
                    with (
                        path.open("rb") as source,
                        archive.open(info, "w", force_zip64=True) as target,
                    ):
                        while piece := source.read(_PIECE):
                            target.write(piece)
        file.seek(0)
        yield file
