"""The child that stands ready: used once, never missed when it is gone."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.models import StepName
from jupyter_challenge.engines import processes
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.steps.folder import RunFolder
from tests.engines.small_challenge import GOOD, SmallChallenge, finished, notebook
from tests.engines.standing_ready import standby_ready

WHO = "import os; print('kernel', os.getpid(), os.getcwd(), os.environ['OMP_NUM_THREADS'])"


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path / "runs")
    yield engine
    engine.close()
    for path in engine.runs.iterdir():
        if path.is_dir():
            assert processes.strays(path.name, path) == set()
            RunFolder(path).remove()


def kernel_of(engine: LocalEngine) -> int:
    """Pid of the kernel that stands ready."""
    assert engine._standby is not None
    (kernel,) = processes.descendants(engine._standby.process.pid)
    return kernel


def folders(engine: LocalEngine) -> list[str]:
    return sorted(path.name for path in engine.runs.iterdir() if path.is_dir())


def test_it_is_used_once_with_its_kernel(warm: LocalEngine, challenge: SmallChallenge) -> None:
    assert not standby_ready(warm)
    warm.prepare_standby()
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    assert len(folders(warm)) == 1
    kernel = kernel_of(warm)
    first = warm.start(challenge.spec(notebook(WHO, GOOD)))
    second = warm.start(challenge.spec(notebook(WHO, GOOD), "run-2"))
    assert [first.key] != [second.key]
    for handle in (first, second):
        assert finished(warm, handle).failure is None
        work = warm.runs / handle.key / "work"
        log = warm.logs(handle, StepName.RUN).text
        assert f"{work} 2" in log
        assert (f"kernel {kernel} " in log) == (handle is first)
    # When nothing runs any more, the next one is made ready.
    assert standby_ready(warm, 60)
    assert len(folders(warm)) == 3


def test_its_kernel_gets_the_threads_of_the_run(
    warm: LocalEngine, challenge: SmallChallenge
) -> None:
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    kernel = kernel_of(warm)
    handle = warm.start(challenge.spec(notebook(WHO, "import os\nIn, os", GOOD), cpu=3))
    assert finished(warm, handle).failure is None
    log = warm.logs(handle, StepName.RUN).text
    assert f"kernel {kernel} " in log and "work 3" in log
    # Nothing of what was done before shows in the kernel.
    assert "environ.update" not in log
    executed = json.loads((warm.runs / handle.key / "executed.ipynb").read_text())
    assert [cell["execution_count"] for cell in executed["cells"]] == [1, 2, 3]


def test_its_kernel_is_left_when_the_notebook_needs_another(
    warm: LocalEngine,
    challenge: SmallChallenge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    folder = tmp_path / "share" / "kernels" / "other"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        json.dumps({**spec, "display_name": "Other", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    kernel = kernel_of(warm)
    handle = warm.start(challenge.spec(notebook(WHO, GOOD, kernel="other")))
    assert finished(warm, handle).failure is None
    assert f"kernel {kernel} " not in warm.logs(handle, StepName.RUN).text


def test_a_predictions_file_does_not_mind_its_kernel(
    warm: LocalEngine, challenge: SmallChallenge
) -> None:
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    content = b"id,prediction\n1,a\n2,b\n3,a\n4,b\n"
    handle = warm.start(challenge.spec(content, name="mine.csv", kind=SubmissionKind.PREDICTIONS))
    assert finished(warm, handle).failure is None


@pytest.mark.parametrize("what", ["child", "kernel"])
def test_its_death_is_tolerated(warm: LocalEngine, challenge: SmallChallenge, what: str) -> None:
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    assert warm._standby is not None
    victim = warm._standby.process.pid if what == "child" else kernel_of(warm)
    os.kill(victim, signal.SIGKILL)
    if what == "child":
        warm._standby.process.wait()
    handle = warm.start(challenge.spec(notebook(WHO, GOOD)))
    assert finished(warm, handle).failure is None


def test_it_goes_when_its_owner_dies(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    owner = os.fork()
    if owner == 0:
        try:
            engine = LocalEngine(runs)
            engine.prepare_standby()
            standby_ready(engine, 60)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(owner, 0)
    until = time.monotonic() + 20
    while any(path.is_dir() for path in runs.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_run_cannot_be_lost_between_being_written_and_being_begun(
    warm: LocalEngine, challenge: SmallChallenge
) -> None:
    """The engine dies after it wrote the run into the folder and before it said so."""
    warm.prepare_standby()
    assert standby_ready(warm, 60)
    spec = challenge.spec(notebook(GOOD))
    child = warm._adopt(spec)
    assert child is not None
    child._socket.close()
    handle = warm.find("run-1")
    assert handle is not None
    assert finished(warm, handle).failure is None
    child.process.wait()


def test_what_a_killed_owner_left_is_cleared_away(warm: LocalEngine) -> None:
    warm.prepare_standby()
    assert warm._standby is not None
    left = warm._standby.folder
    os.kill(warm._standby.process.pid, signal.SIGKILL)
    warm._standby.process.wait()
    other = LocalEngine(warm.runs)
    other.prepare_standby()
    try:
        assert not left.path.exists()
    finally:
        other.close()
