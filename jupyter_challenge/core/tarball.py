"""Tar streams between the gateway and the pods of a run: plain files, sizes known beforehand."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from jupyter_challenge.core.errors import InvalidSubmission, TooLarge

BLOCK = 512
CHUNK = 1 << 20
END = bytes(2 * BLOCK)


class Readable(Protocol):
    """Whatever bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


@dataclass(frozen=True)
class Packed:
    """A file of a tar: its name, its bytes, and how to get them."""

    name: str
    size: int
    pieces: Callable[[], Iterable[bytes]]


def pack(files: Iterable[Packed]) -> tuple[int, Iterator[bytes]]:
    """Make a tar of files.

    Returns:
        Its length in bytes, and its pieces.
    """
    members = [(_header(file), file) for file in files]
    length = sum(len(header) + file.size + _padding(file.size) for header, file in members)

    def pieces() -> Iterator[bytes]:
        for header, file in members:
            yield header
            left = file.size
            for piece in file.pieces():
                left -= len(piece)
                if left < 0:
                    raise ValueError(f"{file.name} is larger than it was")
                yield piece
            if left:
                raise ValueError(f"{file.name} is smaller than it was")
            yield bytes(_padding(file.size))
        yield END

    return length + len(END), pieces()


def pieces_of(file: IO[bytes], size: int) -> Iterator[bytes]:
    """So many bytes of a file, in pieces."""
    while size and (piece := file.read(min(CHUNK, size))):
        size -= len(piece)
        yield piece


def take(stream: Readable, caps: Mapping[str, int]) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Read a tar of which only plain files of known names come out, each once and within its cap.

    Args:
        stream: The tar.
        caps: Most bytes by name; any other name is refused.

    Yields:
        Name, size and pieces; the pieces must be read before the next file is asked for.

    Raises:
        InvalidSubmission: It is no such tar.
        TooLarge: A file is over its cap.
    """
    seen: set[str] = set()
    while (block := _exactly(stream, BLOCK)) != bytes(BLOCK):
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeError) as error:
            raise InvalidSubmission("What was sent is not a tar.") from error
        if (
            info.type != tarfile.REGTYPE
            or info.size < 0
            or info.name not in caps
            or info.name in seen
        ):
            raise InvalidSubmission("The tar holds something else than the files of a run.")
        if info.size > caps[info.name]:
            raise TooLarge(
                f"{info.name} has {info.size:,} bytes; {caps[info.name]:,} are allowed.",
                limit=caps[info.name],
            )
        seen.add(info.name)
        yield info.name, info.size, _member(stream, info.size)
        _exactly(stream, _padding(info.size))


def _member(stream: Readable, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(CHUNK, size))
        if not piece:
            raise _short()
        size -= len(piece)
        yield piece


def _exactly(stream: Readable, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.read(size - len(data))
        if not piece:
            raise _short()
        data += piece
    return data


def _short() -> InvalidSubmission:
    return InvalidSubmission("The tar ends too early.")


def _header(file: Packed) -> bytes:
    info = tarfile.TarInfo(file.name)
    info.size, info.mode = file.size, 0o444
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _padding(size: int) -> int:
    return -size % BLOCK
