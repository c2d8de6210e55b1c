"""The engine of a laptop: each run is a child process of its own on this machine."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass, StorageFull
from jupyter_challenge.core.models import LogChunk, StepName
from jupyter_challenge.core.run import EvaluationResult, RunFailure, RunSpec
from jupyter_challenge.engines import processes, run_state
from jupyter_challenge.engines.base import Engine, RunFiles, RunHandle, RunState, RunStatus
from jupyter_challenge.engines.standby import Child, abandon_unused, new_folder
from jupyter_challenge.steps.capped_log import was_cut
from jupyter_challenge.steps.folder import RunFolder, remove, replace

CHUNK = 1_000_000

BEGINS_WITHIN = 30.0
"""Seconds after which a run that no child has taken up never will be."""

ENDS_WITHIN = 2.0
"""Seconds that are waited for a child to be gone that has said that its run is over."""


class LocalEngine(Engine):
    """Runs submissions in child processes under `kfp.local`; isolates nothing.

    Any number of engines, in any number of processes, may share a folder of runs: what a run is,
    is in its folder. This object keeps only the children that it started and, if `warm`, one
    child that stands ready, so that a run need not wait for imports and a kernel.
    """

    name = "local"

    def __init__(self, runs: Path, *, warm: bool = True, grace: float = 30.0) -> None:
        """Make an engine; nothing is started yet.

        Args:
            runs: Folder of the runs' folders.
            warm: Keep a child ready from the first `prepare_standby` or the first run on.
            grace: Seconds that a child may outlast its own deadline before `status` ends it.
        """
        self.runs = Path(runs).absolute()
        self.warm = warm
        self.grace = grace
        self._lock = threading.RLock()
        self._children: dict[str, Child] = {}
        self._standby: Child | None = None
        self._closed = False

    def prepare_standby(self) -> None:
        """Have a child ready for the next run; returns at once and is harmless when there is."""
        with self._lock:
            if not self.warm or self._closed:
                return
            if self._standby is not None:
                if self._standby.alive:
                    return
                self._standby.dismiss()
                self._standby = None
            abandon_unused(self.runs)
            try:
                child = Child(new_folder(self.runs), kernel=True)
            except OSError:
                return  # no room, or no more processes: a run will say so, this need not
            try:
                run_state.write_record(child.folder, None, child.process.pid, child.started)
            except OSError:
                child.dismiss()
                return
            self._standby = child

    def start(self, spec: RunSpec) -> RunHandle:
        """Start a run. Returns at once; starting the same `run_id` again finds the same run.

        Raises:
            StorageFull: There is no room for the run's folder.
        """
        try:
            self.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock, run_state.locked(self.runs / ".start.lock"):
                found = self.find(spec.run_id)
                if found is not None:
                    return found
                child = self._adopt(spec) or self._start_cold(spec)
                self._children[child.folder.key] = child
                child.go()
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise StorageFull(
                "There is no room on the disk to start a run.",
                hint="Free some space; nothing was lost, and the run can be started again.",
            ) from error
        return RunHandle(
            engine=self.name,
            key=child.folder.key,
            pid=child.process.pid,
            pid_started=child.started,
        )

    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is. A run whose processes vanished is failed, never running for ever."""
        folder = self._folder(handle)
        # A run is over when its child is gone: participant code may write "succeeded", too.
        running = self._runs(handle, folder)
        status = run_state.read_status(folder)
        if running:
            if not run_state.overdue(folder, self.grace):
                return _going_on(status)
            late = RunFailure(
                failure_class=FailureClass.TIME_LIMIT, detail="the run did not end by itself"
            )
            status = self._end(handle, folder, RunState.FAILED, late, trusted=False)
        elif status is None or not status.state.terminal or self._forged(handle, status):
            status = self._end(handle, folder, RunState.FAILED, self._vanished(folder))
        self._ended(handle)
        return status

    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        """Read a step's log from a byte offset, at most 1 MB at a time."""
        folder = self._folder(handle)
        # First whether it is over, then what it wrote: else the last lines could be missed.
        status = run_state.read_status(folder)
        view = next((s for s in status.steps if s.name is step), None) if status else None
        over = status is not None and status.state.terminal
        over = over or (view is not None and view.ended_at is not None)
        path = folder.log(step)
        data = b""
        with suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(offset)
            data = file.read(CHUNK)
        last = len(data) < CHUNK
        if not (last and over):
            data = _whole_characters(data)
        return LogChunk(
            step=step,
            offset=offset,
            next=offset + len(data),
            text=data.decode(errors="replace"),
            ended=last and over,
            truncated=last and was_cut(path),
        )

    def result(self, handle: RunHandle) -> EvaluationResult | None:
        """Read the evaluator's result at the path that the engine chose, if the run succeeded."""
        folder = self._folder(handle)
        if self.status(handle).state is not RunState.SUCCEEDED:
            return None
        return EvaluationResult.model_validate_json(folder.result.read_bytes())

    def files(self, handle: RunHandle) -> RunFiles:
        """Name the files of the run."""
        folder = self._folder(handle)
        predictions = sorted(folder.predictions.iterdir()) if folder.predictions.is_dir() else []
        return RunFiles(
            notebook=folder.executed if folder.executed.is_file() else None,
            predictions=predictions[0] if predictions else None,
            logs={step: folder.log(step) for step in StepName if folder.log(step).is_file()},
        )

    def cancel(self, handle: RunHandle) -> None:
        """End every process of the run. Returns when none is left; harmless when it is over."""
        folder = self._folder(handle)
        status = run_state.read_status(folder)
        if status is not None and status.state.terminal:
            self._ended(handle)
        if folder.path.is_dir() and (
            self._runs(handle, folder) or status is None or not status.state.terminal
        ):
            trusted = status is None or not status.state.terminal
            self._end(handle, folder, RunState.CANCELLED, None, trusted=trusted)
        self._ended(handle)

    def forget(self, handle: RunHandle) -> None:
        """Remove the run's folder once everything worth keeping was stored; ends it if it runs."""
        self.cancel(handle)
        self._folder(handle).remove()

    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""
        for path in self.runs.iterdir() if self.runs.is_dir() else []:
            record = run_state.read_record(RunFolder(path))
            if record is not None and record.get("run_id") == run_id:
                return RunHandle(
                    engine=self.name,
                    key=path.name,
                    pid=record.get("pid"),
                    pid_started=record.get("pid_started"),
                )
        return None

    def close(self) -> None:
        """Let go of the child that stands ready; running runs go on."""
        with self._lock:
            self._closed = True
            if self._standby is not None:
                self._standby.dismiss()
                self._standby = None
            for child in self._children.values():
                if child.alive:
                    child.release()
            self._children.clear()

    def _adopt(self, spec: RunSpec) -> Child | None:
        """Give the run to the child that stands ready, if it lives."""
        child, self._standby = self._standby, None
        if child is None:
            return None
        if not child.alive:
            child.dismiss()
            return None
        try:
            self._write_spec(child.folder, spec)
            run_state.write_record(child.folder, spec.run_id, child.process.pid, child.started)
        except OSError:
            child.dismiss()
            raise
        return child

    def _start_cold(self, spec: RunSpec) -> Child:
        folder = new_folder(self.runs)
        try:
            self._write_spec(folder, spec)
            run_state.write_record(folder, spec.run_id, None, None)
        except OSError:
            folder.remove()
            raise
        return Child(folder, kernel=spec.kind is SubmissionKind.NOTEBOOK)

    @staticmethod
    def _write_spec(folder: RunFolder, spec: RunSpec) -> None:
        replace(folder.spec, spec.model_dump_json().encode())

    def _folder(self, handle: RunHandle) -> RunFolder:
        if not handle.key or os.sep in handle.key or handle.key.startswith("."):
            raise ValueError(f"{handle.key!r} is not the key of a run")
        return RunFolder(self.runs / handle.key)

    def _runs(self, handle: RunHandle, folder: RunFolder) -> bool:
        """Whether the run's child is there, or may still come."""
        child = self._children.get(handle.key)
        if child is not None:
            return child.alive
        pid, started = handle.pid, handle.pid_started
        if pid is None:
            record = run_state.read_record(folder) or {}
            pid, started = record.get("pid"), record.get("pid_started")
        if pid is not None:
            return processes.alive(pid, started, folder.key)
        try:
            age = time.time() - folder.record.stat().st_mtime
        except OSError:
            return False
        return age < BEGINS_WITHIN

    def _forged(self, handle: RunHandle, status: RunStatus) -> bool:
        """Whether the folder says "succeeded" and the child is known to have been killed.

        Other engines, which end runs too, only ever write that one failed or was cancelled.
        """
        child = self._children.get(handle.key)
        return status.state is RunState.SUCCEEDED and child is not None and child.killed

    def _vanished(self, folder: RunFolder) -> RunFailure:
        """Say why a run has no child and no end."""
        with suppress(OSError):
            disk = os.statvfs(self.runs)
            if disk.f_bavail * disk.f_frsize < CHUNK:
                return RunFailure(
                    failure_class=FailureClass.DISK_FULL, detail="the disk itself is full"
                )
        gone = "the run's process was killed" if folder.path.is_dir() else "its folder is gone"
        return RunFailure(failure_class=FailureClass.PLATFORM_ERROR, detail=gone)

    def _end(
        self,
        handle: RunHandle,
        folder: RunFolder,
        state: RunState,
        failure: RunFailure | None,
        *,
        trusted: bool = True,
    ) -> RunStatus:
        """End all processes of a run and give it a terminal state, unless it got one meanwhile.

        A terminal state that the folder shows already does not count unless it is `trusted`.
        """
        if not folder.path.is_dir():
            first = run_state.first_status(SubmissionKind.NOTEBOOK)
            return run_state.closed(first, state, failure)
        with run_state.locked(folder.path / ".end.lock"):
            status = run_state.read_status(folder)
            trusted = trusted and not (status is not None and self._forged(handle, status))
            self._kill(handle, folder)
            child = self._children.get(handle.key)
            if child is not None:
                child.settled = True
            remove(folder.tmp)  # may lie outside the folder
            status = run_state.read_status(folder)
            if status is not None and status.state.terminal and trusted:
                return status
            status = status or run_state.first_status(SubmissionKind.NOTEBOOK)
            running = next((s.name for s in status.steps if s.started_at and not s.ended_at), None)
            if failure is not None and failure.step is None:
                failure = failure.model_copy(update={"step": running})
            status = run_state.closed(status, state, failure)
            # With no room even for this, the next one who asks finds the same again.
            with suppress(OSError):
                run_state.write_status(folder, status)
            return status

    def _kill(self, handle: RunHandle, folder: RunFolder) -> None:
        record = run_state.read_record(folder) or {}
        pid = handle.pid or record.get("pid")
        started = handle.pid_started or record.get("pid_started")

        if pid is not None and processes.alive(pid, started, folder.key):
            processes.end_tree(pid, itself=True)
        child = self._children.get(handle.key)
        if child is not None:
            child.process.wait()
        processes.end_strays(folder.key, folder.path)

    def _ended(self, handle: RunHandle) -> None:
        """After the end: see the child off, and make the next one ready when nothing runs."""
        child = self._children.get(handle.key)
        if child is not None:
            try:
                child.process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                return
            with self._lock:
                if self._children.pop(handle.key, None) is not None and not any(
                    other.alive for other in self._children.values()
                ):
                    self.prepare_standby()
            return
        until = time.monotonic() + ENDS_WITHIN
        while (
            handle.pid is not None
            and processes.alive(handle.pid, handle.pid_started, handle.key)
            and time.monotonic() < until
        ):
            time.sleep(0.005)


def _going_on(status: RunStatus | None) -> RunStatus:
    """What is said of a run whose child is there, whatever its folder says."""
    if status is None:
        return run_state.first_status(SubmissionKind.NOTEBOOK)
    if status.state.terminal:
        return status.model_copy(update={"state": RunState.RUNNING, "ended_at": None})
    return status


def _whole_characters(data: bytes) -> bytes:
    """Cut a piece of UTF-8 before a character that is not complete yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            needs = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
            return data[:-back] if needs > back else data
        if byte < 0x80:
            break
    return data
