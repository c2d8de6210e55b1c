"""What every engine does: start a run, say how it is, hand out its log, cancel it.

An engine keeps no state of its own: `RunHandle` is stored by the service, and whoever holds it,
after a restart or in another process, reads the same truth.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path

from pydantic import Field

from jupyter_challenge.core.challenge import Limits
from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.models import LogChunk, StepName, StepView
from jupyter_challenge.core.run import (
    EvaluationResult,
    EvaluationSpec,
    InputMount,
    MetricResult,
    RunFailure,
    RunSpec,
    Spec,
)
from jupyter_challenge.steps.capped_log import CUT

__all__ = [
    "CUT",
    "Engine",
    "EvaluationResult",
    "EvaluationSpec",
    "InputMount",
    "MetricResult",
    "NotNow",
    "RunFailure",
    "RunFiles",
    "RunHandle",
    "RunSpec",
    "RunState",
    "RunStatus",
    "Spec",
]


class NoMachine(Exception):  # noqa: N818 - it says what the matter is
    """The compute profile that a run has chosen is not offered any more."""


class NotNow(Exception):
    """This run cannot be started yet, through no fault of its own; others can."""


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


class RunStatus(Spec):
    """How a run is now."""

    state: RunState
    steps: list[StepView]
    queued: bool = Field(
        default=False, description="Whether it waits in a queue of the engine's, perhaps again."
    )
    failure: RunFailure | None = None
    image: str | None = Field(
        default=None,
        description="What the name of the run's image stood for, where the run was given none with "
        "a digest and the engine knows.",
    )
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RunFiles(Spec):
    """Files that a finished run left, at paths that the engine chose; None where there is none."""

    notebook: Path | None = None
    predictions: Path | None = None
    logs: dict[StepName, Path] = {}


class Engine(ABC):
    """Starts runs and tells the truth about them.

    What an engine need not do has an answer here that holds for one without queues, profiles or
    news, on the service's own machine.
    """

    name: str

    queues: bool = False
    """Whether a run that was started may wait in a queue of the engine's."""

    catalogue: Catalogue = Catalogue()
    """The compute profiles that runs may choose from."""

    quiet: float = 0.0
    """Seconds for which a run without news need not be asked for."""

    @abstractmethod
    def start(self, spec: RunSpec) -> RunHandle:
        """Start a run. Returns at once; starting the same `run_id` again finds the same run."""

    @abstractmethod
    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is. A run whose processes vanished is failed, never running for ever."""

    @abstractmethod
    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        """Read a step's log from a byte offset, at most 1 MB at a time."""

    @abstractmethod
    def result(self, handle: RunHandle) -> EvaluationResult | None:
        """Read the evaluator's result at the path that the engine chose, if the run succeeded."""

    @abstractmethod
    def files(self, handle: RunHandle) -> RunFiles:
        """Name the files of the run."""

    @abstractmethod
    def cancel(self, handle: RunHandle) -> None:
        """End every process of the run. Returns when none is left; harmless when it is over."""

    @abstractmethod
    def forget(self, handle: RunHandle) -> None:
        """Remove the run's folder or objects once everything worth keeping was stored."""

    @abstractmethod
    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""

    @abstractmethod
    def close(self) -> None:
        """Let go of helpers kept ready; running runs go on."""

    def prepare_standby(self) -> None:
        """Get ready for the next run, where that helps; returns at once.

        The loop calls it when nothing else is to do.
        """
        return

    def watch(self, wake: Callable[[], None]) -> None:
        """Have `wake()` called when something happened to a run, where the engine is told."""
        return

    def news(self) -> set[str] | None:
        """The runs that have news since this was asked last; None where nothing is told."""
        return None

    def allowance(self, limits: Limits) -> float | None:
        """Seconds after a run's own beginning by which it is over, if the engine works.

        None where nothing keeps a run from beginning: it is then over when its time limit is.
        """
        return None

    def places(self) -> Mapping[str, tuple[str, int]]:
        """The queue and the place of each run that waits in such, by the run's id: 1 is next.

        Raises:
            Unavailable: The queues can't be asked.
        """
        return {}

    def reachable(self) -> None:
        """Ask whether what runs are started on answers; probes call it.

        Raises:
            Unavailable: It does not.
        """
        return
