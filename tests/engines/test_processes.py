import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.engines import processes
from jupyter_challenge.steps.folder import MARKER

# Two below each other; the last leaves for a session of its own and ignores what can be ignored.
TREE = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
print('up', flush=True)
time.sleep(600)
"""


def started(code: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def tree() -> Iterator[subprocess.Popen[str]]:
    process = started(TREE)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_tree_is_found_and_ended(tree: subprocess.Popen[str]) -> None:
    below = processes.descendants(tree.pid)
    assert len(below) == 2
    assert processes.memory({tree.pid, *below}) > 3_000_000
    assert processes.memory(below, exact=True) < processes.memory(below)
    assert processes.end_tree(tree.pid) == set()
    assert processes.descendants(tree.pid) == set()
    assert tree.poll() is None


def test_a_tree_is_ended_with_its_root_but_not_what_is_kept(tree: subprocess.Popen[str]) -> None:
    kept = max(processes.descendants(tree.pid))
    assert processes.end_tree(tree.pid, kept={kept}) == set()
    assert processes.descendants(tree.pid) <= {kept}
    os.kill(kept, signal.SIGKILL)
    assert processes.end_tree(tree.pid, itself=True) == set()
    assert tree.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("by", ["marker", "folder"])
def test_strays_are_found_and_ended(tmp_path: Path, by: str) -> None:
    (tmp_path / "deep").mkdir()
    code = "import os, time\nif os.fork(): os._exit(0)\nprint('up', flush=True)\ntime.sleep(600)"
    stray = started(
        code,
        env={MARKER: "key-1"} if by == "marker" else {},
        cwd="/" if by == "marker" else tmp_path / "deep",
        start_new_session=True,
    )
    assert stray.stdout is not None
    stray.stdout.readline()
    stray.wait()
    assert len(processes.strays("key-1", tmp_path)) == 1
    assert processes.strays("key-2", tmp_path / "other") == set()
    assert processes.end_strays("key-1", tmp_path) == set()
    assert processes.strays("key-1", tmp_path) == set()
    stray.stdout.close()


def test_who_is_alive() -> None:
    process = subprocess.Popen(["sleep", "60"], env={MARKER: "key-1"})
    while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
        time.sleep(0.001)
    started_at = processes.start_time(process.pid)
    assert processes.alive(process.pid, started_at, "key-1")
    assert not processes.alive(process.pid, started_at, "key-2")
    process.kill()
    while processes.alive(process.pid, started_at, "key-1"):
        time.sleep(0.001)
    process.wait()  # until now it was a zombie
    assert not processes.alive(process.pid, started_at, "key-1")
    assert processes.start_time(process.pid) is None
