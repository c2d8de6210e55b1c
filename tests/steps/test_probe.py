"""What doctor's probe sees of a pod, where a machine without a cluster can show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_challenge.steps import probe


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
