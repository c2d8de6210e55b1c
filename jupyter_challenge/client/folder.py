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
from jupyter_challenge.core.errors import ChallengeError, NotFound, TooLarge

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
def zipped(folder: Path, max_size: int | None = None) -> Iterator[IO[bytes]]:
    """Zip a challenge folder: its regular files, no hidden ones and no caches.

    Args:
        folder: The folder. A link in it that leads out of it is not followed.
        max_size: Bytes that its files may have together.

    Raises:
        NotFound: There is no such folder.
        ChallengeError: There is a link that leads out of it.
        TooLarge: There is more than `max_size`.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", hint="Make one: jupyter challenge create.")
    from jupyter_challenge.core.examined_folder import is_left_out

    whole, size = folder.resolve(), 0
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.rglob("*")):
                parts = path.relative_to(folder).parts
                if any(p.startswith(".") or is_left_out(p) for p in parts):
                    continue
                if path.is_file():
                    if not path.resolve().is_relative_to(whole):
                        raise ChallengeError(
                            f'"{"/".join(parts)}" is a link that leads out of the folder.',
                            hint="Put the file itself there.",
                        )
                    size += path.stat().st_size
                    if max_size is not None and size > max_size:
                        raise TooLarge(
                            f"The folder holds more than {max_size / 1e6:,.0f} MB.",
                            hint="Choose the folder that holds challenge.yaml and nothing else.",
                            limit=max_size,
                        )
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
