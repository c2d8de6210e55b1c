"""The folder of one run: what lies where, and how files in it are replaced."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path

from jupyter_challenge.core.models import StepName

MARKER = "JUPYTER_CHALLENGE_RUN"
"""Environment variable with the run's key in every process of a run, so that strays are found."""

LONGEST_TMP = 70
"""Sockets live in the temporary folder, and a socket's path has at most 107 bytes."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run's files; see "A run's folder" in docs/developers/how-it-works.md."""

    path: Path

    @property
    def key(self) -> str:
        """What the engine calls the run."""
        return self.path.name

    @property
    def record(self) -> Path:
        """Who runs it: run_id, pid and start time of the child."""
        return self.path / "run.json"

    @property
    def spec(self) -> Path:
        """The RunSpec."""
        return self.path / "spec.json"

    @property
    def status(self) -> Path:
        """The RunStatus."""
        return self.path / "state.json"

    @property
    def deadline(self) -> Path:
        """When the step that runs must be over, on the machine's monotonic clock."""
        return self.path / "deadline"

    @property
    def work(self) -> Path:
        """The kernel's working folder."""
        return self.path / "work"

    @property
    def input(self) -> Path:
        """`$CHALLENGE_INPUT`."""
        return self.work / "input"

    @property
    def output(self) -> Path:
        """`$CHALLENGE_OUTPUT`."""
        return self.work / "output"

    @property
    def state(self) -> Path:
        """`$CHALLENGE_STATE`."""
        return self.work / "state"

    @property
    def executed(self) -> Path:
        """The notebook as run."""
        return self.path / "executed.ipynb"

    @property
    def predictions(self) -> Path:
        """Folder of the safe copy of what was in output/."""
        return self.path / "predictions"

    @property
    def result(self) -> Path:
        """What evaluate found."""
        return self.path / "result.json"

    @property
    def home(self) -> Path:
        """`$HOME` of everything in the run."""
        return self.path / "home"

    @property
    def connection(self) -> Path:
        """Connection file of the kernel."""
        return self.path / "kernel.json"

    @property
    def kernel_log(self) -> Path:
        """What the kernel's process wrote past Jupyter, such as a crash report."""
        return self.path / "kernel.log"

    @property
    def child_log(self) -> Path:
        """What the engine's child has to say, for whoever mends the platform."""
        return self.path / "child.log"

    @property
    def tmp(self) -> Path:
        """`$TMPDIR` of everything in the run; elsewhere when the path would be too long."""
        inside = self.path / "tmp"
        if len(os.fsencode(inside)) <= LONGEST_TMP:
            return inside
        # Not tempfile's idea of it: inside a run that is this very folder.
        return Path("/tmp") / f"jupyter-challenge-{os.getuid()}-{self.key}"

    def log(self, step: StepName) -> Path:
        """Log of a step."""
        return self.path / f"{step.value}.log"

    def create(self) -> None:
        """Make the folder and all folders in it; only the user may look inside."""
        self.path.mkdir(mode=0o700, parents=True)
        for folder in (self.home, self.work, self.input, self.output, self.state):
            folder.mkdir(mode=0o700)
        self.tmp.mkdir(mode=0o700)  # fails when somebody else has made it

    def remove(self) -> None:
        """Remove everything; harmless when it is gone."""
        remove(self.tmp)
        remove(self.path)


def replace(path: Path, data: bytes) -> None:
    """Write a file by rename, so that a reader sees the old or the new content, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds, read-only folders too; links are not followed.

    Harmless when it is not there.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISDIR(mode):
        path.unlink(missing_ok=True)
        return
    _empty(path)
    with contextlib.suppress(OSError):
        os.rmdir(path)


def _empty(top: Path) -> None:
    """Remove what is in a folder, whoever wrote it.

    Each folder below is lifted to the top before it is emptied: a tree may be deeper than
    recursion goes, and paths in it longer than a path may be.
    """
    mark, lifted = uuid.uuid4().hex, 0
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)
            with os.scandir(folder) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    with contextlib.suppress(OSError):
                        if not entry.is_dir(follow_symlinks=False):
                            path.unlink()
                            continue
                        if folder != top:
                            lifted += 1
                            path.chmod(0o700)
                            path = path.rename(top / f"{mark}-{lifted}")
                        waiting.append(path)
            if folder != top:
                folder.rmdir()
