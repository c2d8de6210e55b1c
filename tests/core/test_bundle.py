import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from jupyter_challenge.core.bundle import make_bundle
from jupyter_challenge.core.errors import ChallengeError, InvalidSubmission, TooLarge


def notebook(*sources: str, outputs: list | None = None) -> dict:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "source": source,
                "outputs": outputs or [],
                "execution_count": None,
            }
            for i, source in enumerate(sources or ("x = 1",))
        ],
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "lib" / "__pycache__").mkdir(parents=True)
    (folder / "model.ipynb").write_text(json.dumps(notebook()))
    (folder / "lib" / "net.py").write_text("layers = 3\n")
    (folder / "lib" / "__pycache__" / "net.pyc").write_bytes(b"cache")
    (folder / "lib" / ".secret").write_text("token")
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    (tmp_path / "outside.txt").write_text("not yours")
    return folder


def test_a_bundle_holds_the_notebook_and_its_files_and_says_so(root):
    bundle = make_bundle(root, "model.ipynb", ["weights.bin", "lib"])
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert list(inside) == ["lib/net.py", "model.ipynb", "weights.bin"]
    assert bundle.entry == "model.ipynb"
    assert bundle.digest == hashlib.sha256(bundle.data).hexdigest()
    for view in bundle.files:
        assert view.size == len(inside[view.path])
        assert view.sha256 == hashlib.sha256(inside[view.path]).hexdigest()


def test_the_same_files_make_the_same_bytes_whatever_their_times_modes_and_order(root):
    first = make_bundle(root, "model.ipynb", ["weights.bin", "lib/net.py"])
    os.utime(root / "weights.bin", (1, 1))
    (root / "lib" / "net.py").chmod(0o755)
    again = make_bundle(root, "./model.ipynb", ["lib/net.py", "weights.bin", "lib"])
    assert again.data == first.data
    (root / "weights.bin").write_bytes(b"other")
    assert make_bundle(root, "model.ipynb", ["weights.bin", "lib"]).digest != first.digest


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("missing.csv", "no file", id="missing"),
        pytest.param("../outside.txt", '".."', id="parent"),
        pytest.param("/etc/passwd", "absolute", id="absolute"),
        pytest.param("link-out", "outside", id="link-that-leaves"),
        pytest.param("folder-out/outside.txt", "outside", id="folder-link-that-leaves"),
        pytest.param("dangling", "no file", id="dangling-link"),
        pytest.param("loop", "no file", id="link-loop"),
        pytest.param("pipe", "not a regular file", id="pipe"),
        pytest.param("a\\b", "backslash", id="backslash"),
        pytest.param("bad\nname", "control", id="control-character"),
        pytest.param("input/train.csv", "made by the run", id="reserved-folder"),
        pytest.param("", "not the name", id="empty-name"),
    ],
)
def test_a_file_that_cannot_travel_is_named_with_a_hint(root, name, says):
    (root / "link-out").symlink_to(root.parent / "outside.txt")
    (root / "folder-out").symlink_to(root.parent)
    (root / "dangling").symlink_to(root / "nowhere")
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "pipe")
    with pytest.raises(InvalidSubmission, match=says) as refused:
        make_bundle(root, "model.ipynb", [name])
    assert refused.value.hint


def test_a_link_that_stays_inside_travels_as_its_content(root):
    (root / "alias.bin").symlink_to("weights.bin")
    bundle = make_bundle(root, "model.ipynb", ["alias.bin"])
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        assert archive.read("alias.bin") == bytes(range(256))


def test_a_folder_does_not_carry_a_link_out(root):
    (root / "lib" / "steal").symlink_to(root.parent / "outside.txt")
    with pytest.raises(InvalidSubmission, match="outside"):
        make_bundle(root, "model.ipynb", ["lib"])


def test_names_that_differ_by_case_alone_are_refused(root):
    (root / "Weights.bin").write_bytes(b"1")
    with pytest.raises(InvalidSubmission, match="cannot travel together"):
        make_bundle(root, "model.ipynb", ["weights.bin", "Weights.bin"])


def test_too_many_and_too_large_are_refused_with_the_limit(root):
    for i in range(4):
        (root / f"f{i}").write_bytes(b"")
    names = [f"f{i}" for i in range(4)]
    assert len(make_bundle(root, "model.ipynb", names, max_files=4).files) == 5
    with pytest.raises(TooLarge, match="at most 3"):
        make_bundle(root, "model.ipynb", names, max_files=3)
    size = (root / "model.ipynb").stat().st_size
    assert make_bundle(root, "model.ipynb", ["weights.bin"], max_size=size + 256)
    with pytest.raises(TooLarge, match="larger than"):
        make_bundle(root, "model.ipynb", ["weights.bin"], max_size=size + 255)


def test_large_outputs_stay_behind_and_it_is_said(root):
    text = "x" * 3_000_000
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    (root / "model.ipynb").write_text(json.dumps(notebook("x = 1", outputs=outputs)))
    bundle = make_bundle(root, "model.ipynb", max_size=100_000)
    assert bundle.files[0].size < 2_000
    assert len(bundle.notes) == 1 and "3.0 MB" in bundle.notes[0]
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        kept = json.loads(archive.read("model.ipynb"))
    assert kept["cells"][0]["source"] == "x = 1" and kept["cells"][0]["outputs"] == []


def test_small_outputs_travel_unchanged(root):
    before = (root / "model.ipynb").read_bytes()
    bundle = make_bundle(root, "model.ipynb")
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        assert archive.read("model.ipynb") == before
    assert bundle.notes == []


def test_predictions_travel_as_they_are(root):
    (root / "predictions.csv").write_text("id,prediction\n1,2\n")
    assert [f.path for f in make_bundle(root, "predictions.csv").files] == ["predictions.csv"]


def test_a_broken_notebook_is_not_packed(root):
    (root / "model.ipynb").write_text("{")
    with pytest.raises(ChallengeError, match="not a notebook"):
        make_bundle(root, "model.ipynb")
