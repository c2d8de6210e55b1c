"""The prepare step: put the challenge's data and the submission's files in place."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.names import RESERVED
from jupyter_challenge.core.run import InputMount
from jupyter_challenge.steps.collect import collect
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import RunFolder, remove
from jupyter_challenge.steps.readers import unpack

COPY_UP_TO = 16_000_000
"""Bytes; larger files are cloned or linked, so that a run does not copy the data set."""

MOST_FILES = 10_000
MOST_BYTES = 4_000_000_000
_FICLONE = 0x40049409


def prepare(context: StepContext) -> None:
    """Put data and files in place; a predictions file is copied safely at once.

    Raises:
        RunFailed: data_missing when the challenge's data is not there, else why the submission
            cannot be unpacked.
    """
    folder, spec = context.folder, context.spec
    for mount in spec.inputs:
        place(mount, folder.input)
    for path in [folder.input, *sorted(folder.input.rglob("*"))]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o555)
    count = _unpack(spec.bundle, folder)
    if not (folder.work / spec.entry).is_file():
        raise RunFailed(FailureClass.PLATFORM_ERROR, f"{spec.entry} is not in the bundle")
    print(f"Unpacked {count} file{'s' if count != 1 else ''}.")
    if spec.kind is SubmissionKind.PREDICTIONS:
        collect(folder, spec.entry, spec.evaluation.output)


def place(mount: InputMount, target_root: Path) -> None:
    """Copy, clone or link one file or folder of the challenge below input/.

    Raises:
        RunFailed: data_missing.
    """
    target = target_root / PurePosixPath(mount.target)
    try:
        if mount.source.is_dir():
            for source in _files(mount.source):
                _place_file(source, target / source.relative_to(mount.source))
            target.mkdir(parents=True, exist_ok=True)
        else:
            _place_file(mount.source, target)
    except FileNotFoundError as error:
        raise RunFailed(FailureClass.DATA_MISSING, f"input/{mount.target}: {error}") from error
    size = sum(path.stat().st_size for path in [target, *target.rglob("*")] if path.is_file())
    print(f"input/{mount.target}: {size:,} bytes")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path


def _place_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.stat().st_size <= COPY_UP_TO:
        shutil.copyfile(source, target)
    elif not _cloned(source, target):
        _link(source, target)
        return
    target.chmod(stat.S_IRUSR | stat.S_IRGRP)


def _link(source: Path, target: Path) -> None:
    """Link a large file whose challenge version is read-only; a copy would double the data."""
    try:
        os.link(source.resolve(), target)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
            raise
        target.symlink_to(source.resolve())


def _cloned(source: Path, target: Path) -> bool:
    """Share the bytes until one of the two is written to, where the file system can."""
    if sys.platform == "darwin":
        clone = getattr(ctypes.CDLL(None), "clonefile", None)
        return clone is not None and clone(os.fsencode(source), os.fsencode(target), 0) == 0
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError:
            target.unlink()
            return False
    return True


def _unpack(bundle: Path, folder: RunFolder) -> int:
    """Unpack beside work/ and move what came out into it; returns the number of files."""
    unpacked = folder.path / "bundle"
    try:
        files = unpack(bundle, unpacked, max_files=MOST_FILES, max_size=MOST_BYTES)
    except FileNotFoundError as error:
        raise RunFailed(FailureClass.PLATFORM_ERROR, "the bundle is gone") from error
    for child in list(unpacked.iterdir()):
        if child.name.casefold() in RESERVED:
            raise RunFailed(FailureClass.BAD_FORMAT, f"the bundle may not hold {child.name}/")
        child.rename(folder.work / child.name)
    remove(unpacked)
    return len(files)
