"""Data that is not in the challenge's folder: where it may be, and what a run is given of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.bundle import bundle_of
from jupyter_challenge.core.run import VolumeMount
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.versions import run_spec
from jupyter_challenge.store import challenges, runs, submissions
from tests.service.world import World
from tests.tiny import write_challenge, write_notebook

LABELS = {
    "labels": "data/labels.csv",
    "sample": {"test": "data/sample.csv", "labels": "data/sample_labels.csv"},
}
VOLUME = {"claim": "higgs", "train": "v3/train", "test": "v3/test.csv.gz"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, place="cluster", cluster=ClusterConfig(), runs=False)
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
