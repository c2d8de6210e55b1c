"""Give a forked step streams of its own."""

from __future__ import annotations

import io
import os
import sys


def print_to(prints: int) -> None:
    """Have everything that this process prints go to a descriptor, and let it read nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (prints, 1), (prints, 2)):
        os.dup2(source, target)
    sys.stdout = sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
