"""What travels on the wire, in the service, the client, the CLI and, by OpenAPI, the front end.

Times are UTC with a zone. Sizes are bytes. A score is shown as `display`, never re-rounded.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from jupyter_challenge.core.challenge import (
    CountingRule,
    Direction,
    Feedback,
    SubmissionKind,
    TableFormat,
    TieRule,
)
from jupyter_challenge.core.errors import FailureClass, Fault

T = TypeVar("T")


class Wire(BaseModel):
    """A model of the wire; servers may add fields, clients ignore those they do not know."""

    model_config = ConfigDict(extra="ignore")


class Role(str, Enum):
    """What somebody is in a challenge."""

    PARTICIPANT = "participant"
    ORGANISER = "organiser"
    ADMIN = "admin"


class Me(Wire):
    """Who asks, and where they are."""

    name: str
    display_name: str = ""
    groups: list[str] = []
    admin: bool = False
    place: Literal["embedded", "serve", "hub"] = Field(description="How the service runs.")
    practice: bool = Field(description="Whether scores are the user's own word (nothing isolated).")
    version: str


class ErrorBody(Wire):
    """A refused request."""

    code: str = Field(description="For programs.", examples=["quota_exceeded"])
    message: str = Field(description="What happened and where.")
    hint: str = Field(default="", description="What to do next.")
    details: dict[str, Any] = {}


class ErrorResponse(Wire):
    """Body of every answer with a status of 400 or more."""

    error: ErrorBody


class Page(Wire, Generic[T]):
    """One page of a list; `next` is the cursor of the following page."""

    items: list[T]
    next: str | None = None
    total: int | None = None


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


class StepName(str, Enum):
    """The nodes of the pipeline."""

    PREPARE = "prepare"
    RUN = "run"
    EVALUATE = "evaluate"


class StepState(str, Enum):
    """State of one step."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class StepView(Wire):
    """One step of a run."""

    name: StepName
    state: StepState = StepState.PENDING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = Field(default="", description="Where it is.", examples=["cell 3/7"])


class FailureView(Wire):
    """Why a run failed. With class_only feedback only class, sentence, hint and fault are set."""

    failure_class: FailureClass
    sentence: str
    hint: str
    fault: Fault
    step: StepName | None = None
    cell: int | None = Field(default=None, description="Failing code cell, counted from 1.")
    cell_index: int | None = Field(default=None, description="Index in the notebook's cells.")
    detail: str = Field(default="", examples=["NameError: name 'modle' is not defined"])


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


class FileView(Wire):
    """A file that travelled with a submission, or that a challenge hands out."""

    path: str
    size: int
    sha256: str


class TeamRef(Wire):
    """A team by id and name."""

    id: str
    name: str


class SubmissionView(Wire):
    """A submission with its latest run. A Try has `is_try` and counts nowhere."""

    id: str
    number: int = Field(description="Counts a team's submissions (tries apart) in a challenge.")
    is_try: bool = False
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
    engine: str = ""
    attempt: int = 0
    steps: list[StepView] = []
    failure: FailureView | None = None
    scores: list[ScoreView] = []
    score: ScoreView | None = Field(default=None, description="Ranked metric, public board.")
    best_before: float | None = Field(
        default=None, description="Team's best public value before this one was scored."
    )
    improved: bool | None = None
    rank: int | None = Field(default=None, description="Team's public rank now, once scored.")
    teams: int | None = Field(default=None, description="Teams on the board now.")
    is_best: bool = False
    selected: bool = False
    feedback: Feedback = Feedback.FULL
    mine: bool = True
    has_notebook: bool = False
    has_logs: bool = False


class SubmissionRequest(Wire):
    """What a client says about a submission; the bundle travels beside it.

    The bundle is a zip with `entry` and its declared files at their relative paths.
    """

    kind: SubmissionKind = SubmissionKind.NOTEBOOK
    phase: str | None = Field(default=None, description="The current phase when left out.")
    entry: str = Field(description="Path in the bundle of the notebook or predictions file.")
    is_try: bool = False
    parameters: dict[str, Any] = {}
    environment: dict[str, Any] = Field(
        default={}, description="kernel, language, packages as read from the kernelspec."
    )
    profile: str | None = None
    note: str = Field(default="", max_length=300)


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


class MetricView(Wire):
    """A metric as a column."""

    name: str
    label: str
    direction: Direction
    precision: int
    ranked: bool = False


class StandingView(Wire):
    """A team's place on a board."""

    rank: int = Field(description="Best rank of those tied with it.")
    rank_to: int = Field(description="Worst rank of those tied with it.")
    move: int | None = Field(default=None, description="Ranks gained since a day ago.")
    team: TeamRef
    mine: bool = False
    values: dict[str, float | None] = {}
    display: dict[str, str] = {}
    entries: int
    last_at: datetime
    submission: str | None = Field(default=None, description="Counting submission, if visible.")


class BoardView(Wire):
    """One page of a board."""

    challenge: str
    title: str
    phase: str
    phase_title: str
    board: Literal["public", "private"]
    practice: bool
    metrics: list[MetricView]
    rows: list[StandingView]
    total: int
    offset: int = 0
    next: str | None = None
    mine: StandingView | None = Field(default=None, description="My row, on whichever page.")
    updated_at: datetime | None = None


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
    phase: PhaseView
    entered: bool = False
    role: Role | None = None
    team: TeamRef | None = None
    standing: StandingView | None = None
    teams: int = 0
    quota: QuotaView | None = None
    best: ScoreView | None = None


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
    has_sample: bool = False
    practice: bool = True


class VersionView(Wire):
    """A published version of a challenge."""

    digest: str
    published_at: datetime
    published_by: str
    current: bool
    submissions: int = 0


class EntryRequest(Wire):
    """Enter a challenge."""

    terms_digest: str | None = Field(
        default=None, description="Digest of the terms that were shown and accepted."
    )


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


class LogChunk(Wire):
    """A piece of a step's log. Ask again from `next`; `ended` says that no more comes."""

    step: StepName
    offset: int
    next: int
    text: str
    ended: bool
    truncated: bool = False
