"""What can go wrong: the failure classes of runs and the codes of refused requests."""

from __future__ import annotations

from fromcode.tables import code, table
from jupyter_challenge.core import errors

_WHOSE = {
    errors.Fault.PARTICIPANT: "yours: it uses one of the failures that the phase allows",
    errors.Fault.ORGANISER: "the organiser's: it costs no quota",
    errors.Fault.PLATFORM: "the platform's: it costs no quota",
}


def failures() -> str:
    """Write a section for each failure class: what happened, what to do, whose doing it is."""
    return "\n".join(
        f"## {name.value}\n\n"
        f"{text.sentence}\n\n"
        f"What to do\n: {text.hint}\n\n"
        f"Whose doing\n: {_WHOSE[text.fault].capitalize()}.\n"
        for name, text in errors.FAILURES.items()
    )


def _family(kind: type[errors.ChallengeError]) -> list[type[errors.ChallengeError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _family(child))]


def refusals() -> str:
    """Write a table of all errors that the service answers with."""
    kinds = sorted(_family(errors.ChallengeError), key=lambda kind: (kind.status, kind.code))
    return table(
        ["code", "status", "exception", "meaning"],
        (
            [
                code(kind.code),
                str(kind.status),
                code(kind.__name__),
                (kind.__doc__ or "").splitlines()[0],
            ]
            for kind in kinds
        ),
    )
