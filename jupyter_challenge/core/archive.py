"""Look into a zip that somebody sent, and unpack it, without trusting a word of it.

Only regular files and folders with plain relative names come out, no two of which a file system
could confuse, and never more bytes than were allowed, whatever the zip's own directory claims.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jupyter_challenge.core.errors import ChallengeError, InvalidSubmission, TooLarge
from jupyter_challenge.core.models import FileView
from jupyter_challenge.core.names import first_clash, name_problem

MAX_RATIO = 200
_RATIO_FREE = 10_000_000
_DIRECTORY_PER_FILE = 2_000
_CHUNK = 1 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_PACK_ANEW = "Pack it anew from plain files and folders."


def check_archive(path: Path, *, max_files: int, max_size: int) -> list[FileView]:
    """Read a zip through without writing anything, and list its files sorted by path.

    Args:
        path: The zip.
        max_files: Most files it may hold.
        max_size: Most bytes that its files may have together.

    Raises:
        InvalidSubmission: It is not a zip, or holds something else than plain files.
        TooLarge: It holds too much.
    """
    views = []
    with _opened(path, max_files) as (archive, members):
        left = max_size
        for member in members:
            digest, size = hashlib.sha256(), 0
            for chunk in _content(archive, member, left, max_size):
                digest.update(chunk)
                size += len(chunk)
            left -= size
            views.append(FileView(path=member.filename, size=size, sha256=digest.hexdigest()))
    return sorted(views, key=lambda view: view.path)


def unpack_archive(path: Path, folder: Path, *, max_files: int, max_size: int) -> list[FileView]:
    """Unpack a zip into a new or empty folder; leaves nothing behind when it is refused.

    A zip inside the zip comes out as the file that it is. See `check_archive` for the rest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InvalidSubmission(f'"{folder.name}" is not empty.', hint="Unpack into a new folder.")
    views = []
    try:
        with _opened(path, max_files) as (archive, members):
            left = max_size
            for member in members:
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                digest, size = hashlib.sha256(), 0
                with target.open("xb") as file:
                    for chunk in _content(archive, member, left, max_size):
                        file.write(chunk)
                        digest.update(chunk)
                        size += len(chunk)
                left -= size
                views.append(FileView(path=member.filename, size=size, sha256=digest.hexdigest()))
    except BaseException:
        for child in folder.iterdir():
            shutil.rmtree(child) if child.is_dir() else child.unlink()
        raise
    return sorted(views, key=lambda view: view.path)


@contextmanager
def _opened(path: Path, max_files: int) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """Open a zip whose members are all plain files; translate what goes wrong while it is read."""
    try:
        with _plain(path) as file:
            _check_directory(file, max_files)
            with zipfile.ZipFile(file) as archive:
                yield archive, _members(archive, max_files)
    except ChallengeError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
        UnicodeError, KeyError, IndexError, OverflowError,
    ) as error:  # fmt: skip
        raise InvalidSubmission(
            f"What was sent is not a zip that can be read: {error}.", hint=_PACK_ANEW
        ) from error


def _plain(path: Path) -> IO[bytes]:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InvalidSubmission("What was sent is not a regular file.", hint=_PACK_ANEW)
    return os.fdopen(handle, "rb")


def directory_size(file: IO[bytes]) -> int:
    """Bytes of a zip's directory, of which `zipfile` would make an object for each entry.

    Raises:
        BadZipFile: It is not a zip.
    """
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if end is None:
        raise zipfile.BadZipFile("it has no end")
    return int(end[zipfile._ECD_SIZE])  # type: ignore[attr-defined]


def _check_directory(file: IO[bytes], max_files: int) -> None:
    """Bound the zip's directory before it is read."""
    if directory_size(file) > (2 * max_files + 100) * _DIRECTORY_PER_FILE:
        raise _too_many(max_files)


def _members(archive: zipfile.ZipFile, max_files: int) -> list[zipfile.ZipInfo]:
    members, spans = [], []
    for info in archive.infolist():
        # orig_filename: `filename` is cut at a NUL by zipfile.
        is_folder = info.orig_filename.endswith("/")
        problem = name_problem(info.orig_filename.rstrip("/") if is_folder else info.orig_filename)
        if problem is None and info.filename != info.orig_filename:
            problem = "is not spelt plainly"
        kind = stat.S_IFMT(info.external_attr >> 16)
        if problem is None and kind not in {0, stat.S_IFDIR if is_folder else stat.S_IFREG}:
            problem = "is a link or another special file"
        if problem is None and info.flag_bits & 0x1:
            problem = "is encrypted"
        if problem is None and info.compress_type not in _METHODS:
            problem = "is packed by a method that is not allowed"
        if problem is not None:
            shown = info.orig_filename[:100].encode("unicode_escape").decode()
            raise InvalidSubmission(f'"{shown}" in the zip {problem}.', hint=_PACK_ANEW)
        if not is_folder:
            members.append(info)
            spans.append((info.header_offset, info.compress_size))
    if len(members) > max_files:
        raise _too_many(max_files)
    clash = first_clash(member.filename for member in members)
    if clash is not None:
        raise InvalidSubmission(
            f'The zip holds both "{clash[0]}" and "{clash[1]}".',
            hint="Give files names that differ by more than case, each once.",
        )
    spans.sort()
    for (start, size), (following, _) in zip(spans, spans[1:], strict=False):
        if start + size > following:
            raise InvalidSubmission("Files in the zip overlap.", hint=_PACK_ANEW)
    return members


def _content(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, max_size: int
) -> Iterator[bytes]:
    """Yield a member's bytes; stops with an error as soon as they are too many."""
    size = 0
    most = max(_RATIO_FREE, MAX_RATIO * member.compress_size)
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > left or size > most:
                raise TooLarge(
                    f'With "{member.filename}" the files in the zip have more than '
                    f"{max_size / 1e6:g} MB together."
                    if size > left
                    else f'"{member.filename}" in the zip unpacks to over {MAX_RATIO} times its '
                    "packed size.",
                    hint="Send fewer or smaller files.",
                    limit=max_size,
                )
            yield chunk


def _too_many(max_files: int) -> TooLarge:
    return TooLarge(
        f"The zip holds more than {max_files} files.", hint="Send fewer files.", limit=max_files
    )
