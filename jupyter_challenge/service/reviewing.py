"""Asks the API server whose a token is, but not at the word of whoever likes to ask.

Code of participants reaches the gateway, and could send it tokens without end: each would be a
question for the API server that everybody else needs. So what cannot be a token for us is not
asked about, what was none a moment ago is none now, and who sent many such is put off.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from jupyter_challenge.core.errors import NotSignedIn, Unavailable

LONGEST = 8_192
"""Characters of a token; a cluster's are of one or two thousand."""

SLACK = 60.0
"""Seconds that this clock and the API server's may be apart."""

REMEMBERED_SECONDS = 30.0
WRONG_AT_MOST = 10
"""Tokens of one address that the API server may say no to within `REMEMBERED_SECONDS`."""

_MOST_KEPT = 4_096
_PARTS = 3


class Reviewer(Protocol):
    """What is asked."""

    def review_token(self, token: str, audience: str) -> dict[str, Any] | None:
        """Whose token it is; None when it is not one for us."""
        ...


class Reviews:
    """What was found out of late; any thread may ask."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin without knowing anything."""
        self._now = now
        self._lock = threading.Lock()
        self._wrong: OrderedDict[bytes, float] = OrderedDict()
        self._senders: OrderedDict[str, list[float]] = OrderedDict()

    def user(
        self, api: Reviewer, authorization: str | None, audience: str, sender: str
    ) -> dict[str, Any]:
        """Whose token was sent.

        Args:
            api: The API server.
            authorization: The header.
            audience: For whom the token has to be; empty for the API server itself.
            sender: Address that it came from.

        Raises:
            NotSignedIn: It is none for us.
            Unavailable: Too many that were none came from that address.
        """
        scheme, _, said = (authorization or "").partition(" ")
        token = said.strip()
        if scheme.lower() != "bearer" or not may_be_for(token, audience):
            raise _not_ours()
        key = hashlib.sha256(f"{audience}\0{token}".encode()).digest()
        with self._lock:
            if self._wrong.get(key, 0.0) > self._now():
                raise _not_ours()
            if len(self._of(sender)) >= WRONG_AT_MOST:
                raise Unavailable(
                    "Too many tokens that are none came from this address.",
                    hint="Ask again in a moment.",
                )
        found = api.review_token(token, audience)
        if found is not None:
            return found
        with self._lock:
            until = self._now() + REMEMBERED_SECONDS
            self._wrong[key] = until
            self._of(sender).append(until)
            while len(self._wrong) > _MOST_KEPT:
                self._wrong.popitem(last=False)
        raise _not_ours()

    def _of(self, sender: str) -> list[float]:
        """Until when each token counts that an address sent."""
        sent = [until for until in self._senders.pop(sender, []) if until > self._now()]
        self._senders[sender] = sent
        while len(self._senders) > _MOST_KEPT:
            self._senders.popitem(last=False)
        return sent


def may_be_for(token: str, audience: str) -> bool:
    """Whether a text looks like an account's token, for an audience and not over yet.

    Nothing is proven by that: whoever makes one up can write what they like.
    """
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != _PARTS or not all(parts):
        return False
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    if not isinstance(claims, dict):
        return False
    audiences, until = claims.get("aud", []), claims.get("exp")
    named = audiences if isinstance(audiences, list) else [audiences]
    if audience and audience not in named:
        return False
    return until is None or (isinstance(until, int | float) and until > time.time() - SLACK)


def _not_ours() -> NotSignedIn:
    return NotSignedIn("That is not the token of a pod of a run.")
