"""What every engine does: start a run, say how it is, hand out its log, cancel it.

An engine keeps no state of its own: `RunHandle` is stored by the service, and whoever holds it,
after a restart or in another process, reads the same truth.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from jupyter_challenge.core.challenge import (
    Evaluator,
    Limits,
    MetricSpec,
    Output,
    SubmissionKind,
)
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import LogChunk, StepName, StepView


class Spec(BaseModel):
    """A value that is fixed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputMount(Spec):
    """A file or folder of the challenge that a run sees under input/."""

    source: Path = Field(description="Absolute, on this machine; chosen by the service.")
    target: str = Field(description="Path under input/, such as train or test.csv.")


class EvaluationSpec(Spec):
    """How predictions become scores. Only the evaluate step is given this.

    `boards` maps public/private to the label rows that count there: None is every row, else the
    path of a JSON list of ids. `evaluator_file` is set for an organiser's own function.
    """

    labels: Path
    output: Output
    metrics: list[MetricSpec]
    evaluator: Evaluator | None = None
    evaluator_file: Path | None = None
    boards: dict[Literal["public", "private"], Path | None]
    digest: str = Field(description="Evaluator version: digest of evaluator, metrics and labels.")


class RunSpec(Spec):
    """Everything a run is given. Paths were chosen by the service, never by participants."""

    run_id: str
    submission_id: str
    challenge_id: str
    is_try: bool = False
    kind: SubmissionKind
    bundle: Path = Field(description="Zip with the notebook or predictions and declared files.")
    entry: str = Field(description="Path of the notebook or predictions file in the bundle.")
    parameters: dict[str, Any] = {}
    inputs: list[InputMount]
    evaluation: EvaluationSpec
    limits: Limits
    attempt: int = 1


class RunHandle(Spec):
    """Where a run is. `key` names it to its engine; pid and its start time tell it from others."""

    engine: str
    key: str
    pid: int | None = None
    pid_started: float | None = Field(default=None, description="psutil's create_time, seconds.")


class RunState(str, Enum):
    """State of a run as its engine sees it."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether the run is over."""
        return self in {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}


class RunFailure(Spec):
    """Why a run failed, with what only those see who may see everything."""

    failure_class: FailureClass
    step: StepName | None = None
    cell: int | None = Field(default=None, description="Failing code cell, counted from 1.")
    cell_index: int | None = Field(default=None, description="Index in the notebook's cells.")
    detail: str = ""


class RunStatus(Spec):
    """How a run is now."""

    state: RunState
    steps: list[StepView]
    failure: RunFailure | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class MetricResult(Spec):
    """One metric on one board, as the evaluator found it."""

    value: float
    stderr: float | None = None
    n: int | None = None


class EvaluationResult(Spec):
    """What the evaluate step wrote: board -> metric -> result."""

    digest: str
    boards: dict[Literal["public", "private"], dict[str, MetricResult]]
    per_sample: dict[str, dict[str, float]] | None = Field(
        default=None, description="metric -> id -> value; the organiser's alone."
    )


class RunFiles(Spec):
    """Files that a finished run left, at paths that the engine chose; None where there is none."""

    notebook: Path | None = None
    predictions: Path | None = None
    logs: dict[StepName, Path] = {}


class Engine(Protocol):
    """Starts runs and tells the truth about them."""

    name: str

    def start(self, spec: RunSpec) -> RunHandle:
        """Start a run. Returns at once; starting the same `run_id` again finds the same run."""
        ...

    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is. A run whose processes vanished is failed, never running for ever."""
        ...

    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        """Read a step's log from a byte offset, at most 1 MB at a time."""
        ...

    def result(self, handle: RunHandle) -> EvaluationResult | None:
        """Read the evaluator's result at the path that the engine chose, if the run succeeded."""
        ...

    def files(self, handle: RunHandle) -> RunFiles:
        """Name the files of the run."""
        ...

    def cancel(self, handle: RunHandle) -> None:
        """End every process of the run. Returns when none is left; harmless when it is over."""
        ...

    def forget(self, handle: RunHandle) -> None:
        """Remove the run's folder or objects once everything worth keeping was stored."""
        ...

    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""
        ...

    def close(self) -> None:
        """Let go of helpers kept ready; running runs go on."""
        ...
