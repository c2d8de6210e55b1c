"""Challenges' data in S3 stores: what is at a prefix, and each object as it was when published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from jupyter_challenge.core.errors import DataMissing, Unavailable

CHUNK = 1 << 20
MOST = 10_000
"""Objects of a challenge."""


@dataclass(frozen=True)
class StoredObject:
    """An object: its key in the bucket, its bytes, and what the store calls its content."""

    key: str
    size: int
    etag: str


class Datasets:
    """The stores that challenges may take their data from, opened with the platform's keys."""

    def __init__(
        self,
        allowed: Sequence[str],
        options: Mapping[str, Any] | None = None,
        opened: Callable[..., Any] = from_url,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            allowed: Prefixes such as `s3://datasets/physics`. The platform's keys open more than
                these: what is not below one of them is not touched.
            options: What `obstore` is told of the stores: endpoint, region, keys.
            opened: Opens a bucket by its URL.
        """
        self._allowed = tuple(f"{each.rstrip('/')}/" for each in allowed)
        self._options = dict(options or {})
        self._open = opened
        self._buckets: dict[str, Any] = {}

    def may(self, prefix: str) -> bool:
        """Whether challenges may take data from there."""
        parts = urlsplit(prefix)
        plain = not (parts.query or parts.fragment or "@" in parts.netloc)
        walks = {"", ".", ".."} & set(parts.path.strip("/").split("/")) if parts.path else set()
        return plain and not (walks - {""}) and f"{prefix.rstrip('/')}/".startswith(self._allowed)

    def listed(self, prefix: str, path: str) -> list[StoredObject]:
        """The object of that path, or all below it, by their keys.

        Raises:
            DataMissing: There is none, or there are too many.
            Unavailable: The store does not answer.
        """
        bucket, key = self._at(prefix, path)
        try:
            try:
                found = [obstore.head(bucket, key)]
            except FileNotFoundError:
                found = [each for page in obstore.list(bucket, prefix=key) for each in page]
        except BaseError as error:
            raise Unavailable(
                f"{prefix} cannot be read: {type(error).__name__}.", hint="Tell the admin."
            ) from error
        if not 0 < len(found) <= MOST:
            many = f"more than {MOST:,} objects" if found else "nothing"
            raise DataMissing(f"There is {many} at {prefix.rstrip('/')}/{path}.")
        return sorted(
            (StoredObject(each["path"], int(each["size"]), str(each["e_tag"])) for each in found),
            key=lambda each: each.key,
        )

    def stream(self, prefix: str, wanted: StoredObject) -> Iterator[bytes]:
        """An object in pieces, as it was when it was listed.

        Raises:
            DataMissing: It is another one now, or gone.
        """
        bucket = self._at(prefix, "")[0]
        try:
            found = obstore.get(bucket, wanted.key, options={"if_match": wanted.etag})
        except (FileNotFoundError, BaseError) as error:
            raise DataMissing(f"{wanted.key} is not what was published.") from error
        return (bytes(piece) for piece in found.stream(min_chunk_size=CHUNK))

    def _at(self, prefix: str, path: str) -> tuple[Any, str]:
        if not self.may(prefix):
            raise DataMissing(f"Challenges may not take data from {prefix}.")
        parts = urlsplit(prefix)
        url = f"{parts.scheme}://{parts.netloc}"
        if url not in self._buckets:
            self._buckets[url] = self._open(url, **self._options)
        return self._buckets[url], "/".join(filter(None, [parts.path.strip("/"), path]))
