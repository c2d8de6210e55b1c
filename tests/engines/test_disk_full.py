"""A disk that is full ends a run with a class; it never hangs."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass, StorageFull
from jupyter_challenge.engines import run_state
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.steps.folder import RunFolder
from tests.engines.small_challenge import SmallChallenge, finished, notebook
from tests.engines.standing_ready import standby_ready


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB; needs the rights to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no rights to mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(folder: Path) -> None:
    command = ["dd", "if=/dev/zero", f"of={folder}/big", "bs=4096"]
    subprocess.run(command, capture_output=True, check=False)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(
            "import time\nwith open('big', 'wb') as file:\n    try:\n"
            "        while True: file.write(bytes(100_000)); file.flush()\n"
            "    except OSError: pass\ntime.sleep(600)",
            id="filled by a file",
        ),
        pytest.param("print('x' * 20_000_000)", id="filled by the notebook as run"),
    ],
)
def test_the_disk_fills_while_a_run_goes_on(
    small_disk: Path, challenge: SmallChallenge, cell: str
) -> None:
    engine = LocalEngine(small_disk / "runs", warm=False)
    handle = engine.start(challenge.spec(notebook(cell)))
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.DISK_FULL
    engine.forget(handle)
    assert engine.find("run-1") is None


def test_the_state_finds_room_among_the_runs_own_files(small_disk: Path) -> None:
    folder = RunFolder(small_disk / uuid.uuid4().hex[:12])
    folder.create()
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={folder.work}/big"], capture_output=True, check=False
    )
    with pytest.raises(OSError, match="No space"):
        (folder.path / "other").write_bytes(bytes(10_000))
    run_state.write_status(folder, run_state.first_status(SubmissionKind.NOTEBOOK))
    assert run_state.read_status(folder) is not None
    folder.remove()


def test_a_run_that_finds_no_room_to_start_is_refused(
    small_disk: Path, challenge: SmallChallenge
) -> None:
    engine = LocalEngine(small_disk / "runs")
    fill(small_disk)
    with pytest.raises(StorageFull):
        engine.start(challenge.spec(notebook("1")))
    engine.prepare_standby()
    assert not standby_ready(engine)
    (small_disk / "big").unlink()
    assert engine.find("run-1") is None
    engine.close()
