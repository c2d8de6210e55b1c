"""The wire's errors become the same exceptions that the service raised."""

from __future__ import annotations

import json
from typing import Any

from jupyter_challenge.core.errors import (
    ChallengeError,
    Forbidden,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unavailable,
)

_BY_STATUS: dict[int, type[ChallengeError]] = {
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def _family(parent: type[ChallengeError]) -> list[type[ChallengeError]]:
    return [parent, *(each for child in parent.__subclasses__() for each in _family(child))]


def error_from(status: int, body: bytes) -> ChallengeError:
    """Make the exception that an answer of 400 or more stands for.

    An answer that is not ours (a proxy's page, say) becomes the class of its status.
    """
    try:
        said: dict[str, Any] = json.loads(body)["error"]
        code, message = str(said["code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        fallback = _BY_STATUS.get(status, Unavailable if status >= 500 else ChallengeError)
        return fallback(
            f"The service answered with status {status}.",
            hint="Look into the service's log, or check that the address is the service's.",
        )
    by_code = {each.code: each for each in _family(ChallengeError)}
    kind = by_code.get(code) or _BY_STATUS.get(status, ChallengeError)
    error = kind(message, hint=str(said.get("hint") or ""))
    details = said.get("details")
    error.details = details if isinstance(details, dict) else {}
    return error
