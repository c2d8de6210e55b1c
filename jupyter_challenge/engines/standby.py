"""The engine's end of a child process: started, told to go, or waited for."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from jupyter_challenge.engines import processes, run_state
from jupyter_challenge.engines.local_child import GO
from jupyter_challenge.engines.surroundings import child_environment
from jupyter_challenge.steps.folder import RunFolder

PROGRAM = ("-m", "jupyter_challenge.engines.local_child")


def new_folder(runs: Path) -> RunFolder:
    """Make the folder of a run to come; its name is short, since sockets lie below it."""
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = RunFolder(runs / secrets.token_hex(6))
    try:
        folder.create()
    except OSError:
        folder.remove()
        raise
    return folder


class Child:
    """A child process that conducts the run in its folder once it is told to."""

    def __init__(self, folder: RunFolder, *, kernel: bool) -> None:
        """Start it.

        Args:
            folder: Its folder.
            kernel: Whether it launches a kernel ahead.
        """
        self.folder = folder
        self.settled = False
        self._socket, theirs = socket.socketpair()
        with folder.child_log.open("ab") as log, theirs:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    *PROGRAM,
                    str(folder.path.absolute()),
                    *(["--kernel"] if kernel else []),
                ],
                # A folder that holds no module that could be imported by mistake.
                cwd=os.path.abspath(os.sep),
                env=child_environment(folder),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started = processes.start_time(self.process.pid)

    @property
    def alive(self) -> bool:
        """Whether it is there."""
        return self.process.poll() is None

    def go(self) -> None:
        """Tell it that its folder holds a run."""
        with suppress(OSError):
            self._socket.send(GO)
        self._socket.close()

    @property
    def killed(self) -> bool:
        """Whether it did not end by itself, and nobody has drawn the consequence yet."""
        return not self.settled and self.process.poll() not in {0, None}

    def release(self) -> None:
        """Stop caring about it: it goes on without this process.

        Python would complain of a process that is still there when nobody holds it any more.
        """
        self.process.returncode = 0

    def dismiss(self) -> None:
        """End it unused, with the kernel that it launched, and remove its folder."""
        self._socket.close()
        if self.alive:
            processes.end_tree(self.process.pid, itself=True)
        self.process.wait()
        processes.end_strays(self.folder.key, self.folder.path)
        self.folder.remove()


def abandon_unused(runs: Path) -> None:
    """Remove folders of children that were killed before they were given a run."""
    for path in list(runs.iterdir()) if runs.is_dir() else []:
        folder = RunFolder(path)
        record = run_state.read_record(folder) if path.is_dir() else None
        if record is None or record.get("run_id") or not record.get("pid"):
            continue
        if not processes.alive(record["pid"], record.get("pid_started"), folder.key):
            processes.end_strays(folder.key, folder.path)
            folder.remove()
