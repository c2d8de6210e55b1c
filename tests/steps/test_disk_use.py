"""20: what counts against a run's disk: empty files and folders too, wherever they are hidden."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.steps import disk_use
from jupyter_challenge.steps.disk_use import ENTRY, DiskUse, written
from jupyter_challenge.steps.folder import RunFolder, remove

NOBODY = 65_534


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    """A run's folder that any user may find."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o711)
    made = RunFolder(place / "run-1")
    made.create()
    yield made
    for path in (made.tmp, place):
        remove(path)
    shutil.rmtree(place, ignore_errors=True)
    assert not place.exists()


def test_empty_files_and_folders_count(folder: RunFolder) -> None:
    before = written(folder)
    for number in range(20):
        (folder.work / f"file{number}").touch()
        (folder.work / f"folder{number}").mkdir()
        (folder.work / f"link{number}").symlink_to("/")

    after = written(folder)

    assert after.entries == before.entries + 60
    assert after.size == before.size + 60 * ENTRY


def test_larger_files_count_as_they_are(folder: RunFolder) -> None:
    before = written(folder).size
    (folder.work / "large").write_bytes(os.urandom(1_000_000))
    with (folder.work / "sparse").open("wb") as file:
        file.truncate(10**12)

    assert 1_000_000 + ENTRY <= written(folder).size - before < 1_100_000 + ENTRY


def test_what_the_challenge_gave_does_not_count(folder: RunFolder) -> None:
    before = written(folder)
    for number in range(20):
        (folder.input / str(number)).write_bytes(bytes(10_000))

    assert written(folder) == before


def test_a_place_beside_the_folder_counts_too(folder: RunFolder, tmp_path: Path) -> None:
    before = written(folder).entries
    (tmp_path / "beside").touch()

    assert written(folder, [tmp_path]).entries == before + 1


def test_deeper_than_a_path_may_be_is_not_out_of_sight(folder: RunFolder) -> None:
    before = written(folder).entries
    held = os.open(folder.work, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("dd", dir_fd=held)
        inner = os.open("dd", os.O_RDONLY, dir_fd=held)
        os.close(held)
        held = inner
    for number in range(5):
        os.close(os.open(f"file{number}", os.O_CREAT, 0o600, dir_fd=held))
    os.close(held)
    open_before = len(os.listdir("/proc/self/fd"))

    assert written(folder).entries == before + 3_005
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_folder_that_its_owner_may_not_look_into_is_looked_into(folder: RunFolder) -> None:
    for path in (folder.path, *folder.path.rglob("*"), folder.tmp):
        if os.getuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def hide_and_count() -> bool:
        before = written(folder).entries
        inner = folder.work / "closed" / "inner"
        inner.mkdir(parents=True)
        for number in range(5):
            (inner / str(number)).touch()
        inner.chmod(0o100)
        inner.parent.chmod(0)
        os.symlink(folder.path.parent, folder.work / "a-link-is-not-touched")
        return written(folder).entries == before + 8

    assert _as_nobody(hide_and_count)
    assert folder.path.parent.stat().st_mode & 0o777 == 0o711


def _as_nobody(true: Callable[[], bool]) -> bool:
    """Whether something holds for a user without rights, as runs in containers are."""
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            status = 0 if true() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_run_that_uses_up_entries_is_told_so(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_use, "MEASURE_EVERY", 0)
    used = DiskUse(folder, 2_000_000)
    assert used.beyond(StepName.RUN) is None
    for number in range(200):
        (folder.work / str(number)).touch()

    failure = DiskUse(folder, 2_000_000).beyond(StepName.RUN)

    assert failure is not None
    assert failure.failure_class is FailureClass.DISK_FULL
    assert "files and folders, each of which counts 16 kB at least" in failure.detail
