"""What organisers see of their challenge, and of a version before it is published."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from jupyter_challenge.core.errors import FailureClass, Fault
from jupyter_challenge.core.models.base import Wire
from jupyter_challenge.core.models.phrases import Phrase


class FailureCount(Wire):
    """How often runs failed in one way."""

    failure_class: FailureClass
    sentence: str = Field(description="What happened.")
    fault: Fault
    submissions: int
    teams: int
    last_at: datetime


class ChallengeOverview(Wire):
    """A challenge in numbers, tries apart where it does not say otherwise."""

    challenge: str
    closed: bool
    version: str
    number: int = Field(description="Versions are counted from 1.")
    published_at: datetime
    published_by: str
    teams: int = Field(description="Teams that entered.")
    submissions: int = 0
    today: int = Field(default=0, description="Handed in today, in the current phase's zone.")
    failed_today: int = 0
    active: int = Field(default=0, description="Queued or running, tries too.")
    tries: int = 0
    failures: list[FailureCount] = Field(
        default=[], description="Of all phases, the most frequent first."
    )


class FieldChange(Wire):
    """A value of challenge.yaml that is another one; None where there is none."""

    path: str = Field(examples=["phases[final].end"])
    before: str | None = None
    after: str | None = None


class FileChange(Wire):
    """A file of the folder that is new, gone or another one."""

    path: str
    change: Literal["added", "removed", "changed"]
    size_before: int | None = None
    size_after: int | None = None
    diff: str | None = Field(default=None, description="Unified; None where it is not shown.")
    why: Literal["labels", "binary", "large"] | None = Field(
        default=None, description="Why no diff is shown."
    )


class Effect(Wire):
    """What publishing does to those who take part."""

    weight: Literal["calm", "notice", "grave"] = Field(
        description="Grave is what cannot be taken back, or changes standings."
    )
    code: str = Field(description="For programs.", examples=["new_board"])
    text: str = Field(description="In English.")
    phrase: Phrase | None = Field(default=None, description="The same, to be said otherwise.")


class FolderProblem(Wire):
    """A mistake in a challenge folder, and what mends it."""

    file: str
    line: int = Field(default=0, description="From 1; 0 for the whole file.")
    column: int = 0
    message: str
    fix: str


class PublishPreview(Wire):
    """What publishing a folder would change; nothing is stored by asking."""

    challenge: str = Field(description="Id; empty where it cannot be read.")
    title: str = ""
    new: bool = Field(default=False, description="Whether there is no such challenge yet.")
    current: str | None = Field(default=None, description="Digest of the version that is current.")
    digest: str | None = Field(default=None, description="What it would be; None with problems.")
    effects: list[Effect] = []
    fields: list[FieldChange] = []
    files: list[FileChange] = []
    unchanged: int = Field(default=0, description="Files that stay as they are.")
    problems: list[FolderProblem] = []
    warnings: list[str] = Field(default=[], description="In English.")
    warning_phrases: list[Phrase] = Field(default=[], description="The same, to be said otherwise.")


class PhaseDates(Wire):
    """Dates of a phase; what is left out stays, null is no date."""

    id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reveals_at: datetime | Literal["end", "never"] | None = Field(
        default=None, description="When the private board opens; null is never."
    )


class DatesRequest(Wire):
    """New dates of some phases."""

    phases: list[PhaseDates] = Field(min_length=1, max_length=100)


class VersionChanges(Wire):
    """What a version changed of the one before it."""

    digest: str
    before: str | None = None
    fields: list[FieldChange] = []
    files: list[FileChange] = []


class ChallengeRequest(Wire):
    """What an organiser changes of a published challenge; what is left out stays."""

    closed: bool | None = None
    phases: list[PhaseDates] | None = Field(default=None, min_length=1, max_length=100)
    version: str | None = Field(
        default=None,
        max_length=64,
        description="Digest of an older version that becomes the current one again.",
    )
    instead_of: str | None = Field(
        default=None,
        description="Digest of the version that was looked at; refused when it is not current.",
    )
