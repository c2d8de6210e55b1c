"""A submission as it travels, both ways."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Literal

from pydantic import Field

from jupyter_challenge.core.challenge import Direction, Feedback, SubmissionKind
from jupyter_challenge.core.models.base import FileView, TeamRef, Wire
from jupyter_challenge.core.models.runs import FailureView, StepView


class SubmissionState(str, Enum):
    """State of a submission; the last three are terminal and never change."""

    QUEUED = "queued"
    RUNNING = "running"
    SCORED = "scored"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more happens."""
        return self in TERMINAL


TERMINAL = frozenset({SubmissionState.SCORED, SubmissionState.FAILED, SubmissionState.CANCELLED})


class ScoreView(Wire):
    """One score."""

    board: Literal["public", "private"] = "public"
    metric: str
    label: str
    value: float
    display: str = Field(description="Rounded as it ranks.", examples=["0.9667"])
    stderr: float | None = None
    n: int | None = Field(default=None, description="Rows that were scored.")
    direction: Direction
    ranked: bool = False


class SubmissionView(Wire):
    """A submission with its latest run. A Try has `is_try` and counts nowhere."""

    id: str
    number: int = Field(description="Counts a team's submissions (tries apart) in a challenge.")
    is_try: bool = False
    verifies: str | None = Field(
        default=None, description="Id of the submission that this one runs again, for organisers."
    )
    challenge: str
    challenge_title: str = ""
    version: str = Field(description="Digest of the challenge version it is scored under.")
    phase: str
    phase_title: str = ""
    team: TeamRef
    user: str
    kind: SubmissionKind
    name: str = Field(description="Notebook or file handed in.", examples=["model.ipynb"])
    digest: str = Field(description="sha256 of the bundle.")
    image: str | None = Field(
        default=None,
        description="Image that all its runs have, with its digest; null until that is known.",
    )
    files: list[FileView] = []
    parameters: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    profile: str | None = None
    note: str = ""
    state: SubmissionState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float | None = Field(
        default=None, description="Duration; rounded to 10 s with class_only feedback."
    )
    position: int | None = Field(default=None, description="Place in the queue, 1 is next.")
    wait_seconds: float | None = Field(
        default=None,
        description="How long it still waits in the queue; null where nobody can say. A guess from "
        "the median duration of the challenge's last runs.",
    )
    engine: str = ""
    attempt: int = 0
    interruptions: int = Field(
        default=0,
        description="Times that its run had to make way for another; it goes on from "
        "$CHALLENGE_STATE.",
    )
    steps: list[StepView] = []
    failure: FailureView | None = None
    scores: list[ScoreView] = []
    score: ScoreView | None = Field(default=None, description="Ranked metric, public board.")
    best_before: float | None = Field(
        default=None, description="Team's best public value before this one was scored."
    )
    improved: bool | None = None
    rank: int | None = Field(default=None, description="Team's public rank now, once scored.")
    rank_to: int | None = Field(default=None, description="Worst rank of those tied with it.")
    move: int | None = Field(default=None, description="Ranks gained since a day ago.")
    teams: int | None = Field(default=None, description="Teams on the board now.")
    is_best: bool = False
    selected: bool = False
    feedback: Feedback = Feedback.FULL
    mine: bool = True
    has_notebook: bool = False
    has_logs: bool = False


class SubmissionRequest(Wire):
    """What a client says about a submission; the bundle travels beside it.

    The bundle is a zip with `entry` and its declared files at their relative paths. Of a container
    submission `entry` is a text file with the image's name alone.
    """

    kind: SubmissionKind = SubmissionKind.NOTEBOOK
    phase: str | None = Field(default=None, description="The current phase when left out.")
    entry: str = Field(description="Path in the bundle of the notebook or predictions file.")
    is_try: bool = False
    image: str | None = Field(
        default=None,
        description="Image of a container submission, with its digest.",
        examples=["registry.example.org/team/model@sha256:…"],
    )
    pod: str | None = Field(
        default=None,
        max_length=253,
        description="Pod of the notebook server that it is handed in from, as that knows itself. "
        "The service looks whose it is.",
    )
    parameters: dict[str, Any] = {}
    environment: dict[str, Any] = Field(
        default={}, description="kernel, language, packages as read from the kernelspec."
    )
    profile: str | None = None
    note: str = Field(default="", max_length=300)
