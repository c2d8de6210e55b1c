"""The change feed as it travels."""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from jupyter_challenge.core.models.base import Wire


class ChangeKind(str, Enum):
    """What a change is about."""

    CHALLENGE = "challenge"
    SUBMISSION = "submission"
    BOARD = "board"
    ENTRY = "entry"


class Change(Wire):
    """One line of the change feed: look again at this object."""

    seq: int
    kind: ChangeKind
    challenge: str
    object: str = Field(description="Id of the submission, phase or challenge.")


class Changes(Wire):
    """What changed after a point. `reset` says that the point is too old: read all again."""

    changes: list[Change]
    next: int
    reset: bool = False
