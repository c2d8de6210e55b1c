import os
import socket
from pathlib import Path

import pytest

from jupyter_challenge.core.challenge import Output
from jupyter_challenge.core.errors import FailureClass, RunFailed, TooLarge
from jupyter_challenge.steps.readers import (
    check_bundle,
    copy_out,
    open_beneath,
    read_predictions,
    unpack,
)
from tests.bundles import bundle_of

CANARY = b"the hidden labels"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "good.csv").write_bytes(b"id,prediction\n1,2\n")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "labels.csv").write_bytes(CANARY)
    return folder


def refused(folder: Path, name: str, most: int = 1000) -> RunFailed:
    target = folder.parent / "copy"
    with pytest.raises(RunFailed) as failed:
        copy_out(folder, name, target, most)
    assert not target.exists()
    with pytest.raises(RunFailed), open_beneath(folder, name, max_size=most):
        pass
    return failed.value


def test_a_plain_file_is_copied_for_us_alone(output):
    target = output.parent / "copy.csv"
    assert copy_out(output, "deep/good.csv", target, 18) == 18
    assert target.read_bytes() == b"id,prediction\n1,2\n"
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("none.csv", FailureClass.NO_PREDICTIONS, id="not-there"),
        pytest.param("none/none.csv", FailureClass.NO_PREDICTIONS, id="folder-not-there"),
        pytest.param("link", FailureClass.UNSAFE_OUTPUT, id="link-to-labels"),
        pytest.param("relative", FailureClass.UNSAFE_OUTPUT, id="relative-link-to-labels"),
        pytest.param("inside", FailureClass.UNSAFE_OUTPUT, id="link-to-a-good-file"),
        pytest.param("dangling", FailureClass.UNSAFE_OUTPUT, id="dangling-link"),
        pytest.param("loop", FailureClass.UNSAFE_OUTPUT, id="link-loop"),
        pytest.param("folder/labels.csv", FailureClass.UNSAFE_OUTPUT, id="link-on-the-way"),
        pytest.param("hard", FailureClass.UNSAFE_OUTPUT, id="hard-link"),
        pytest.param("device", FailureClass.UNSAFE_OUTPUT, id="link-to-a-device"),
        pytest.param("node", FailureClass.UNSAFE_OUTPUT, id="device"),
        pytest.param("pipe", FailureClass.UNSAFE_OUTPUT, id="pipe"),
        pytest.param("socket", FailureClass.UNSAFE_OUTPUT, id="socket"),
        pytest.param("deep", FailureClass.UNSAFE_OUTPUT, id="folder"),
        pytest.param("deep/good.csv/x", FailureClass.UNSAFE_OUTPUT, id="file-as-folder"),
        pytest.param("../labels/labels.csv", FailureClass.UNSAFE_OUTPUT, id="parent"),
        pytest.param("/etc/passwd", FailureClass.UNSAFE_OUTPUT, id="absolute"),
        pytest.param("a\0b", FailureClass.UNSAFE_OUTPUT, id="nul"),
        pytest.param("large", FailureClass.TOO_LARGE, id="large"),
        pytest.param("sparse", FailureClass.TOO_LARGE, id="sparse"),
    ],
)
def test_whatever_else_stands_there_is_refused_by_its_kind(output, name, kind, monkeypatch):
    labels = output.parent / "labels"
    (output / "link").symlink_to(labels / "labels.csv")
    (output / "relative").symlink_to("../labels/labels.csv")
    (output / "inside").symlink_to("deep/good.csv")
    (output / "dangling").symlink_to("nowhere")
    (output / "loop").symlink_to("loop")
    (output / "folder").symlink_to(labels)
    os.link(labels / "labels.csv", output / "hard")
    (output / "device").symlink_to("/dev/zero")
    if name == "node":
        if os.geteuid() != 0:
            pytest.skip("only root makes devices")
        os.mknod(output / "node", 0o20666, os.makedev(1, 5))
    os.mkfifo(output / "pipe")
    monkeypatch.chdir(output)  # a socket's whole path would be too long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        (output / "large").write_bytes(bytes(1001))
        with (output / "sparse").open("wb") as file:
            file.truncate(10**12)
        assert refused(output, name).failure_class is kind


def test_a_file_that_grows_while_it_is_copied_is_stopped(output, monkeypatch):
    (output / "grows").write_bytes(bytes(10))
    real = os.fstat

    def small(handle):
        found = list(real(handle))
        found[6] = 10
        return os.stat_result(found)

    (output / "grows").write_bytes(bytes(2000))
    monkeypatch.setattr(os, "fstat", small)
    with pytest.raises(RunFailed, match="too_large"):
        copy_out(output, "grows", output.parent / "copy", 1000)
    assert not (output.parent / "copy").exists()


def test_an_existing_copy_is_never_written_through(output):
    target = output.parent / "copy"
    target.symlink_to(output.parent / "labels" / "labels.csv")
    with pytest.raises(FileExistsError):
        copy_out(output, "deep/good.csv", target, 1000)
    assert (output.parent / "labels" / "labels.csv").read_bytes() == CANARY


def test_no_handles_are_left_open(output):
    before = len(os.listdir("/proc/self/fd"))
    for name in ("deep/good.csv", "none", "deep", "deep/none"):
        try:
            with open_beneath(output, name, max_size=1000) as file:
                file.read()
        except RunFailed:
            pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_bundle_is_checked_and_unpacked(tmp_path):
    bundle = bundle_of("model.ipynb", {"model.ipynb": b"{}", "lib/net.py": b"x = 1"})
    (tmp_path / "b.zip").write_bytes(bundle.data)
    assert check_bundle(tmp_path / "b.zip", max_files=2, max_size=10) == bundle.files
    unpack(tmp_path / "b.zip", tmp_path / "work", max_files=2, max_size=10)
    assert (tmp_path / "work" / "lib" / "net.py").read_bytes() == b"x = 1"
    with pytest.raises(TooLarge):
        check_bundle(tmp_path / "b.zip", max_files=1, max_size=10)
    with pytest.raises(RunFailed, match="too_large"):
        unpack(tmp_path / "b.zip", tmp_path / "other", max_files=2, max_size=6)
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(RunFailed, match="bad_format"):
        unpack(tmp_path / "no.zip", tmp_path / "third", max_files=2, max_size=6)


def test_predictions_that_are_not_there(tmp_path):
    with pytest.raises(RunFailed, match="no_predictions"):
        read_predictions(tmp_path / "none.csv", Output(), 3)


def test_predictions_with_far_too_many_rows_are_not_read_to_the_end(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text("id,prediction\n" + "1,2\n" * 100_007)
    with pytest.raises(RunFailed, match="more than 100006 rows"):
        read_predictions(path, Output(), 3)
