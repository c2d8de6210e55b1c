"""Data that is not in the challenge's folder: where it may be, and what a run is given of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore

from jupyter_challenge.core.errors import DataMissing
from jupyter_challenge.core.run import ImageFile, ImageFiles, VolumeMount
from jupyter_challenge.service import handing_out
from jupyter_challenge.service.asking_pods import Asking, Gateway
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.versions import run_spec
from jupyter_challenge.store import challenges, runs, submissions
from jupyter_challenge.store.datasets import Datasets
from tests.bundles import bundle_of
from tests.service.gateway_world import members
from tests.service.world import World
from tests.tiny import write_challenge, write_notebook

LABELS = {
    "labels": "data/labels.csv",
    "sample": {"test": "data/sample.csv", "labels": "data/sample_labels.csv"},
}
NAME = f"registry.example.org/higgs/data@sha256:{'1' * 64}"
IMAGE = {"name": NAME, "size": "2 GB", "train": "data/train", "test": "data/v3.csv.gz"}
ALLOWING = ClusterConfig(data_images=["registry.example.org/higgs/*"])
VOLUME = {"claim": "higgs", "train": "v3/train", "test": "v3/test.csv.gz"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, place="cluster", cluster=ALLOWING, runs=False)
    yield made
    made.close()


def notebook(folder: Path, is_try: bool) -> dict[str, Any]:
    content = write_notebook(folder / "model.ipynb", "x = 1").read_bytes()
    request = {"kind": "notebook", "entry": "model.ipynb", "is_try": is_try}
    return {"bundle": bundle_of("model.ipynb", {"model.ipynb": content}).data, "request": request}


def spec_of(world: World, made: dict[str, Any]) -> Any:
    with world.embedded.service.db.read() as session:
        row = submissions.get(session, made["id"])
        assert row is not None
        version = challenges.version(session, row.version)
        assert version is not None
        return run_spec(
            world.embedded.service, version, row, runs.latest(session, [row.id])[row.id]
        )


def test_a_run_sees_the_volume_and_a_try_the_sample_in_place_of_the_test(world: World) -> None:
    world.publish(data={**LABELS, "volume": VOLUME})
    ana = world.user("ana")
    ana.enter()

    given = {
        is_try: spec_of(world, ana.submit(**notebook(world.folder, is_try))).volumes
        for is_try in (False, True)
    }

    train = VolumeMount(claim="higgs", path="v3/train", target="train")
    test = VolumeMount(claim="higgs", path="v3/test.csv.gz", target="test.csv.gz")
    assert given == {False: [train, test], True: [train]}


def test_a_run_gets_a_copy_of_what_is_in_an_image_and_a_try_has_no_test_data(world: World) -> None:
    world.publish(data={**LABELS, "image": IMAGE})
    ana = world.user("ana")
    ana.enter()

    given = {
        is_try: spec_of(world, ana.submit(**notebook(world.folder, is_try))).data_image
        for is_try in (False, True)
    }

    train = ImageFile(path="data/train", target="train")
    test = ImageFile(path="data/v3.csv.gz", target="test.csv.gz")
    both = ImageFiles(image=NAME, size=2_000_000_000, files=[train, test])
    assert given == {False: both, True: both.model_copy(update={"files": [train]})}
    assert spec_of(world, ana.submit(public=1)).data_image is None


def test_test_data_on_a_volume_counts_as_hidden(world: World) -> None:
    shown = world.publish(data={**LABELS, "volume": VOLUME})
    assert [phase["feedback"] for phase in shown["phases"]] == ["class_only"]


def test_predictions_need_no_data(world: World) -> None:
    world.publish(data={**LABELS, "volume": VOLUME})
    ana = world.user("ana")
    ana.enter()

    assert spec_of(world, ana.submit(public=1)).volumes == []


def test_on_one_machine_a_volume_is_refused_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    world = World(tmp_path, runs=False)
    folder = write_challenge(tmp_path / "tiny", data={**LABELS, "volume": VOLUME})
    text = (folder / "challenge.yaml").read_text()
    line = text[: text.index("volume:")].count("\n") + 1

    refused = world.admin.publish(folder, 422)["error"]

    (problem,) = refused["details"]["problems"]
    assert (problem["file"], problem["line"]) == ("challenge.yaml", line)
    assert "only be mounted on a cluster" in problem["message"]
    assert "`test:`" in problem["fix"]
    world.close()


S3 = {"prefix": "s3://datasets/higgs", "train": "v1/train", "test": "v1/test.csv"}


@pytest.fixture
def bucket(world: World, tmp_path: Path) -> Path:
    """A folder as the bucket of data sets."""
    folder = tmp_path / "bucket"
    for name, content in {"train/a": "1", "train/b/c": "22", "test.csv": "id,x\n1,1\n"}.items():
        (folder / "higgs/v1" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "higgs/v1" / name).write_text(content)
    world.embedded.service.datasets = Datasets(
        ["s3://datasets/higgs"], opened=lambda _: LocalStore(prefix=str(folder))
    )
    return folder


def given(world: World, made: dict[str, Any]) -> dict[str, bytes]:
    """What the gateway gives a run as its data."""
    service = world.embedded.service
    with service.db.read() as session:
        row = submissions.get(session, made["id"])
        assert row is not None
        version = challenges.version(session, row.version)
        assert version is not None
        run = runs.latest(session, [row.id])[row.id]
    api: Any = None
    gateway = Gateway(
        service.db, service.blobs, api, ClusterConfig().settings(""), service.datasets
    )
    _, pieces = handing_out.inputs(gateway, Asking("run", "", "", run, row, version))
    return members(b"".join(pieces))


def test_a_run_gets_what_was_in_the_store_when_it_was_published(world: World, bucket: Path) -> None:
    world.publish(data={**LABELS, "s3": S3})
    ana = world.user("ana")
    ana.enter()
    real, tried = (ana.submit(**notebook(world.folder, is_try)) for is_try in (False, True))

    found = given(world, real)
    assert found == {"train/a": b"1", "train/b/c": b"22", "test.csv": b"id,x\n1,1\n"}
    assert spec_of(world, real).data_size - spec_of(world, tried).data_size != 0
    assert given(world, tried)["test.csv"].startswith(b"id,x\n201")
    (bucket / "higgs/v1/test.csv").write_text("id,x\n1,2\n")
    with pytest.raises(DataMissing, match="not what was published"):
        given(world, real)


def test_other_objects_are_another_version(world: World, bucket: Path) -> None:
    folder = write_challenge(world.folder / "stored", data={**LABELS, "s3": S3})
    first = world.admin.publish(folder)["version"]
    assert world.admin.publish(folder, 200)["version"] == first

    (bucket / "higgs/v1/train/new").write_text("3")

    assert world.admin.publish(folder)["version"] != first


REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "a place that is not allowed": (
        {**S3, "prefix": "s3://challenge"}, "prefix:", "may not be taken from s3://challenge",
    ),
    "an image that is not allowed": (
        {**IMAGE, "name": NAME.replace("/higgs/", "/other/")}, "name:",
        "may not be taken from registry.example.org/other/data",
    ),
    "nothing there": ({**S3, "test": "v2"}, "s3:", "nothing at s3://datasets/higgs/v2"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_is_not_to_be_had_is_refused_with_its_line(
    world: World, bucket: Path, case: str
) -> None:
    said, key, message = REFUSED[case]
    folder = write_challenge(
        world.folder / "stored", data={**LABELS, "image" if "name" in said else "s3": said}
    )
    text = (folder / "challenge.yaml").read_text()

    (problem,) = world.admin.publish(folder, 422)["error"]["details"]["problems"]

    assert message in problem["message"]
    assert problem["line"] == text[: text.index(key)].count("\n") + 1
    assert problem["fix"]


@pytest.mark.parametrize("where", [{"s3": S3}, {"image": IMAGE}], ids=["a store", "an image"])
def test_on_one_machine_it_is_refused(tmp_path: Path, where: dict[str, Any]) -> None:
    world = World(tmp_path, runs=False)
    folder = write_challenge(tmp_path / "tiny", data={**LABELS, **where})

    (problem,) = world.admin.publish(folder, 422)["error"]["details"]["problems"]

    assert "only be had on a cluster" in problem["message"]
    assert "`test:`" in problem["fix"]
    world.close()
