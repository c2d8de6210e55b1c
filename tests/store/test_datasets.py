"""Data in stores: what may be read, what is listed, and that it stays what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore

from jupyter_challenge.core.errors import DataMissing
from jupyter_challenge.store.datasets import Datasets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "datasets/higgs/v1/train/a": "1",
        "datasets/higgs/v1/train/b/c": "22",
        "datasets/higgs/v1/test.csv": "id,x",
        "datasets/higgs/v1/test.csv.bak": "no",
        "datasets/other/secret": "no",
        "challenge/sha256/aa/labels": "no",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.fixture
def datasets(folder: Path) -> Datasets:
    """Folders as buckets."""

    def opened(url: str) -> Any:
        return LocalStore(prefix=str(folder / url.removeprefix("s3://")))

    return Datasets(["s3://datasets/higgs"], opened=opened)


MAY = {
    "s3://datasets/higgs": True,
    "s3://datasets/higgs/": True,
    "s3://datasets/higgs/v1": True,
    "s3://datasets/higgs2": False,
    "s3://datasets": False,
    "s3://datasets/": False,
    "s3://datasets/higgs/../other": False,
    "s3://datasets/higgs/./x": False,
    "s3://challenge/sha256": False,
    "s3://key:secret@datasets/higgs": False,
    "s3://datasets/higgs?x=1": False,
    "file:///etc": False,
}


@pytest.mark.parametrize("prefix", MAY)
def test_only_what_was_allowed_is_touched(datasets: Datasets, prefix: str) -> None:
    assert datasets.may(prefix) is MAY[prefix]
    if not MAY[prefix]:
        with pytest.raises(DataMissing, match="may not take"):
            datasets.listed(prefix, "secret")


def test_nothing_is_allowed_where_nobody_allowed_it() -> None:
    assert not Datasets([]).may("s3://datasets/higgs")


def test_a_path_is_one_object_or_all_below_it(datasets: Datasets) -> None:
    one = datasets.listed("s3://datasets/higgs", "v1/test.csv")
    below = datasets.listed("s3://datasets/higgs/", "v1/train")

    assert [(each.key, each.size) for each in one] == [("higgs/v1/test.csv", 4)]
    assert [(each.key, each.size) for each in below] == [
        ("higgs/v1/train/a", 1), ("higgs/v1/train/b/c", 2),
    ]  # fmt: skip
    with pytest.raises(DataMissing, match="There is nothing at s3://datasets/higgs/v2"):
        datasets.listed("s3://datasets/higgs", "v2")


def test_an_object_comes_as_it_was_or_not_at_all(datasets: Datasets, folder: Path) -> None:
    (found,) = datasets.listed("s3://datasets/higgs", "v1/test.csv")
    assert b"".join(datasets.stream("s3://datasets/higgs", found)) == b"id,x"

    (folder / found.key.replace("higgs", "datasets/higgs", 1)).write_text("id,y and more")
    with pytest.raises(DataMissing, match="not what was published"):
        datasets.stream("s3://datasets/higgs", found)
    (folder / "datasets/higgs/v1/test.csv").unlink()
    with pytest.raises(DataMissing, match="not what was published"):
        datasets.stream("s3://datasets/higgs", found)
