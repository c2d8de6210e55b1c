"""A verification as it travels: a submission that was run again, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from jupyter_challenge.core.models.base import Wire
from jupyter_challenge.core.models.submissions import SubmissionState


class VerifiedScore(Wire):
    """A score, and the same one of the run again."""

    board: Literal["public", "private"]
    metric: str
    label: str
    before: str = Field(description="As it counts, rounded as it ranks.", examples=["0.9667"])
    again: str = Field(description="Of the run again, rounded alike.", examples=["0.9667"])
    difference: float = Field(description="Of both without rounding: again minus before.")
    same: bool = Field(description="Whether both rank alike.")


class VerificationView(Wire):
    """A submission that was run once more for its organisers; it counts nowhere.

    Its log, notebook and predictions are to be had under its own id, as those of a submission.
    """

    id: str
    submission: str = Field(description="Id of the submission that is verified.")
    challenge: str
    by: str = Field(description="Who had it run again.")
    state: SubmissionState
    created_at: datetime
    ended_at: datetime | None = None
    verdict: Literal["same", "different", "failed", "cancelled"] | None = Field(
        default=None, description="`same` where every score ranks alike; null until it is over."
    )
    scores: list[VerifiedScore] = []
