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
_GONE = frozenset({"Z", "X", ""})


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind (Linux)."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel of the system kill this process when its parent dies (Linux)."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def fuse(extra: int) -> None:
    """Let this user have at most `extra` more processes and threads from now on (not for root).

    A fork bomb then runs dry instead of starving who is to stop it. The limit is inherited by
    what this process starts, and counts all that the user has; so it is far above any real need.
    """
    if not LINUX:
        return
    import resource

    mine = os.getuid()
    tasks = 0
    for pid in _pids():
        try:
            if os.stat(f"/proc/{pid}").st_uid == mine:
                tasks += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            continue
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = tasks + extra
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_NPROC, (most, hard))


def count() -> int:
    """How many processes there are on the machine."""
    return len(_pids())


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
            return _state(pid) not in _GONE
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
    for pid in _pids():
        row = _row(pid)
        if row is not None:
            children.setdefault(row[0], []).append(pid)
            if row[1] in _GONE:
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
        if marked and _state(int(name)) not in _GONE:
            found.add(int(name))
    return found


def end_tree(
    root: int, *, kept: Collection[int] = (), itself: bool = False, patience: float = 10.0
) -> set[int]:
    """End everything below a process that adopts orphans.

    Args:
        root: That process.
        kept: Processes below it that stay.
        itself: End `root` too.
        patience: Seconds to wait for those that are asleep in the system's kernel.

    Returns:
        What could not be ended.
    """
    if itself:
        _signal(root, signal.SIGSTOP)
    frozen = _freeze(root, frozenset(kept)) | ({root} if itself else set())

    def left() -> set[int]:
        below = set() if itself else descendants(root) - set(kept)
        return below | {pid for pid in frozen if _state(pid) not in _GONE}

    return _kill(frozen, left, patience)


def end_strays(key: str, folder: Path, *, patience: float = 10.0) -> set[int]:
    """End what carries a run's marker or works in its folder, but for this process.

    Returns:
        What could not be ended.
    """

    def left() -> set[int]:
        return strays(key, folder) - {os.getpid()}

    frozen: set[int] = set()
    for _ in range(_FREEZE_ROUNDS):
        fresh = left() - frozen
        if not fresh:
            break
        for pid in fresh:
            _signal(pid, signal.SIGSTOP)
        frozen |= fresh
    return _kill(frozen, left, patience)


def _freeze(root: int, kept: frozenset[int]) -> set[int]:
    """Stop everything below `root` until nothing new appears.

    Each is stopped as soon as it is seen and looked at only once: else a fork bomb would grow
    faster than the list of its processes can be read.
    """
    family = {root}
    others: dict[int, int] = {}
    seen = {root, *kept}
    for _ in range(_FREEZE_ROUNDS):
        before = len(family)
        for pid in sorted(_pids() - seen):
            row = _row(pid)
            if row is None:
                continue
            seen.add(pid)
            parent, state = row
            if state in _GONE:
                continue
            if parent in family:
                _signal(pid, signal.SIGSTOP)
                family.add(pid)
            else:
                others[pid] = parent
        # Numbers of processes wrap around: a child may be seen before its parent.
        for pid in [pid for pid, parent in others.items() if parent in family]:
            _signal(pid, signal.SIGSTOP)
            family.add(pid)
            del others[pid]
        if len(family) == before:
            break
    return family - {root}


def _kill(frozen: set[int], left: Callable[[], set[int]], patience: float) -> set[int]:
    until = time.monotonic() + patience
    pause = 0.001
    remain = frozen
    while remain:
        for pid in remain:
            _signal(pid, signal.SIGKILL)
        reap()
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
        remain = left()
        if time.monotonic() > until:
            break
    reap()
    return remain


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
    row = _row(pid)
    return row[1] if row else ""


def _pids() -> set[int]:
    if LINUX:
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}
    import psutil

    return set(psutil.pids())


def _row(pid: int) -> tuple[int, str] | None:
    """Parent and state of a process, unless it is gone."""
    if LINUX:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                rest = file.read().rpartition(b")")[2].split(None, 2)
        except OSError:
            return None
        return int(rest[1]), rest[0].decode()
    import psutil

    try:
        process = psutil.Process(pid)
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return process.ppid(), "Z" if zombie else "R"
    except psutil.Error:
        return None


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
