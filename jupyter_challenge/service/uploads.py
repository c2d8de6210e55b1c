"""What is being sent: kept in the data folder until it is stored or refused."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from jupyter_challenge.core.errors import TooLarge
from jupyter_challenge.service.state import Service


@contextlib.contextmanager
def received(service: Service, source: BinaryIO, limit: int) -> Iterator[Path]:
    """Save an upload to a file in a folder of its own, which is gone after the block.

    Args:
        service: Whose data folder is used, as the system's place for such files may be small.
        source: What is sent.
        limit: Bytes.

    Raises:
        TooLarge: There is more.
    """
    scratch = service.config.root / "uploads"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        path = folder / "upload"
        size = 0
        with path.open("xb") as file:
            while piece := source.read(1 << 20):
                size += len(piece)
                if size > limit:
                    raise TooLarge(
                        f"What was sent is larger than {limit:,} bytes.",
                        hint="Send less, or ask the organiser for a higher limit.",
                        limit=limit,
                    )
                file.write(piece)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(service: Service, older_than: float = 86_400) -> None:
    """Remove what a process that was killed had received so far; `older_than` is in seconds."""
    for pattern in ("uploads/*", "versions/.*"):
        for folder in service.config.root.glob(pattern):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < time.time() - older_than:
                    shutil.rmtree(folder, ignore_errors=True)
