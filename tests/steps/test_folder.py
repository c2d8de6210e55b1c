"""A run's folder goes away, whatever was left in it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_challenge.core.challenge import Output
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.steps.collect import collect
from jupyter_challenge.steps.folder import RunFolder, remove


def deep(folder: Path) -> None:
    """A tree that no recursion gets through, with paths longer than a path may be."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(handle)


def shut(folder: Path) -> None:
    """Folders that nobody may read or change."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_text("x")
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)


def linked(folder: Path) -> None:
    """Links to what is not to be removed."""
    (folder / "out").symlink_to(folder.parent / "kept")
    (folder / "sub").mkdir()
    (folder / "sub" / "out").symlink_to(folder.parent / "kept")


@pytest.mark.parametrize("make", [deep, shut, linked])
def test_whatever_is_left_is_removed_and_nothing_else(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    left = tmp_path / "left"
    left.mkdir()
    make(left)

    remove(left)

    assert not left.exists()
    assert (tmp_path / "kept" / "file").read_text() == "kept"


def test_predictions_are_collected_past_a_tree_that_is_in_the_way(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / uuid.uuid4().hex[:12])
    folder.create()
    folder.predictions.mkdir()
    deep(folder.predictions)

    with pytest.raises(RunFailed) as caught:
        collect(folder, "output/predictions.csv", Output(prediction="label"))

    assert caught.value.failure_class is FailureClass.NO_PREDICTIONS
    folder.remove()
