"""Watch what a step uses, and say which limit it broke."""

from __future__ import annotations

import os
import time

from jupyter_challenge.core.challenge import Limits
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.engines import processes
from jupyter_challenge.steps.disk_use import DiskUse
from jupyter_challenge.steps.folder import RunFolder

LOOK_EVERY = 0.2
NEAR = 0.8
SUDDENLY = 50
LEAST_FREE = 1_000_000


class Watch:
    """Samples time, memory, processes and disk of one step.

    Processes in `ours` count only in `evaluate`: in `run` they are beside the kernel's.
    """

    def __init__(self, folder: RunFolder, limits: Limits, step: StepName, seconds: float) -> None:
        """Begin to watch; the clock runs from here."""
        self.folder = folder
        self.limits = limits
        self.step = step
        self.ours: set[int] = set()
        self.seconds = seconds
        self.peak = 0
        self._until = time.monotonic() + seconds
        self._crowd = processes.count()
        self._look_at = 0.0
        self._use = DiskUse(folder, limits.disk)

    @property
    def near_memory(self) -> bool:
        """Whether memory was nearly used up when last seen."""
        return self.peak > NEAR * self.limits.memory

    def broken(self) -> RunFailure | None:
        """Say which limit is broken now; cheap enough to be asked all the time."""
        now = time.monotonic()
        if now > self._until:
            return self._time()
        crowd = processes.count()
        grown = crowd - self._crowd
        if now < self._look_at and grown < min(self.limits.processes / 2, SUDDENLY):
            return None
        self._look_at = now + LOOK_EVERY
        self._crowd = crowd
        theirs = processes.descendants(os.getpid())
        if self.step is not StepName.EVALUATE:
            theirs -= self.ours
        return self._processes(theirs) or self._memory(theirs) or self._disk()

    def _time(self) -> RunFailure:
        if self.step is StepName.EVALUATE:
            return self._failure(
                FailureClass.EVALUATOR_ERROR, f"it took longer than {self.seconds:g} s"
            )
        return self._failure(
            FailureClass.TIME_LIMIT, f"the limit is {self.limits.time:g} s for the whole run"
        )

    def _processes(self, theirs: set[int]) -> RunFailure | None:
        if len(theirs) <= self.limits.processes:
            return None
        return self._failure(
            FailureClass.PROCESS_LIMIT,
            f"{len(theirs)} processes at once; the limit is {self.limits.processes}",
        )

    def _memory(self, theirs: set[int]) -> RunFailure | None:
        used = processes.memory(theirs)
        if used > self.limits.memory:
            used = processes.memory(theirs, exact=True)
        self.peak = max(self.peak, used)
        if used <= self.limits.memory:
            return None
        kind = FailureClass.OUT_OF_MEMORY
        if self.step is StepName.EVALUATE:
            kind = FailureClass.EVALUATOR_ERROR
        return self._failure(
            kind, f"{used / 1e9:.1f} GB used; the limit is {self.limits.memory / 1e9:g} GB"
        )

    def _disk(self) -> RunFailure | None:
        free = os.statvfs(self.folder.path)
        if free.f_bavail * free.f_frsize < LEAST_FREE:
            return self._failure(FailureClass.DISK_FULL, "the disk itself is full")
        return self._use.beyond(self.step)

    def _failure(self, kind: FailureClass, detail: str) -> RunFailure:
        return RunFailure(failure_class=kind, step=self.step, detail=detail)
