"""Content that is named by its sha256: bundles, challenge files, notebooks, predictions, logs."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from jupyter_challenge.core.errors import NotFound, StorageFull, TooLarge, Unavailable

CHUNK = 1 << 20
_KEYS = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
_REFUSED = re.compile(r"status code: 40[13]\b")
# What systems say when a disk, a quota, or the largest size of a file is reached.
_FULL = ("os error 28", "os error 122", "os error 27", "no space left", "quota exceeded")


class Blobs:
    """An object store in which everything is stored once, under its sha256.

    A blob is complete or not there at all: it is written beside its place and moved there.
    """

    def __init__(self, url: str | Path, options: Mapping[str, Any] | None = None) -> None:
        """Open a folder, or whatever `obstore` opens by URL (`s3://bucket/prefix`).

        Args:
            url: The folder, or the URL.
            options: What `obstore` is told of a store by URL: endpoint, region, keys.
        """
        self._root: Path | None = None
        self._store: Any
        self._url, self._options = url, options or {}
        if isinstance(url, Path):
            self._root = url.absolute()
            self._store = LocalStore(prefix=str(self._root), mkdir=True)
            self._root.chmod(0o700)
        else:
            self._store = from_url(url, **(options or {}))
        self._copies: tempfile.TemporaryDirectory[str] | None = None

    def put(self, content: BinaryIO, max_size: int | None = None) -> tuple[str, int]:
        """Store what a file holds from where it stands, never whole in memory.

        Args:
            content: A seekable binary file.
            max_size: Bytes.

        Returns:
            Its sha256 in hex and its size in bytes.

        Raises:
            TooLarge: There is more than `max_size`.
            StorageFull: There is no room.
        """
        start, digest, size = content.tell(), hashlib.sha256(), 0
        while piece := content.read(CHUNK):
            size += len(piece)
            if max_size is not None and size > max_size:
                raise TooLarge(
                    f"What was sent is larger than {max_size:,} bytes.",
                    hint="Send less, or ask the organiser for a higher limit.",
                    max_size=max_size,
                )
            digest.update(piece)
        name = digest.hexdigest()
        if self.size(name) != size:
            content.seek(start)
            try:
                obstore.put(self._store, _key(name), content)
            except (BaseError, OSError) as error:
                raise _translated(error) from error
        return name, size

    def put_bytes(self, content: bytes) -> str:
        """Store a few bytes and return their sha256."""
        return self.put(io.BytesIO(content))[0]

    def put_file(self, path: Path, max_size: int | None = None) -> tuple[str, int]:
        """Store a file; see `put`."""
        with path.open("rb") as content:
            return self.put(content, max_size)

    def size(self, digest: str) -> int | None:
        """Bytes of a blob, or None when it is not there."""
        try:
            return int(obstore.head(self._store, _key(digest))["size"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _translated(error) from error

    def read(self, digest: str) -> bytes:
        """All of a blob.

        Raises:
            NotFound: It is not there.
        """
        return b"".join(self.stream(digest))

    def stream(self, digest: str, start: int = 0) -> Iterator[bytes]:
        """A blob from byte `start` on in pieces; that it is missing shows before the first.

        Raises:
            NotFound: It is not there.
        """
        try:
            options: obstore.GetOptions = {"range": {"offset": start}} if start else {}
            found = obstore.get(self._store, _key(digest), options=options)
        except FileNotFoundError as error:
            raise NotFound("The stored content is missing.", digest=digest) from error
        except BaseError as error:
            raise _translated(error) from error
        return _pieces(found)

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        """A part of a blob; empty beyond its end."""
        size = self.size(digest)
        if size is None:
            raise NotFound("The stored content is missing.", digest=digest)
        if offset >= size or length <= 0:
            return b""
        end = min(size, offset + length)
        try:
            return bytes(obstore.get_range(self._store, _key(digest), start=offset, end=end))
        except FileNotFoundError as error:
            raise NotFound("The stored content is missing.", digest=digest) from error
        except BaseError as error:
            raise _translated(error) from error

    def remove(self, digest: str) -> None:
        """Remove a blob that nothing names any more; harmless when it is not there."""
        try:
            obstore.delete(self._store, _key(digest))
        except FileNotFoundError:
            pass
        except BaseError as error:
            raise _translated(error) from error

    def without_keys(self, digest: str) -> list[str] | None:
        """What somebody without keys may do with a blob; None where there are no keys.

        Returns:
            Of "read", "write" and "list" those that are open. A blob is written as it is.

        Raises:
            Unavailable: The store can't be asked.
        """
        if self._root is not None or not str(self._url).startswith("s3://"):
            return None
        config = {key: said for key, said in self._options.get("config", {}).items()
                  if key not in _KEYS}  # fmt: skip
        options = {**self._options, "config": {**config, "aws_skip_signature": "true"}}
        store: Any = from_url(str(self._url), **options)
        content = self.read(digest)
        asked: dict[str, Callable[[], Any]] = {
            "read": lambda: obstore.head(store, _key(digest)),
            "write": lambda: obstore.put(store, _key(digest), content),
            "list": lambda: obstore.list_with_delimiter(store),
        }
        return [what for what, ask in asked.items() if _let_in(ask)]

    def copy_to(self, digest: str, target: Path) -> None:
        """Write a blob to a new file."""
        with target.open("xb") as file:
            for piece in self.stream(digest):
                file.write(piece)

    def local_path(self, digest: str) -> Path:
        """A file with the blob's content on this machine, not to be written to.

        Raises:
            NotFound: It is not there.
        """
        if self._root is not None:
            path = self._root / _key(digest)
            if not path.is_file():
                raise NotFound("The stored content is missing.", digest=digest)
            return path
        if self._copies is None:
            self._copies = tempfile.TemporaryDirectory(prefix="challenge-blobs-")
        path = Path(self._copies.name) / digest
        if not path.exists():
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            self.copy_to(digest, part)
            part.rename(path)
        return path

    def close(self) -> None:
        """Remove the copies that `local_path` made; harmless when called twice."""
        if self._copies is not None:
            self._copies.cleanup()
            self._copies = None

    def digests(self) -> Iterator[str]:
        """Every blob that is stored."""
        for page in obstore.list(self._store, prefix="sha256"):
            for each in page:
                yield str(each["path"]).rsplit("/", 1)[-1]

    def copy_all(self, target: Path) -> int:
        """Copy every blob into a folder that `Blobs` can open; blobs that are there stay.

        Returns:
            How many were copied.
        """
        copied = 0
        for digest in self.digests():
            path = target / _key(digest)
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            if self._root is not None:
                shutil.copyfile(self._root / _key(digest), part)
            else:
                self.copy_to(digest, part)
            part.rename(path)
            copied += 1
        return copied


def _let_in(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except BaseError as error:
        # Of a list that is refused, the library says no more than its text.
        if _REFUSED.search(str(error)):
            return False
        raise _translated(error) from error
    return True


def _pieces(found: obstore.GetResult) -> Iterator[bytes]:
    """What is read, piece by piece; a store that goes away meanwhile is told as such."""
    try:
        for piece in found.stream(min_chunk_size=CHUNK):
            yield bytes(piece)
    except BaseError as error:
        raise _translated(error) from error


def _key(digest: str) -> str:
    if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise NotFound("That is not the name of stored content.")
    return f"sha256/{digest[:2]}/{digest}"


def _translated(error: Exception) -> Exception:
    if any(sign in str(error).lower() for sign in _FULL):
        return StorageFull(
            "There is no room left where files are stored.",
            hint="Free some space and try again; nothing that was stored is lost.",
        )
    return Unavailable("Stored files cannot be reached now.", hint="Try again in a moment.")
