"""Do a step in a child of this process, beside nothing else: as the main process of a container.

What holds a run to its limits is the pod; here is only what makes a better answer of it: time,
processes and disk as far as they are seen from here, and a prompt end when the pod is told to end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace as replace_in
from pathlib import Path
from typing import Any

from jupyter_challenge.core.challenge import Limits
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import PodReport, RunFailure
from jupyter_challenge.steps.capped_log import CappedLog
from jupyter_challenge.steps.context import StepContext, enter, reporter, translated
from jupyter_challenge.steps.disk_use import DiskUse
from jupyter_challenge.steps.folder import RunFolder, remove, replace
from jupyter_challenge.steps.streams import print_to

TICK = 0.1
TEMPORARY = Path("/tmp")
_SET_DUMPABLE = 4
_SET_CHILD_SUBREAPER = 36
Step = Callable[[StepContext], Any]


def report_path(folder: RunFolder) -> Any:
    """Where a step's process says how it ended."""
    return folder.path / "report.json"


def alone(context: StepContext, name: StepName, step: Step, seconds: float) -> int:
    """Do a step, log what it prints, and write down how it ended.

    Args:
        context: The run; what the step reports is heard here, not by the context.
        name: The step.
        step: What to do.
        seconds: How long it may take.

    Returns:
        An exit status: 0 when it went well.
    """
    _protect()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    heard, tells = os.pipe()
    output, prints = os.pipe()
    pid = _fork(context, name, step, prints, tells)
    os.close(tells)
    os.close(prints)
    log = CappedLog(context.folder.log(name), context.spec.limits.log, _to_stdout)
    listener = _Listener(heard, output, log)
    until = time.monotonic() + seconds
    disk = DiskUse(context.folder, context.spec.limits.disk, _elsewhere())
    failure: RunFailure | None = None
    status: int | None = None
    while status is None:
        listener.listen(TICK)
        status = _reaped(pid)
        if status is None:
            # A pod that was told to end says nothing of it: whoever told it knows why.
            failure = None if asked else _broken(name, until, seconds, context.spec.limits)
            if name is StepName.RUN and not asked:
                failure = failure or disk.beyond(name)
            if asked or failure is not None:
                _end(pid)
                status = 1
    if failure is not None and failure.failure_class is FailureClass.DISK_FULL:
        _make_room(context.folder)
    listener.listen(0)
    failure = failure or listener.failure
    if failure is None and status and not asked:
        failure = RunFailure(
            failure_class=FailureClass.KERNEL_DIED
            if name is StepName.RUN
            else FailureClass.EVALUATOR_ERROR,
            step=name,
            detail="the step was killed",
        )
    if not asked:
        report = PodReport(ended=True, failure=failure)
        replace(report_path(context.folder), report.model_dump_json().encode())
    log.close()
    return 1 if failure is not None or asked else 0


def _reaped(pid: int) -> int | None:
    """The exit status of the step, if it has ended; orphans that came to us are let go."""
    while True:
        try:
            done, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if not done:
            return None
        if done == pid:
            return status


def _broken(name: StepName, until: float, seconds: float, limits: Limits) -> RunFailure | None:
    """Say which limit a step has broken that can be seen from here."""
    kind, detail = FailureClass.TIME_LIMIT, f"it took longer than {seconds:g} s"
    if time.monotonic() <= until:
        there = _beside_us()
        if there <= limits.processes:
            return None
        kind = FailureClass.PROCESS_LIMIT
        detail = f"{there} processes at once; the limit is {limits.processes}"
    if name is not StepName.RUN:
        kind = FailureClass.EVALUATOR_ERROR
    return RunFailure(failure_class=kind, step=name, detail=detail)


def _elsewhere() -> list[Path]:
    """Where a run in a container can write beside its folder."""
    return [TEMPORARY] if _in_a_container() else []


def _make_room(folder: RunFolder) -> None:
    """Remove what a run that is dead wrote, but its log and notebook.

    The kubelet measures too, and would end the pod before those two are handed in.
    """
    for place in (folder.work, folder.home, folder.tmp, *_elsewhere()):
        with contextlib.suppress(OSError):
            for child in list(place.iterdir()):
                remove(child)


def _in_a_container() -> bool:
    """Whether this is the first process of one, so that all others are the run's."""
    return os.getpid() == 1


def _beside_us() -> int:
    """How many processes a container has beside its first one; 0 outside of one."""
    if not _in_a_container():
        return 0
    return sum(name.isdigit() for name in os.listdir("/proc")) - 1


def _fork(context: StepContext, name: StepName, step: Step, prints: int, tells: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        _dumpable(True)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print_to(prints)
        inner = replace_in(context, report=reporter(tells))
        enter(inner)
        status = _perform(inner, name, step)
    finally:
        sys.stdout.flush()
        os._exit(status)


def _perform(context: StepContext, name: StepName, step: Step) -> int:
    try:
        step(context)
    except BaseException as error:
        failure = translated(error, name)
        context.report({"failure": failure.model_dump(mode="json")})
        if not isinstance(error, RunFailed):
            traceback.print_exc()
        elif failure.detail:
            print(failure.detail)
        return 1
    return 0


class _Listener:
    """Reads what a step prints into its log, and what it reports."""

    def __init__(self, heard: int, output: int, log: CappedLog) -> None:
        self.failure: RunFailure | None = None
        self._rest = b""
        self._log = log
        self._selector = selectors.DefaultSelector()
        for descriptor, use in ((heard, self._hear), (output, log.write)):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, use)

    def listen(self, seconds: float) -> None:
        """Read what is there, or wait for it that long."""
        while events := (self._selector.select(seconds) if self._selector.get_map() else []):
            for key, _ in events:
                data = os.read(key.fd, 1 << 16)
                if data:
                    key.data(data)
                else:
                    self._selector.unregister(key.fd)
            if seconds:
                return
        if seconds and not self._selector.get_map():
            time.sleep(seconds)

    def _hear(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "failure" in message:
                self.failure = RunFailure.model_validate(message["failure"])


def _to_stdout(data: bytes) -> None:
    """Show the log to whoever follows the container's."""
    with contextlib.suppress(OSError):
        os.write(1, data)


def _protect() -> None:
    """Keep what a step starts from looking into this process, and take over its orphans."""
    _dumpable(False)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _dumpable(value: bool) -> None:
    """Let processes of the same user trace this one, or not."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, int(value), 0, 0, 0)


def _end(pid: int) -> None:
    """Kill the step with everything that it has started."""
    import psutil

    try:
        found = [psutil.Process(pid), *psutil.Process(os.getpid()).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
