"""Words that are planted where hostile code must not read, and how they are known again.

Whoever looks for them is told their digests alone, so that it can't find what it was told.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping

LABELS, OTHERS, SECRET, OWN = "labels", "others", "secret", "own"
PLACES = {
    LABELS: "labels",
    OTHERS: "what another team handed in",
    SECRET: "the platform's credentials",
    OWN: "its own data",
}
_LETTERS = 32
_SHAPE = re.compile(rb"canary[0-9a-f]{%d}" % _LETTERS)
_ENCODED = re.compile(rb"Y2FuYXJ5[A-Za-z0-9+/]{43}")
"""The same in base64, as the API server shows secrets."""

LONGEST = 64
"""Bytes that no word is longer than, however it is written."""


def fresh() -> str:
    """A word that is nowhere yet; it is the one among the platform's credentials."""
    return f"canary{secrets.token_hex(_LETTERS // 2)}"


def word(secret: str, place: str) -> str:
    """The word for a place: of each another one, so that what is found says where it lay."""
    if place == SECRET:
        return secret
    return f"canary{hashlib.sha256(f'{secret} {place}'.encode()).hexdigest()[:_LETTERS]}"


def sought(secret: str) -> dict[str, str]:
    """What to look for: the place by the digest of its word."""
    return {digest(word(secret, place)): place for place in PLACES}


def digest(said: str) -> str:
    """What a word is known by."""
    return hashlib.sha256(said.encode()).hexdigest()


def seen(data: bytes, wanted: Mapping[str, str]) -> set[str]:
    """The places whose words are in some bytes."""
    words = set(_SHAPE.findall(data))
    for each in set(_ENCODED.findall(data)):
        try:
            words |= set(_SHAPE.findall(base64.b64decode(each + b"=")))
        except binascii.Error:
            continue
    return {wanted[found] for each in words if (found := digest(each.decode())) in wanted}
