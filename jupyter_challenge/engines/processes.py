"""Processes of a run: is it there, what belongs to it, and the end of all of it.

A kernel sits in a session of its own, and participant code may daemonise, ignore signals or fork
faster than it is killed. So everything is found (by parentage below a subreaper, and by a marker
in the environment or a working folder inside the run's), frozen until nothing new appears, and
only then killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from jupyter_challenge.steps.folder import MARKER

LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FREEZE_ROUNDS = 1_000


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind (Linux)."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel of the system kill this process when its parent dies (Linux)."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start_time(pid: int) -> float | None:
    """When a process was started, as psutil's create_time; None when there is no such process."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def alive(pid: int, started: float | None, key: str) -> bool:
    """Whether the child of a run is there: that pid, not another process that got its number.

    The marker in its environment decides where it can be read; the start time does elsewhere, and
    roughly, since it moves with the machine's clock.
    """
    if LINUX:
        try:
            environ = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        if f"{MARKER}={key}".encode() in environ.split(b"\0"):
            return _state(pid) not in {"Z", "X", ""}
        return False
    import psutil

    now = start_time(pid)
    try:
        zombie = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    return now is not None and not zombie and (started is None or abs(now - started) < 2)


def descendants(root: int) -> set[int]:
    """All processes below `root`, zombies left out."""
    children: dict[int, list[int]] = {}
    dead = set()
    for pid, parent, state in _table():
        children.setdefault(parent, []).append(pid)
        if state in {"Z", "X"}:
            dead.add(pid)
    found: set[int] = set()
    todo = [root]
    while todo:
        for pid in children.get(todo.pop(), ()):
            if pid not in found:
                found.add(pid)
                todo.append(pid)
    return found - dead


def strays(key: str, folder: Path) -> set[int]:
    """Processes that carry the run's marker or work in its folder, wherever they hang."""
    if not LINUX:
        return _strays_elsewhere(key)
    mark = f"{MARKER}={key}".encode()
    inside = os.path.realpath(folder)
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                marked = mark in file.read().split(b"\0")
            if not marked:
                here = os.readlink(f"/proc/{name}/cwd").removesuffix(" (deleted)")
                marked = here == inside or here.startswith(inside + os.sep)
        except OSError:
            continue
        if marked and _state(int(name)) not in {"Z", "X", ""}:
            found.add(int(name))
    return found


def end_all(find: Callable[[], Collection[int]], *, patience: float = 10.0) -> set[int]:
    """Freeze, then kill every process that `find` names, until it names none.

    Returns:
        What could not be ended within `patience` seconds (asleep in the system's kernel).
    """
    frozen: set[int] = set()
    for _ in range(_FREEZE_ROUNDS):
        fresh = set(find()) - frozen
        if not fresh:
            break
        for pid in fresh:
            _signal(pid, signal.SIGSTOP)
        frozen |= fresh
    until = time.monotonic() + patience
    pause = 0.001
    left = set(frozen)
    while left:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        reap()
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
        left = set(find())
        if time.monotonic() > until:
            return left
    return set()


def reap() -> None:
    """Collect children that have ended, so that none stays as a zombie.

    Only for programs of the engine: in a server it would take other people's children.
    """
    if not reaping:
        return
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


reaping = False
"""Whether this process may collect any child of its own; the engine's child sets it."""


def memory(pids: Collection[int], *, exact: bool = False) -> int:
    """Bytes of memory that processes hold together.

    Shared pages count once for each process, unless `exact`, which is slow.
    """
    if not LINUX:
        return _memory_elsewhere(pids)
    total = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in pids:
        try:
            if exact:
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += 1024 * int(line.split()[1])
            else:
                total += page * int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _state(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    return text[text.rindex(")") + 2]


def _table() -> list[tuple[int, int, str]]:
    """Pid, parent and state of every process."""
    if not LINUX:
        return _table_elsewhere()
    rows = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    rest = file.read().rpartition(b")")[2].split(None, 2)
            except OSError:
                continue
            rows.append((int(name), int(rest[1]), rest[0].decode()))
    return rows


def _table_elsewhere() -> list[tuple[int, int, str]]:
    import psutil

    return [
        (p.pid, p.info["ppid"] or 0, "Z" if p.info["status"] == psutil.STATUS_ZOMBIE else "R")
        for p in psutil.process_iter(["ppid", "status"])
    ]


def _strays_elsewhere(key: str) -> set[int]:
    import psutil

    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == key:
                found.add(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def _memory_elsewhere(pids: Collection[int]) -> int:
    import psutil

    total = 0
    for pid in pids:
        try:
            total += int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            continue
    return total
