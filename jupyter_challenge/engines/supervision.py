"""Run a step in a process of its own, listen to it, hold it to its limits, and clean up after it.

This is what takes the place of `kfp.local.subprocess_task_handler.run_local_subprocess`.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.engines import processes
from jupyter_challenge.engines.limits import Watch
from jupyter_challenge.engines.step_process import perform
from jupyter_challenge.steps.capped_log import CappedLog
from jupyter_challenge.steps.context import StepContext, reporter
from jupyter_challenge.steps.folder import RunFolder
from jupyter_challenge.steps.streams import print_to

TICK = 0.05
Step = Callable[[StepContext], Any]
Told = Callable[[str], None]


class Supervisor:
    """Runs the steps of one run, one after the other."""

    def __init__(self, folder: RunFolder, spec: RunSpec, told: Told) -> None:
        """Supervise a run.

        Args:
            folder: The run's folder.
            spec: What the run was given.
            told: Hears where a step is.

        `kept` are processes that outlive a step (the kernel that stands ready, until the run step
        is over); `idle` does a bit of work while a step runs and returns whether there is more.
        """
        self.folder = folder
        self.spec = spec
        self.told = told
        self.idle: Callable[[], bool] | None = None
        self.kept: set[int] = set()

    def run(
        self, name: StepName, command: Sequence[str] | None, step: Step, seconds: float
    ) -> RunFailure | None:
        """Run one step and end everything that it leaves behind.

        Args:
            name: Step that it belongs to.
            command: KFP's command line, for where this process cannot be forked.
            step: What to do in a fork.
            seconds: How long it may take.

        Returns:
            Why it failed, or None.
        """
        heard, tells = os.pipe()
        output, prints = os.pipe()
        log = CappedLog(self.folder.log(name), self.spec.limits.log)
        watch = Watch(self.folder, self.spec.limits, name, seconds)
        try:
            if may_fork():
                pid = self._fork(name, step, prints, tells)
            else:
                pid = self._spawn(name, command, prints, tells)
            os.close(tells)
            os.close(prints)
            watch.ours = {pid, *self.kept}
            listener = _Listener(heard, output, log, self.told)
            status, broken = self._follow(pid, listener, watch)
            failure = broken or listener.failure or self._silent_end(name, status, watch)
        finally:
            self.end_processes()
        listener.drain()
        log.close()
        os.close(heard)
        os.close(output)
        return failure

    def _follow(self, pid: int, listener: _Listener, watch: Watch) -> tuple[int, RunFailure | None]:
        """Listen until the step's process has ended or broken a limit."""
        with selectors.DefaultSelector() as selector:
            listener.register(selector)
            end = _end_of(pid)
            if end is not None:
                selector.register(end, selectors.EVENT_READ, None)
            try:
                while True:
                    for key, _ in selector.select(TICK):
                        if key.data is not None:
                            key.data()
                    done, status = os.waitpid(pid, os.WNOHANG)
                    if done:
                        return status, None
                    broken = watch.broken()
                    if broken is not None:
                        self.end_processes()
                        return 0, broken
                    if self.idle is not None and not self.idle():
                        self.idle = None
            finally:
                if end is not None:
                    os.close(end)

    def end_processes(self) -> None:
        """End every process of the run but those that are kept."""
        left = processes.end_tree(os.getpid(), kept=self.kept)
        if left:
            print(f"could not be ended: {sorted(left)}", file=sys.stderr)

    def _silent_end(self, name: StepName, status: int, watch: Watch) -> RunFailure | None:
        """Say why a step ended that said nothing."""
        if status == 0:
            return None
        if name is StepName.RUN:
            kind = FailureClass.OUT_OF_MEMORY if watch.near_memory else FailureClass.KERNEL_DIED
            return RunFailure(failure_class=kind, step=name, detail="the step was killed")
        return RunFailure(
            failure_class=FailureClass.PLATFORM_ERROR,
            step=name,
            detail=f"the step ended with status {os.waitstatus_to_exitcode(status)}",
        )

    def _fork(self, name: StepName, step: Step, prints: int, tells: int) -> int:
        parent = os.getpid()
        sys.stdout.flush()  # else the fork would write it once more
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 70
        try:
            processes.reaping = False
            processes.die_with_parent()
            if os.getppid() != parent:
                os._exit(status)
            print_to(prints)
            context = StepContext(self.folder, self.spec, reporter(tells))
            status = perform(context, step, name.value)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _spawn(self, name: StepName, command: Sequence[str] | None, prints: int, tells: int) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_challenge.engines.step_process"],
            stdin=subprocess.PIPE,
            stdout=prints,
            stderr=prints,
            pass_fds=(tells,),
            text=True,
        )
        assert process.stdin is not None
        message = {
            "folder": str(self.folder.path),
            "spec": self.spec.model_dump(mode="json"),
            "report": tells,
            "command": command,
            "name": name.value,
        }
        with process.stdin as pipe:
            json.dump(message, pipe)
        process.returncode = 0  # we wait for it ourselves; Popen shall not complain
        return process.pid


class _Listener:
    """Reads what a step prints into its log, and what it reports."""

    def __init__(self, heard: int, output: int, log: CappedLog, told: Told) -> None:
        self.heard = heard
        self.output = output
        self.log = log
        self.told = told
        self.failure: RunFailure | None = None
        self._rest = b""
        self._selector: selectors.BaseSelector | None = None
        for descriptor in (heard, output):
            os.set_blocking(descriptor, False)

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have a selector call us."""
        self._selector = selector
        selector.register(self.heard, selectors.EVENT_READ, self._hear)
        selector.register(self.output, selectors.EVENT_READ, self._log)

    def drain(self) -> None:
        """Read what is left; never waits for a process that still holds the pipe."""
        self._selector = None
        while self._hear() or self._log():
            pass

    def _read(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return b""
        if not data and self._selector is not None:
            self._selector.unregister(descriptor)
        return data

    def _log(self) -> bool:
        data = self._read(self.output)
        if data:
            self.log.write(data)
        return bool(data)

    def _hear(self) -> bool:
        data = self._read(self.heard)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "failure" in message:
                self.failure = RunFailure.model_validate(message["failure"])
            else:
                self.told(message["detail"])
        return bool(data)


def may_fork() -> bool:
    """Whether this process has one thread, so that a fork of it is whole."""
    if not processes.LINUX:
        import threading

        return hasattr(os, "fork") and threading.active_count() == 1
    return len(os.listdir("/proc/self/task")) == 1


def _end_of(pid: int) -> int | None:
    """A descriptor that becomes readable when a process ends, where the system has that."""
    try:
        return os.pidfd_open(pid) if processes.LINUX else None
    except OSError:
        return None
