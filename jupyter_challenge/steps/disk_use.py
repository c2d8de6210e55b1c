"""How much a run has written to disk: measured as often as measuring is cheap."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.steps.folder import RunFolder

MEASURE_EVERY = 1.0
DEAR = 20
"""A measurement may cost one part in this many of the processor's time."""


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
        if used <= self._limit:
            return None
        return RunFailure(
            failure_class=FailureClass.DISK_FULL,
            step=step,
            detail=f"{used / 1e9:.1f} GB written; the limit is {self._limit / 1e9:g} GB",
        )


def written(folder: RunFolder, beside: Sequence[Path] = ()) -> int:
    """Bytes on disk below a run's folders, the challenge's own data left out."""
    total = 0
    skipped = os.fspath(folder.input)
    roots = [os.fspath(folder.path), *(os.fspath(path) for path in beside)]
    if folder.tmp.parent != folder.path:
        roots.append(os.fspath(folder.tmp))
    while roots:
        try:
            with os.scandir(roots.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.path != skipped:
                            roots.append(entry.path)
                    else:
                        total += 512 * entry.stat(follow_symlinks=False).st_blocks
        except OSError:
            continue
    return total
