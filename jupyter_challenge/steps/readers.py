"""The one safe way to open what came from a participant: files, tables and archives.

A run's output folder was written by code that nobody trusts. Whatever is taken from it is opened
beneath the folder without following a link at any part of the path, must be a regular file that
has no second name, and is copied before it is used.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from jupyter_challenge.core.archive import check_archive, unpack_archive
from jupyter_challenge.core.challenge import Output
from jupyter_challenge.core.errors import ChallengeError, FailureClass, RunFailed, TooLarge
from jupyter_challenge.core.models import FileView
from jupyter_challenge.core.names import name_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_challenge.core.table import Table

_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a named pipe would else wait for a writer that never comes.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

__all__ = [
    "check_bundle",
    "copy_out",
    "open_beneath",
    "read_predictions",
    "unpack",
]


@contextmanager
def open_beneath(folder: Path, relative: str, *, max_size: int) -> Iterator[IO[bytes]]:
    """Open a regular file beneath a folder that an untrusted program wrote.

    Args:
        folder: The folder; its own path is ours and trusted.
        relative: Path of the file in it, with slashes.
        max_size: Most bytes it may have.

    Raises:
        RunFailed: no_predictions where there is none, unsafe_output where it is a link, has a
            second name or is no regular file, too_large where it is larger.
    """
    problem = name_problem(relative)
    if problem is not None:
        raise RunFailed(FailureClass.UNSAFE_OUTPUT, f'"{relative}" {problem}')
    parts = PurePosixPath(relative).parts
    handles = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for i, part in enumerate(parts):
            flags = _FILE if i == len(parts) - 1 else _FOLDER
            try:
                handles.append(os.open(part, flags, dir_fd=handles[-1]))
            except OSError as error:
                raise _refused(error, relative) from error
        found = os.fstat(handles[-1])
        if not stat.S_ISREG(found.st_mode):
            raise RunFailed(FailureClass.UNSAFE_OUTPUT, f'"{relative}" is not a regular file')
        if found.st_nlink != 1:
            raise RunFailed(
                FailureClass.UNSAFE_OUTPUT,
                f'"{relative}" has {found.st_nlink} names (hard links); write it as a new file',
            )
        if found.st_size > max_size:
            raise _too_large(relative, found.st_size, max_size)
        with os.fdopen(handles.pop(), "rb") as file:
            yield file
    finally:
        for handle in handles:
            os.close(handle)


def copy_out(folder: Path, relative: str, destination: Path, max_size: int) -> int:
    """Copy a file out of an untrusted folder to a new file that only we can read.

    Returns:
        Its size in bytes.

    Raises:
        RunFailed: As `open_beneath`; also too_large when the file grows while it is copied.
        FileExistsError: The destination exists.
    """
    size = 0
    try:
        with open_beneath(folder, relative, max_size=max_size) as source:
            handle = os.open(
                destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )
            with os.fdopen(handle, "wb") as target:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > max_size:
                        raise _too_large(relative, size, max_size)
                    target.write(chunk)
    except RunFailed:
        destination.unlink(missing_ok=True)
        raise
    return size


def unpack(bundle: Path, folder: Path, *, max_files: int, max_size: int) -> list[FileView]:
    """Unpack a submission's zip into an empty folder.

    Raises:
        RunFailed: too_large or bad_format; nothing is left in the folder then.
    """
    try:
        return unpack_archive(bundle, folder, max_files=max_files, max_size=max_size)
    except ChallengeError as error:
        kind = FailureClass.TOO_LARGE if isinstance(error, TooLarge) else FailureClass.BAD_FORMAT
        raise RunFailed(kind, error.message) from error


def check_bundle(path: Path, *, max_files: int, max_size: int) -> list[FileView]:
    """Read a submission's zip through without unpacking it; see `core.archive.check_archive`."""
    return check_archive(path, max_files=max_files, max_size=max_size)


def read_predictions(path: Path, output: Output, expected_rows: int) -> Table:
    """Read a predictions file that was copied out.

    Args:
        path: The copy.
        output: What the challenge asks for.
        expected_rows: Rows of the test data; bounds what is read.

    Raises:
        RunFailed: no_predictions, bad_format or too_large, naming file, row or column.
    """
    # Here, as who only opens files needs no numpy: it is a third of what a pod's containers import.
    from jupyter_challenge.core.table import TableLimits
    from jupyter_challenge.core.tables import read_table

    # Wrong ids get an answer that counts them, so some rows too many are read; not any number.
    limits = TableLimits(size=output.max_size, rows=2 * expected_rows + 100_000)
    try:
        return read_table(path, output.table_format, output.id, output.columns, limits)
    except FileNotFoundError as error:
        raise RunFailed(FailureClass.NO_PREDICTIONS, f'there is no "{output.file}"') from error


def _refused(error: OSError, relative: str) -> RunFailed:
    if error.errno == errno.ENOENT:
        return RunFailed(FailureClass.NO_PREDICTIONS, f'there is no "{relative}"')
    if error.errno in {errno.ELOOP, errno.EMLINK}:
        return RunFailed(FailureClass.UNSAFE_OUTPUT, f'"{relative}" is a symbolic link')
    if error.errno == errno.ENOTDIR:
        return RunFailed(
            FailureClass.UNSAFE_OUTPUT, f'a folder on the way to "{relative}" is a link or a file'
        )
    return RunFailed(
        FailureClass.UNSAFE_OUTPUT, f'"{relative}" cannot be opened: {error.strerror or error}'
    )


def _too_large(relative: str, size: int, max_size: int) -> RunFailed:
    return RunFailed(
        FailureClass.TOO_LARGE, f'"{relative}" has {size} bytes, at most {max_size} are allowed'
    )
