"""How much a run has written to disk: measured as often as measuring is cheap."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.steps.folder import RunFolder

MEASURE_EVERY = 1.0
DEAR = 20
"""A measurement may cost one part in this many of the processor's time."""
ENTRY = 16_384
"""Bytes that each file and folder counts at least, empty ones too.

ext4 has one inode for so many bytes of a disk, as it is made unless one says otherwise. So runs
whose limits fit on a disk together can't use up its inodes either.
"""
OVERFULL = 73
"""Exit status of a sidecar that saw too much written by an image's own program: `EX_CANTCREAT`."""
FAR = 2_000
"""Bytes of a path from which on a folder is opened by a shorter one: 4,096 are the most."""


@dataclass(frozen=True)
class Use:
    """What lies somewhere.

    Attributes:
        size: Bytes, each entry with at least `ENTRY`.
        entries: Files and folders.
    """

    size: int = 0
    entries: int = 0


class DiskUse:
    """What is below a run's folders, measured again and again."""

    def __init__(self, folder: RunFolder, limit: int, beside: Sequence[Path] = ()) -> None:
        """Begin.

        Args:
            folder: The run's folder; the challenge's own data in it does not count.
            limit: Bytes that may be written.
            beside: Folders elsewhere that the run may write to.
        """
        self._folder = folder
        self._limit = limit
        self._beside = beside
        self._due = time.monotonic() + MEASURE_EVERY

    def beyond(self, step: StepName) -> RunFailure | None:
        """Say so when more was written than may be, as far as it is time to look."""
        now = time.monotonic()
        if now < self._due:
            return None
        # Paced by the processor time that it costs: a busy machine is no reason to look away.
        began = time.process_time()
        used = written(self._folder, self._beside)
        self._due = now + max(MEASURE_EVERY, DEAR * (time.process_time() - began))
        if used.size <= self._limit:
            return None
        return RunFailure(
            failure_class=FailureClass.DISK_FULL,
            step=step,
            detail=f"{used.size / 1e9:.1f} GB written in {used.entries} files and folders, each of "
            f"which counts {ENTRY // 1024} kB at least; the limit is {self._limit / 1e9:g} GB",
        )


def written(folder: RunFolder, beside: Sequence[Path] = ()) -> Use:
    """What a run has written to its folders, the challenge's own data left out."""
    roots = [os.fspath(folder.path), *(os.fspath(path) for path in beside)]
    if folder.tmp.parent != folder.path:
        roots.append(os.fspath(folder.tmp))
    size = entries = 0
    for is_folder, blocks in _below(roots, os.fspath(folder.input)):
        entries += 1
        size += ENTRY if is_folder else max(ENTRY, 512 * blocks)
    return Use(size, entries)


def _below(roots: Sequence[str], skipped: str) -> Iterator[tuple[bool, int]]:
    """Whether it is a folder, and its blocks, of each entry below some folders.

    Who wants to hide something makes a tree deeper than a path may be long, or takes the right to
    look from a folder: so long paths are cut short, and that right is taken back.
    """
    waiting: list[str | int] = list(roots)
    opened: set[int] = set()
    try:
        while waiting:
            path = waiting.pop()
            if isinstance(path, int):  # all below it has been seen
                opened.discard(path)
                os.close(path)
                continue
            with contextlib.suppress(OSError):
                if len(path) > FAR and sys.platform.startswith("linux"):
                    _may_look(path)
                    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                    opened.add(held)
                    waiting.append(held)
                    path = f"/proc/self/fd/{held}"
                else:
                    _may_look(path)
                with os.scandir(path) as found:
                    for entry in found:
                        if not entry.is_dir(follow_symlinks=False):
                            yield False, entry.stat(follow_symlinks=False).st_blocks
                        elif entry.path != skipped:
                            waiting.append(entry.path)
                            yield True, 0
    finally:
        for held in opened:
            os.close(held)


def _may_look(path: str) -> None:
    """Take back the right to look into a folder of ours."""
    if os.access(path, os.R_OK | os.X_OK) or not sys.platform.startswith("linux"):
        return
    # By what it is and not by its name, which may stand for a link by now.
    held = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.chmod(f"/proc/self/fd/{held}", 0o700)
    finally:
        os.close(held)
