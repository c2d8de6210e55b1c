"""Names of container images: always with a digest, and only such as somebody has allowed.

A tag may stand for another image tomorrow than the one that was looked at today; a digest can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_REFERENCE = re.compile(
    rf"(?P<host>{_HOST}(?::[0-9]{{1,5}})?)/(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
LONGEST = 500
"""Characters of a reference."""

HOW_TO_PIN = (
    "Write NAME@sha256:…; `docker inspect --format '{{index .RepoDigests 0}}' IMAGE` prints it "
    "once the image was pushed."
)


def pinned(text: str) -> str:
    """An image as `host/path@sha256:…`; a tag beside the digest says nothing and is left out.

    Raises:
        ValueError: It isn't a whole name with a digest; the message says what is missing.
    """
    found = _REFERENCE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise ValueError(f'"{text[:100]}" is not the name of an image with its registry')
    host = found["host"]
    if not ("." in host or ":" in host or host == "localhost"):
        raise ValueError(f'"{text[:100]}" does not name its registry, such as registry.example.org')
    if found["digest"] is None:
        raise ValueError(f'"{text[:100]}" has no digest, so it may be another image tomorrow')
    return f"{host.lower()}/{found['path']}@{found['digest']}"


def repository(name: str) -> str:
    """Where an image is kept, `host/path`, of its name as an engine of containers reads it."""
    place = name.partition("@")[0]
    head, slash, tail = place.rpartition("/")
    place = head + slash + tail.partition(":")[0]
    host, slash, _ = place.partition("/")
    if not slash:
        return f"docker.io/library/{place}"
    if "." in host or ":" in host or host == "localhost":
        return f"{host.lower()}{place[len(host) :]}"
    return f"docker.io/{place}"


def behind(name: str, told: str) -> str | None:
    """The image that a name without a digest stood for, as whoever ran it tells.

    Args:
        name: The name by which it was asked for.
        told: The `imageID` of a container's status.

    Returns:
        The image as `pinned` gives it. None of a name that has its digest already, and where what
        was told could not be asked for elsewhere: an image that came from no registry has a digest
        that only its own node knows, or one under a name that a loading program made up.
    """
    if "@" in name:
        return None
    try:
        image = pinned(told.rpartition("://")[2])
    except ValueError:
        return None
    return image if image.partition("@")[0] == repository(name) else None


def allowed(image: str, patterns: Iterable[str]) -> bool:
    """Whether an image is one of those that are allowed.

    Args:
        image: As `pinned` gives it.
        patterns: `host/path` allows that one repository, `host/path/*` all below it, and with
            `@sha256:…` that one image alone.
    """
    repository = image.partition("@")[0]
    return any(
        repository.startswith(pattern[:-1])
        if pattern.endswith("/*")
        else pattern in (repository, image)
        for pattern in patterns
    )
