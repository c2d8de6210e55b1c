"""One configuration, with words to every setting."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.uploads import remove_abandoned
from tests.service.world import World


@pytest.mark.parametrize("name", ChallengeConfig.class_own_traits(config=True))
def test_every_setting_says_what_it_is(name: str) -> None:
    trait = ChallengeConfig.class_own_traits(config=True)[name]
    assert str(trait.help).endswith((".", ")."))


def test_the_data_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CHALLENGE_DATA_DIR", str(tmp_path / "env"))
    assert ChallengeConfig().root == tmp_path / "env"
    assert ChallengeConfig(data_dir=str(tmp_path / "set")).root == tmp_path / "set"
    monkeypatch.delenv("JUPYTER_CHALLENGE_DATA_DIR")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert ChallengeConfig().root == tmp_path / "jupyter" / "challenge"


def test_at_least_one_run_at_a_time() -> None:
    assert ChallengeConfig(parallel_runs=0).parallel_runs == 1
    assert ChallengeConfig().parallel_runs == max(1, len(os.sched_getaffinity(0)) - 1)


def test_what_a_killed_process_had_received_is_removed_later(world: World) -> None:
    uploads = world.config.root / "uploads"
    for name, age in (("old", 100_000), ("new", 10)):
        (uploads / name).mkdir(parents=True)
        (uploads / name / "upload").write_text("half")
        os.utime(uploads / name, (time.time() - age,) * 2)
    remove_abandoned(world.embedded.service)
    assert [each.name for each in uploads.iterdir()] == ["new"]
