"""The program that conducts one run on this machine: KFP's pipeline under `kfp.local`.

Started by `LocalEngine` in a session of its own, with a filtered environment, so that it outlives
who started it and holds none of its secrets. It may be started before there is a run: then it
imports what a run needs, launches a kernel, and waits on its standard input (a socket to the
engine) for the word that its folder holds a run. It conducts exactly one run and ends.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

UNUSED_FOR = 1_800.0
"""Seconds after which a child that nobody gives a run goes away."""

EVALUATION_AT_LEAST = 60.0
SHORT_RUN = 3.0
FUSE = 2_000
GO = b"g"
READY = b"r"


def main() -> int:
    """Wait for a run in the folder that the command line names, and conduct it."""
    # `python -m` puts the working folder first; nothing may be imported from there.
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]
    os.umask(0o077)

    from jupyter_challenge.engines import lean, processes
    from jupyter_challenge.steps.folder import RunFolder

    lean.keep_out()
    folder = RunFolder(Path(sys.argv[1]))
    os.chdir(folder.path)
    processes.adopt_orphans()
    processes.reaping = True
    processes.fuse(FUSE)
    owner = socket.socket(fileno=0)
    try:
        warm = _Preparation(folder)
        if not _wait(owner, warm):
            folder.remove()
            return 0
    finally:
        owner.close()
        os.open(os.devnull, os.O_RDONLY)  # takes the place of descriptor 0
    _conduct(folder, warm)
    return 0


class _Preparation:
    """What can be done before there is a run, in pieces of less than a second."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.steps: Iterator[Callable[[], object]] = iter(
            [
                *([self._kernel] if "--kernel" in sys.argv else []),
                lambda: importlib.import_module("jupyter_challenge.pipeline"),
                lambda: importlib.import_module("kfp.local"),
                lambda: importlib.import_module("kfp.dsl.executor_main"),
                lambda: importlib.import_module("jupyter_challenge.steps.notebook"),
                lambda: importlib.import_module("jupyter_challenge.steps.prepare"),
                *self.evaluation(),
            ]
        )

    @staticmethod
    def evaluation() -> list[Callable[[], object]]:
        """Imports that only evaluate needs."""
        return [
            lambda: importlib.import_module("pandas"),
            lambda: importlib.import_module("sklearn.metrics"),
            lambda: importlib.import_module("jupyter_challenge.steps.scoring"),
            lambda: importlib.import_module("jupyter_challenge.steps.evaluate"),
        ]

    def more(self) -> bool:
        """Do the next piece; False when all is done."""
        piece = next(self.steps, None)
        if piece is None:
            return False
        _try(piece)
        return True

    def _kernel(self) -> None:
        from jupyter_challenge.engines import processes
        from jupyter_challenge.steps import kernel

        kernel.ready = kernel.launch_ahead(self.folder, before_exec=processes.die_with_parent)


def _wait(owner: socket.socket, warm: _Preparation) -> bool:
    """Prepare until the word comes; False when nobody will ever say it.

    When the owner is gone, what it wrote last decides: a run that is in the folder is conducted.
    """
    from jupyter_challenge.engines.run_state import read_record

    owner.setblocking(False)
    warm.more()  # the kernel comes up beside everything else
    while not select.select([owner], [], [], 0)[0]:
        if not warm.more():
            with contextlib.suppress(OSError):
                owner.send(READY)
            if not select.select([owner], [], [], UNUSED_FOR)[0]:
                return False
    try:
        word = owner.recv(1)
    except OSError:
        word = b""
    record = read_record(warm.folder)
    return word == GO or bool(record and record["run_id"])


def _conduct(folder: Any, warm: _Preparation) -> None:
    """Conduct the run; whatever happens, the last thing is a terminal state."""
    from jupyter_challenge.core.errors import FailureClass
    from jupyter_challenge.core.models import StepName
    from jupyter_challenge.core.run import RunFailure, RunSpec
    from jupyter_challenge.engines import processes
    from jupyter_challenge.engines.run_state import Journal, write_record
    from jupyter_challenge.steps import kernel
    from jupyter_challenge.steps.context import translated
    from jupyter_challenge.steps.folder import remove

    spec = RunSpec.model_validate_json(folder.spec.read_bytes())
    write_record(folder, spec.run_id, os.getpid(), processes.start_time(os.getpid()))
    journal = Journal(folder, spec.kind)
    conductor = _Conductor(folder, spec, journal, warm)
    try:
        conductor.pipeline()
        failure = conductor.failure
        if failure is None and not folder.result.is_file():
            failure = RunFailure(
                failure_class=FailureClass.PLATFORM_ERROR,
                step=StepName.EVALUATE,
                detail="no result was written",
            )
    except Exception as error:
        failure = conductor.failure
        if failure is None:
            traceback.print_exc()
            failure = translated(error, None)
    kernel.ready = None
    processes.end_tree(os.getpid())
    for used in (folder.tmp, folder.home):
        remove(used)
    journal.close(failure)


class _Conductor:
    """Runs the pipeline with `kfp.local`, each step under our supervision."""

    def __init__(self, folder: Any, spec: Any, journal: Any, warm: _Preparation) -> None:
        from jupyter_challenge.engines.supervision import Supervisor
        from jupyter_challenge.steps import kernel

        self.folder = folder
        self.spec = spec
        self.journal = journal
        self.failure: Any = None
        self._step: Any = None
        self._until = time.monotonic() + spec.limits.time
        self.supervisor = Supervisor(folder, spec, self._told)
        if kernel.ready is not None:
            self.supervisor.kept = {kernel.ready.pid}
        self._warm = warm

    def pipeline(self) -> None:
        """Run all steps; `failure` is set when one fails.

        Raises:
            Exception: Whatever kfp.local makes of a failure.
        """
        from kfp import local
        from kfp.local import subprocess_task_handler

        from jupyter_challenge.pipeline import pipeline_for

        subprocess_task_handler.run_local_subprocess = self.task
        # It would put an interpreter's path for "python3" everywhere, in folders' names too.
        subprocess_task_handler.replace_python_executable = lambda command, _: command
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="kfp")
        pipeline_for(self.spec.kind)(run_key=self.folder.key)

    def task(self, full_command: list[str], env_vars: dict[str, str] | None = None) -> int:
        """Take the place of kfp.local's `run_local_subprocess`; returns an exit status."""
        from jupyter_challenge.core.models import StepName
        from jupyter_challenge.engines.run_state import write_deadline
        from jupyter_challenge.engines.step_process import argument, component
        from jupyter_challenge.steps.collect import collect_output

        name = self._step = StepName(argument(full_command, "--function_to_execute"))
        seconds = max(0.0, self._until - time.monotonic())
        if name is StepName.EVALUATE:
            seconds = max(EVALUATION_AT_LEAST, self.spec.limits.time)
        if name is not StepName.PREPARE:
            self.supervisor.kept = set()
        if name is StepName.RUN:
            self.supervisor.idle = _Spare().more
        write_deadline(self.folder, seconds)
        self.journal.begin(name)
        self.failure = self.supervisor.run(name, full_command, component(full_command), seconds)
        if name is StepName.RUN and self.failure is None:
            # Only now: every process that could still change the output is dead.
            self.failure = self.supervisor.run(name, None, collect_output, EVALUATION_AT_LEAST)
        self.journal.end(name, self.failure)
        return 1 if self.failure else 0

    def _told(self, detail: str) -> None:
        self.journal.told(self._step, detail)


class _Spare:
    """Imports what evaluate needs while a notebook runs for long; a short run is left alone."""

    def __init__(self) -> None:
        self._from = time.monotonic() + SHORT_RUN
        self._pieces = iter(_Preparation.evaluation())

    def more(self) -> bool:
        """Import the next module if it is time to; False when all are there."""
        if time.monotonic() < self._from:
            return True
        piece = next(self._pieces, None)
        if piece is not None:
            _try(piece)
        return piece is not None


def _try(piece: Callable[[], object]) -> None:
    """Prepare something; what fails is met again by the step that needs it, which can say so."""
    try:
        piece()
    except Exception:
        traceback.print_exc()


if __name__ == "__main__":
    try:
        status = main()
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing of this process is worth the time that an orderly end takes.
    os._exit(status)
