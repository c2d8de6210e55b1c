"""What copies the data out of an image, and the interpreter that it travels with."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_challenge.steps import copying, traveller
from jupyter_challenge.steps.copying import Copies, Unusable


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files of an image."""
    root = tmp_path / "image"
    (root / "data/train/deep").mkdir(parents=True)
    (root / "data/train/a").write_text("1")
    (root / "data/train/deep/b").write_text("22")
    (root / "data/test.csv").write_text("id,x\n")
    (root / "outside").write_text("not named")
    return root


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    (tmp_path / "copies").mkdir()
    return Copies(str(tmp_path / "copies"), 1_000)


def found(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_named_is_copied_and_nothing_else(
    image: Path, copies: Copies, tmp_path: Path
) -> None:
    copies.take(str(image), "data/train", "train")
    copies.take(str(image), "data/test.csv", "test.csv")

    assert found(tmp_path / "copies") == {
        "train/a": "1",
        "train/deep/b": "22",
        "test.csv": "id,x\n",
    }
    assert copies.left == 1_000 - 8


def linked(root: Path) -> None:
    (root / "data/train/link").symlink_to("/etc/passwd")


def linked_above(root: Path) -> None:
    (root / "data").rename(root / "other")
    (root / "data").symlink_to("other")


def piped(root: Path) -> None:
    os.mkfifo(root / "data/train/pipe")


def gone(root: Path) -> None:
    (root / "data/train/deep/b").unlink()
    (root / "data/train/deep").rmdir()
    (root / "data/train/a").unlink()
    (root / "data/train").rmdir()


def large(root: Path) -> None:
    (root / "data/train/a").write_bytes(bytes(1_001))


def deep(root: Path) -> None:
    (root / "data/train" / "/".join("d" * 60)).mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (linked, "data/train/link cannot be opened: it is a link"),
        (linked_above, "data/ cannot be opened: it is a link"),
        (piped, "neither a file nor a folder"),
        (gone, "there is no data/train"),
        (large, "more than the 1000 bytes"),
        (deep, "folders deep"),
    ],
)
def test_what_is_not_as_it_should_be_is_named(
    image: Path, copies: Copies, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(image)
    with pytest.raises(Unusable, match=said):
        copies.take(str(image), "data/train", "train")


def test_many_files_are_too_many(
    image: Path, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_FILES", 3)
    with pytest.raises(Unusable, match="more than 3 files"):
        copies.take(str(image), "data/train", "train")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its root folder")
def test_the_traveller_needs_nothing_of_the_image_that_it_runs_in(image: Path) -> None:
    """Not even a folder of its own: the files alone are the image."""
    for name in ("challenge-tools", "challenge-data"):
        (image / name).mkdir()
    traveller.pack(image / "challenge-tools")

    def copied(size: str, *pairs: str) -> subprocess.CompletedProcess[str]:
        about = json.dumps({"submission": "s-1", "attempt": 2})
        command = traveller.command("/challenge-tools")
        program = [*command, about, "/challenge-data", size, *pairs]
        return subprocess.run(
            [str(shutil.which("chroot")), image, *program],
            capture_output=True, text=True, check=False, env={},
        )  # fmt: skip

    done = copied("8", "data/train", "train", "data/test.csv", "test.csv")
    again = copied("8", "data/other", "test")

    assert (done.returncode, done.stderr) == (0, "")
    assert said(done) == ("s-1", 2, "data", "info", "Copied 5 files and folders, 8 bytes.")
    assert found(image / "challenge-data") == {
        "train/a": "1", "train/deep/b": "22", "test.csv": "id,x\n"
    }  # fmt: skip
    assert again.returncode == 1
    wrong = "The data image cannot be used: there is no data/other."
    assert said(again) == ("s-1", 2, "data", "error", wrong)


def said(done: subprocess.CompletedProcess[str]) -> tuple[object, ...]:
    """What the one line of a program says."""
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    return tuple(found[name] for name in ("submission", "attempt", "part", "level", "message"))


@pytest.mark.parametrize("message", ['a "b" \\ c', "tab\there", "a\nb", "Größe 🙂", "\x00\x1f"])
def test_a_line_is_json_whatever_is_in_a_name(message: str) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)

    found = json.loads(copying.line('{"run": "r"}', "info", message))

    assert (found["message"], found["run"], found["pod"]) == (message, "r", socket.gethostname())
    assert before <= datetime.fromisoformat(found["time"]) <= datetime.now(timezone.utc)


def test_bytes_that_are_no_text_stay_readable() -> None:
    line = copying.line("{}", "info", os.fsdecode(b"a\xffb"))
    assert json.loads(line)["message"] == r"a\udcffb"
