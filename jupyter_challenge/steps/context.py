"""What a step is given, and how it says where it is and why it failed.

The program around a step (an engine's) enters it with `enter`; a step asks for `current()`. What
is said travels as JSON lines over a pipe that only this process holds: nothing that participant
code writes to a file is ever read as a report.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.steps.folder import RunFolder

Report = Callable[[dict[str, Any]], None]

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}
"""A disk that is full, and a quota on it that is used up."""


@dataclass(frozen=True)
class StepContext:
    """A step's run: its folder, what the run was given, whom to tell, what surrounds it."""

    folder: RunFolder
    spec: RunSpec
    report: Report
    network: bool = True

    def progress(self, detail: str) -> None:
        """Say where the step is, such as "cell 3/7"."""
        self.report({"detail": detail})

    def failed(self, failure: RunFailure) -> None:
        """Say why the step failed."""
        self.report({"failure": failure.model_dump(mode="json")})


_current: StepContext | None = None


def enter(context: StepContext) -> None:
    """Begin a step in this process; called by the program around it."""
    global _current
    _current = context


def current() -> StepContext:
    """What the step of this process was given."""
    if _current is None:
        raise RunFailed(FailureClass.PLATFORM_ERROR, "the step was started outside a run")
    return _current


def translated(error: BaseException, step: StepName | None) -> RunFailure:
    """Say in our words why a step ended: the one way from what was raised to what is recorded."""
    if isinstance(error, RunFailed):
        return RunFailure(
            failure_class=error.failure_class,
            step=StepName(error.step) if error.step else step,
            cell=error.cell,
            cell_index=error.cell_index,
            detail=error.detail,
        )
    kind = FailureClass.PLATFORM_ERROR
    if isinstance(error, MemoryError):
        kind = FailureClass.OUT_OF_MEMORY
    elif isinstance(error, OSError) and error.errno in _OUT_OF_SPACE:
        kind = FailureClass.DISK_FULL
    return RunFailure(failure_class=kind, step=step, detail=f"{type(error).__name__}: {error}")


def reporter(descriptor: int) -> Report:
    """Make a report function that writes JSON lines to a pipe."""

    def report(message: dict[str, Any]) -> None:
        os.write(descriptor, json.dumps(message).encode() + b"\n")

    return report
