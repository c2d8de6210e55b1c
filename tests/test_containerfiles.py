"""The Containerfiles of deploy/images: what they copy is there, and each image named has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_challenge.service.clusterconfig import ClusterConfig

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "deploy" / "images"
FILES = sorted(IMAGES.glob("*.Containerfile"))
MADE_BY = {"dist/*.whl": "make dist"}


def name_of(image: str) -> str:
    """The last part of an image's name: what its Containerfile is called."""
    return image.rpartition("/")[2].partition(":")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_containerfile_copies_what_is_there_and_reads_what_it_copied(file: Path) -> None:
    text = file.read_text()
    copied = [
        source
        for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    for source in copied:
        assert source in MADE_BY or (ROOT / source).is_file(), source
    there = {f"/lists/{Path(source).name}" for source in copied}
    read = set(re.findall(r"/lists/[\w.-]+", text))
    assert read == {each for each in there if "*" not in each}
    assert f"/lists/{file.stem}.txt" in read
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["1000:1000"]


def test_there_is_a_containerfile_for_each_image_that_settings_and_manifests_name() -> None:
    settings = ClusterConfig()
    manifests = "\n".join(each.read_text() for each in (ROOT / "deploy" / "base").glob("*.yaml"))
    named = {name_of(image) for image in re.findall(r"image: (\S+)", manifests)}
    named |= {name_of(settings.steps_image), name_of(settings.notebook_image)}

    assert {file.stem for file in FILES} == named
