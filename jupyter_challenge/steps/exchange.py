"""The way of a pod's platform containers where there is none to the gateway: two volumes.

On one lies what a courier was given by the gateway for this run, on the other what is left for the
next courier to hand in. Participant code mounts neither.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_challenge.core.tarball import Packed, pack
from jupyter_challenge.steps.door import Door, extracted
from jupyter_challenge.steps.folder import remove

EXCHANGE = "/challenge-exchange"
GIVEN, MADE = "given", "made"
STATE = "/run/state"
OUTPUT = "/run/output"
BROUGHT = ("/run/spec", "/run/inputs", "/run/bundle", STATE)
"""What a run asks for, in the order in which it does."""


def named(path: str) -> str:
    """The name of the file that stands for a path of the gateway's."""
    return path.strip("/").replace("/", "-")


class Exchange:
    """Stands for the gateway, as `Door` does."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that has both volumes."""
        self._given, self._made = folder / GIVEN, folder / MADE

    def read(self, path: str) -> bytes:
        """All of a small answer."""
        return (self._given / named(path)).read_bytes()

    def save(self, path: str, target: Path) -> None:
        """Write an answer to a file."""
        shutil.copyfile(self._given / named(path), target)

    def unpack(self, path: str, folder: Path, mode: int = 0o440) -> None:
        """Write the files of a tar below a folder, which holds nothing else then.

        What a pod of this run kept that had to make way comes before what the run began with.
        """
        source = self._made / named(path)
        if not source.exists():
            source = self._given / named(path)
        for child in folder.iterdir():
            remove(child)
        with tarfile.open(source, mode="r:") as archive:
            extracted(archive, folder, mode)

    def take_back(self, path: str) -> None:
        """Leave nothing for a path, where a pod of this run before did that had to make way."""
        (self._made / named(path)).unlink(missing_ok=True)

    def hand_in(self, path: str, files: Sequence[Packed]) -> bytes:
        """Leave files as a tar, whole or not at all."""
        _, pieces = pack(files)
        partial = self._made / f"{named(path)}.partial"
        with partial.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._made / named(path))
        return b""


def bring(door: Door, folder: Path) -> None:
    """Put all that a run needs on its volume; bringing it again is harmless."""
    for path in BROUGHT:
        partial = folder / GIVEN / f"{named(path)}.partial"
        door.save(path, partial)
        partial.replace(folder / GIVEN / named(path))


def take(door: Door, folder: Path) -> list[str]:
    """Hand in what a run left on its volume; returns the paths for which there was any."""
    taken = []
    # What it keeps is for its next attempt, and has no receipt: it goes first.
    for path in (STATE, OUTPUT):
        left = folder / MADE / named(path)
        if left.is_file():
            door.send(path, left)
            taken.append(path)
    return taken
