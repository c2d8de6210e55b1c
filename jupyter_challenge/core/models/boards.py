"""A board as it travels."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from jupyter_challenge.core.challenge import Direction
from jupyter_challenge.core.models.base import TeamRef, Wire


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
    baseline: str | None = Field(
        default=None, description="Title of the organiser's baseline, where this is one."
    )
    public_rank: int | None = Field(
        default=None, description="Best rank on the public board; on the private one only."
    )
    rank_low: int | None = Field(
        default=None,
        description="Best rank that it may really have, with 95 % confidence; on the private "
        "board, where every score has a standard error.",
    )
    rank_high: int | None = Field(default=None, description="Worst rank that it may really have.")


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
    mine_at: int | None = Field(
        default=None, description="Offset of my row in this list, where it is in it."
    )
    sort: str = Field(default="", description="Metric that orders the rows; empty for the rank.")
    updated_at: datetime | None = None


class HistoryPoint(Wire):
    """One scored submission of a team, as a point of the plot."""

    submission: str
    number: int
    at: datetime = Field(description="When it was handed in.")
    value: float
    display: str
    stderr: float | None = Field(default=None, description="Standard error, where there is one.")
    counts: bool = Field(default=False, description="Whether it stands on the board.")
    is_best: bool = Field(default=False, description="Best of the team's; the earliest of equals.")


class HistoryStep(Wire):
    """From `at` on the best so far is `value`, until the next step."""

    at: datetime
    value: float
    display: str


class HistoryView(Wire):
    """How the scores of a board came to be, by the ranked metric; everything oldest first."""

    challenge: str
    phase: str
    board: Literal["public", "private"]
    metric: MetricView
    points: list[HistoryPoint] = Field(default=[], description="My team's scored submissions.")
    best: list[HistoryStep] = Field(default=[], description="My team's best so far.")
    leader: list[HistoryStep] = Field(default=[], description="Best so far of all who stood on it.")
