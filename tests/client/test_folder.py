"""`get`: made once, gone on with, and nothing of the user's overwritten in silence."""

import json
import zipfile
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.client.folder import read_description, zipped
from jupyter_challenge.client.getting import inside
from jupyter_challenge.core.errors import ChallengeError, Conflict
from tests.tiny import write_challenge


def test_the_folder_that_get_makes(client: Client, tiny: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    got = client.get(tiny, folder)
    assert got.notebook == folder / "model.ipynb"
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == {
        "challenge.json", "model.ipynb", "input/train.csv", "input/test.csv",
        "sample/test.csv", "sample/labels.csv",
    }  # fmt: skip
    assert (folder / "output").is_dir()
    described = read_description(folder)
    assert described is not None
    assert described["challenge"] == "tiny"
    assert described["output"]["columns"] == ["label"]


def test_the_starter_belongs_to_the_challenge(client: Client, tiny: str, tmp_path: Path) -> None:
    notebook = client.get(tiny, tmp_path / "mine").notebook
    assert notebook is not None
    content = json.loads(notebook.read_bytes())
    assert content["metadata"]["jupyter_challenge"]["challenge"] == "tiny"


def test_a_second_get_does_nothing(client: Client, tiny: str, tmp_path: Path) -> None:
    client.get(tiny, tmp_path / "mine")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "mine").rglob("*.csv")}
    again = client.get(tiny, tmp_path / "mine")
    assert (again.new, again.kept) == ([], [])
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "mine").rglob("*.csv")} == before


def test_what_is_missing_comes_again(client: Client, tiny: str, tmp_path: Path) -> None:
    client.get(tiny, tmp_path / "mine")
    (tmp_path / "mine/input/test.csv").unlink()
    assert client.get(tiny, tmp_path / "mine").new == ["input/test.csv"]


def test_your_changes_stay_unless_you_say_otherwise(
    client: Client, tiny: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    client.get(tiny, folder)
    (folder / "model.ipynb").write_text("my work")
    assert client.get(tiny, folder).kept == ["model.ipynb"]
    assert (folder / "model.ipynb").read_text() == "my work"
    got = client.get(tiny, folder, overwrite=True)
    assert got.new == ["model.ipynb"]
    assert (folder / "model.ipynb.mine").read_text() == "my work"
    assert "cells" in (folder / "model.ipynb").read_text()


def test_a_new_version_comes_where_you_changed_nothing(
    client: Client, tiny: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    client.get(tiny, folder)
    (folder / "model.ipynb").write_text("my work")
    organiser = tmp_path / "organiser"
    (organiser / "data/train.csv").write_text("id,x,label\n103,3,odd\n")
    (organiser / "model.ipynb").write_text((organiser / "model.ipynb").read_text() + "\n")
    client.publish(organiser)
    got = client.get(tiny, folder)
    assert (got.new, got.kept) == (["input/train.csv"], ["model.ipynb"])
    assert "103" in (folder / "input/train.csv").read_text()


def test_the_folder_of_another_challenge(client: Client, tiny: str, tmp_path: Path) -> None:
    client.publish(write_challenge(tmp_path / "second", id="second"))
    client.get(tiny, tmp_path / "mine")
    with pytest.raises(Conflict, match="tiny"):
        client.get("second", tmp_path / "mine")


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a\\b", "", "link/x"], ids=repr)
def test_a_challenge_cannot_write_elsewhere(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ChallengeError, match="outside"):
        inside(folder, path)


def test_a_challenge_folder_is_zipped_the_same_each_time(tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "organiser")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("secret")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_text("")
    (folder / "challenge.yaml.bak").write_text("older")
    with zipped(folder) as first, zipped(folder) as second:
        assert first.read() == second.read()
        first.seek(0)
        names = zipfile.ZipFile(first).namelist()
    assert "challenge.yaml" in names
    assert "challenge.yaml.bak" not in names
    assert not any(".git" in n or "__pycache__" in n for n in names)


def test_an_organiser_gets_no_files_into_what_is_published(client: Client, tmp_path: Path) -> None:
    organiser = write_challenge(tmp_path / "tiny")
    client.publish(organiser)

    for folder in (organiser, organiser / "mine"):
        with pytest.raises(Conflict, match="is the folder that a challenge is published from"):
            client.get("tiny", folder)

    assert not (organiser / "input").exists()
    assert not (organiser / "mine").exists()
