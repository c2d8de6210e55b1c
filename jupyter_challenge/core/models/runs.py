"""A run as it travels: its steps, its failure, its logs."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from pydantic import Field

from jupyter_challenge.core.errors import FailureClass, Fault
from jupyter_challenge.core.models.base import Wire
from jupyter_challenge.core.models.phrases import Phrase


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
    hint_phrase: Phrase | None = Field(
        default=None, description="The hint, to be said otherwise; None where it is its class's."
    )
    fault: Fault
    step: StepName | None = None
    cell: int | None = Field(default=None, description="Failing code cell, counted from 1.")
    cell_index: int | None = Field(default=None, description="Index in the notebook's cells.")
    detail: str = Field(default="", examples=["NameError: name 'modle' is not defined"])


class LogChunk(Wire):
    """A piece of a step's log. Ask again from `next`; `ended` says that no more comes."""

    step: StepName
    offset: int
    next: int
    text: str
    ended: bool
    truncated: bool = False
