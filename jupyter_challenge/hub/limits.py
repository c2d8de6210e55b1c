"""How often one may ask."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict

_KEPT = 10_000


class Rates:
    """So many requests a minute for each key, and a fifth of that at once.

    Keys are kept as digests, and those that asked last: whoever asks with ever new keys makes the
    relay forget others' counts, and never its memory grow.
    """

    def __init__(self, per_minute: int) -> None:
        self._each = 60 / per_minute
        self._ahead = max(1, per_minute // 5) * self._each
        self._next: OrderedDict[bytes, float] = OrderedDict()

    def wait(self, key: str, *, counted: bool = True) -> float:
        """Count a request with a key; the seconds until it may ask, 0 where it may now."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        now = time.monotonic()
        at = max(now, self._next.pop(digest, now))
        if at - now > self._ahead:
            self._next[digest] = at
            return at - now - self._ahead
        self._next[digest] = at + (self._each if counted else 0)
        if len(self._next) > _KEPT:
            self._next.popitem(last=False)
        return 0.0
