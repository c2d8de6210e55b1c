"""What doctor's probe sees of a pod, where a machine without a cluster can show it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from jupyter_challenge.engines import walls
from jupyter_challenge.steps import probe
from jupyter_challenge.steps.folder import RunFolder


@pytest.mark.parametrize(
    ("devices", "seen"),
    [
        (["null", "shm/"], []),
        (["nvidia0", "nvidiactl", "null"], ["nvidia0", "nvidiactl"]),
        (["kfd", "dri/renderD128"], ["dri/renderD128", "kfd"]),
        (["dri/card0", "dri/renderD128"], ["dri/card0", "dri/renderD128"]),
    ],
    ids=["none", "NVIDIA", "AMD", "another's"],
)
def test_devices_of_any_maker_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: list[str], seen: list[str]
) -> None:
    for each in devices:
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).touch() if not each.endswith("/") else (tmp_path / each).mkdir()
    monkeypatch.setattr(probe, "DEVICES", tmp_path)

    assert probe.gpus({}) == {"gpus": seen}


LAID_OUT_AND_RUN = """
import os, signal, sys
from pathlib import Path
from jupyter_challenge.steps import disk_use, inside, probe

folder, counted, seconds = Path(sys.argv[1]), sys.argv[2] == "True", int(sys.argv[3])
probe.FOLDER = folder
if not counted:
    disk_use.DiskUse.beyond = lambda *_: None
probe.lay({"files": 4_000, "bytes": 500 * 16_384, "seconds": seconds})
inside.main(["run", "--folder", str(folder)])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
probe.main(["verdict"])
"""


@pytest.mark.parametrize(("counted", "seconds"), [(True, 60), (False, 10)])
def test_a_run_of_very_many_files_is_ended_by_who_counts_them(
    tmp_path: Path, counted: bool, seconds: int
) -> None:
    """The run's own program, as in a pod: where nothing counts, the wall is seen not to hold."""
    folder = tmp_path / uuid.uuid4().hex[:12]  # its name may name a folder in /tmp
    folder.mkdir()
    try:
        done = subprocess.run(
            [sys.executable, "-c", LAID_OUT_AND_RUN, folder, str(counted), str(seconds)],
            capture_output=True,
            timeout=110,
        )
    finally:
        RunFolder(folder).remove()

    assert done.returncode == 0, done.stderr.decode()
    found = walls.report_of(done.stdout)
    assert found is not None
    assert walls.of_files(found, None).holds is counted
    assert found["failure"] == ("disk_full" if counted else "time_limit")
