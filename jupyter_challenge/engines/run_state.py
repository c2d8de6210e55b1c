"""The state of a run as its folder tells it: who runs it, how it is, until when."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.engines.base import RunState, RunStatus
from jupyter_challenge.steps.folder import RunFolder, remove, replace


def first_status(kind: SubmissionKind) -> RunStatus:
    """How a run is before anything happened; a predictions file skips `run`."""
    skipped = kind is SubmissionKind.PREDICTIONS
    return RunStatus(
        state=RunState.PENDING,
        steps=[
            StepView(
                name=name,
                state=StepState.SKIPPED if skipped and name is StepName.RUN else StepState.PENDING,
            )
            for name in StepName
        ],
    )


def read_status(folder: RunFolder) -> RunStatus | None:
    """Read the state, if there is one that can be read."""
    try:
        return RunStatus.model_validate_json(folder.status.read_bytes())
    except (OSError, ValueError):
        return None


def read_record(folder: RunFolder) -> dict[str, Any] | None:
    """Read who runs it: run_id (None while nobody does), pid, pid_started."""
    try:
        record = json.loads(folder.record.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_record(
    folder: RunFolder, run_id: str | None, pid: int | None, started: float | None
) -> None:
    """Say who runs it."""
    record = {"run_id": run_id, "pid": pid, "pid_started": started}
    replace(folder.record, json.dumps(record).encode())


def write_deadline(folder: RunFolder, seconds: float) -> None:
    """Say until when the step that begins now must be over.

    The monotonic clock of the machine: all processes share it, and a laptop that slept or a
    clock that was set ends nobody's run.
    """
    replace(folder.deadline, repr(time.monotonic() + seconds).encode())


def overdue(folder: RunFolder, grace: float) -> bool:
    """Whether the step should have been over `grace` seconds ago."""
    try:
        return time.monotonic() > float(folder.deadline.read_text()) + grace
    except (OSError, ValueError):
        return False


class Journal:
    """Writes a run's state at every change; only the engine's child holds one."""

    def __init__(self, folder: RunFolder, kind: SubmissionKind) -> None:
        """Begin: the run is running from now."""
        self._folder = folder
        self._status = first_status(kind).model_copy(
            update={"state": RunState.RUNNING, "started_at": now()}
        )
        self._write()

    def begin(self, name: StepName) -> None:
        """A step begins."""
        self._step(name, state=StepState.RUNNING, started_at=now())
        self._write()

    def told(self, name: StepName, detail: str) -> None:
        """A step says where it is."""
        self._step(name, detail=detail)
        self._write()

    def end(self, name: StepName, failure: RunFailure | None) -> None:
        """A step is over."""
        state = StepState.FAILED if failure else StepState.SUCCEEDED
        self._step(name, state=state, ended_at=now())
        self._write()

    def close(self, failure: RunFailure | None) -> None:
        """The run is over: the last thing that is written."""
        self._status = closed(
            self._status, RunState.FAILED if failure else RunState.SUCCEEDED, failure
        )
        self._write()

    def _step(self, name: StepName, **changes: Any) -> None:
        steps = [
            step.model_copy(update=changes) if step.name is name else step
            for step in self._status.steps
        ]
        self._status = self._status.model_copy(update={"steps": steps})

    def _write(self) -> None:
        write_status(self._folder, self._status)


def write_status(folder: RunFolder, status: RunStatus) -> None:
    """Write the state; makes room among the run's own files when the disk is full."""
    data = status.model_dump_json().encode()
    try:
        replace(folder.status, data)
    except OSError:
        for path in (folder.path / "bundle", folder.work, folder.home, folder.tmp):
            remove(path)
        replace(folder.status, data)


def closed(status: RunStatus, state: RunState, failure: RunFailure | None = None) -> RunStatus:
    """Return a run's status as a terminal one; steps that never ended end with it."""
    steps = []
    for step in status.steps:
        if step.state is StepState.RUNNING:
            ended = StepState.CANCELLED if state is RunState.CANCELLED else StepState.FAILED
            steps.append(step.model_copy(update={"state": ended, "ended_at": now()}))
        elif step.state is StepState.PENDING:
            steps.append(step.model_copy(update={"state": StepState.SKIPPED}))
        else:
            steps.append(step)
    return status.model_copy(
        update={"state": state, "steps": steps, "failure": failure, "ended_at": now()}
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file against other processes and threads."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def now() -> datetime:
    """The time, with a zone."""
    return datetime.now(timezone.utc)
