"""A challenge as it travels."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from jupyter_challenge.core.challenge import (
    CountingRule,
    Feedback,
    SubmissionKind,
    TableFormat,
    TieRule,
)
from jupyter_challenge.core.models.base import ErrorBody, Role, TeamRef, Wire
from jupyter_challenge.core.models.boards import MetricView, StandingView
from jupyter_challenge.core.models.submissions import ScoreView


class QuotaView(Wire):
    """What a team has left in a phase. `None` is no limit."""

    per_day: int | None = None
    left_today: int | None = None
    total: int | None = None
    left_total: int | None = None
    failures_per_day: int | None = None
    failures_left_today: int | None = None
    concurrent: int = 1
    active: int = 0
    next_at: datetime | None = Field(default=None, description="When there is room again.")
    resets_at: datetime | None = Field(
        default=None, description="When the count of the day begins anew."
    )
    blocked: ErrorBody | None = Field(
        default=None, description="Why a submission would be refused now, if it would."
    )


class PhaseView(Wire):
    """A phase as participants see it."""

    id: str
    title: str
    state: Literal["soon", "open", "ended"]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str = "UTC"
    ranked: bool = False
    has_private: bool = False
    revealed: bool = False
    reveals_at: datetime | None = None
    public_rows: int | None = None
    private_rows: int | None = None
    feedback: Feedback = Feedback.FULL
    counting: CountingRule = CountingRule.BEST_PUBLIC
    max_selected: int = 2
    ties: TieRule = TieRule.SHARED
    quota: QuotaView = Field(default_factory=QuotaView)


class DataFile(Wire):
    """A file of a challenge that `get` puts into the participant's folder."""

    path: str = Field(description="Path in the folder.", examples=["input/train.csv"])
    size: int
    sha256: str


class OutputView(Wire):
    """The predictions that are asked for."""

    file: str
    format: TableFormat
    id: str
    columns: list[str]
    max_size: int


class LimitsView(Wire):
    """What one run may use."""

    time: float
    cpu: float
    memory: int
    processes: int
    disk: int
    gpu: int


class ChallengeSummary(Wire):
    """A challenge in a list."""

    id: str
    title: str
    summary: str = ""
    tags: list[str] = []
    state: Literal["soon", "open", "ended"]
    closed: bool = Field(default=False, description="Whether an organiser closed it.")
    phase: PhaseView
    entered: bool = False
    role: Role | None = None
    team: TeamRef | None = None
    standing: StandingView | None = None
    teams: int = 0
    quota: QuotaView | None = None
    best: ScoreView | None = None


class BaselineView(Wire):
    """A submission of the organiser's that shows what is easily reached."""

    title: str
    score: ScoreView | None = Field(
        default=None, description="Its score, once it is on the public board."
    )
    notebook: str | None = Field(
        default=None, description="Its path in the participant's folder, where it is handed out."
    )


class ChallengeView(ChallengeSummary):
    """A challenge with all its pages."""

    description: str = Field(default="", description="Markdown.")
    terms: str = Field(default="", description="Markdown; empty when there is nothing to accept.")
    terms_digest: str | None = None
    version: str
    published_at: datetime
    phases: list[PhaseView]
    metrics: list[MetricView]
    output: OutputView
    kinds: list[SubmissionKind]
    max_files: int
    max_size: int
    limits: LimitsView
    profiles: list[str] = []
    files: list[DataFile] = []
    starter: str | None = None
    baselines: list[BaselineView] = []
    has_sample: bool = False
    practice: bool = True


class VersionView(Wire):
    """A published version of a challenge."""

    digest: str
    number: int = Field(default=0, description="Counted from 1.")
    published_at: datetime
    published_by: str
    current: bool
    submissions: int = 0
    changed: list[
        Literal[
            "first",
            "phases",
            "dates",
            "quotas",
            "metrics",
            "labels",
            "evaluator",
            "data",
            "starter",
            "terms",
            "texts",
            "limits",
            "access",
            "other",
        ]
    ] = Field(default=[], description="What is another one than in the version before.")
    new_board: bool = Field(
        default=False, description="Whether scores cannot be compared with the version before."
    )


class EntryRequest(Wire):
    """Enter a challenge."""

    terms_digest: str | None = Field(
        default=None, description="Digest of the terms that were shown and accepted."
    )
