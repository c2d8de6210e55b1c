"""A challenge's data in a container image: runs get a copy of it, and nothing of it is run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.errors import FailureClass, InvalidChallenge
from jupyter_challenge.core.models import SubmissionState
from tests.cluster.data_elsewhere import (
    LABELS,
    LIMITS,
    PHASES,
    handed_out,
    seen,
    seen_in_a_try,
)
from tests.cluster.images import by_digest
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Platform
from tests.cluster.playing import pod_of
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(300)


@dataclass
class Boxed:
    """Challenges with their data in images, and a team in them."""

    platform: Platform
    organiser: Client
    team: Client
    folder: Path
    images: dict[str, str]

    def challenge(self, id: str, /, **image: str) -> Path:
        """A challenge's folder; `image` is in place of what its data image says."""
        here = {"name": self.images["good"], "size": "1 MB", "train": "data/train"}
        data = {**LABELS, "image": {**here, "test": "data/test.csv", **image}}
        return write_challenge(
            self.folder / id, id=id, data=data, limits=LIMITS, phases=PHASES,
            submission={"kinds": ["notebook", "container"], "output": {"prediction": "label"}},
        )  # fmt: skip

    def published(self, id: str, /, **image: str) -> str:
        """A published challenge that the team has entered."""
        made = self.organiser.publish(self.challenge(id, **image))
        self.team.enter(made.id, made.terms_digest)
        return made.id


@pytest.fixture(scope="module")
def boxed(
    cluster: Cluster, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boxed]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    try:
        tags = ["data:good", "data:hostile", "submitted:good"]
        found = by_digest(cluster, name, [f"cluster.test/{tag}" for tag in tags])
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")
    images = {image.partition("/")[2]: pinned for image, pinned in found.items()}
    images = {**images, "good": images["data:good"], "hostile": images["data:hostile"]}
    folder = tmp_path_factory.mktemp("organiser")
    with platform.client("dora", admin=True) as organiser, platform.client("dan") as team:
        yield Boxed(platform, organiser, team, folder, images)


def test_a_run_reads_a_copy_that_it_cannot_write_to(boxed: Boxed, tmp_path: Path) -> None:
    said = seen(boxed.team, tmp_path, boxed.published("boxed"))

    assert "WRITE test.csv OSError 30" in said
    assert "WRITE train/new.csv OSError 30" in said
    assert "TOOLS False False" in said
    assert "ROWS 2" in seen_in_a_try(boxed.team, tmp_path, "boxed")
    assert handed_out(boxed.team, tmp_path, "boxed") == []


def test_a_submitted_image_reads_it_too(boxed: Boxed) -> None:
    name = boxed.published("boxes-of-boxes")

    done = boxed.team.wait(boxed.team.submit_image(boxed.images["submitted:good"], name).id)

    assert done.state is SubmissionState.SCORED, done.failure


def test_22_a_hostile_image_has_nothing_of_its_own_run(boxed: Boxed, tmp_path: Path) -> None:
    """It names a program, root as its user, and libraries for every process in it."""
    name = boxed.published("hostile", name=boxed.images["hostile"])
    wait = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.1)"
    notebook = write_notebook(tmp_path / "model.ipynb", wait, WRITE_ALL_EVEN)
    cluster, made = boxed.platform.cluster, boxed.team.submit(notebook, name)
    pod = pod_of(boxed.platform, made, "run")
    where, called = pod["metadata"]["namespace"], pod["metadata"]["name"]

    said = cluster.kubectl("-n", where, "logs", called, "-c", "data")
    cluster.execute(where, called, "touch", "/challenge/work/go", container="run")
    done = boxed.team.wait(made.id)

    line = json.loads(said)
    size = len("id,x") + 1 + 9 * 4 + 6 + 4
    assert line["message"] == f"Copied 4 files and folders, {size} bytes."
    assert (line["part"], line["level"], line["pod"]) == ("data", "info", called)
    assert (line["submission"], line["challenge"]) == (made.id, name)
    assert done.state is SubmissionState.SCORED, done.failure
    (data,) = (each for each in pod["spec"]["initContainers"] if each["name"] == "data")
    assert {mount["name"] for mount in data["volumeMounts"]} == {"data-tools", "data-copies"}
    assert data["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["spec"]["securityContext"]["runAsUser"] == 1000
    assert "token" not in json.dumps(data)


BROKEN = {
    "is not in it": ({"test": "data/other.csv"}, "there is no data/other.csv"),
    "is a link in it": ({"test": "data/linked"}, "it is a link"),
    "is more than was said": ({"size": "20 B"}, "more than the 20 bytes"),
    "is in an image that is nowhere": (
        {"name": f"cluster.test/data@sha256:{'0' * 64}"}, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_data_that(boxed: Boxed, tmp_path: Path, case: str) -> None:
    """It is the organiser's to mend, and costs nobody's quota."""
    image, said = BROKEN[case]
    notebook = write_notebook(tmp_path / "model.ipynb", WRITE_ALL_EVEN)
    name = boxed.published(case.replace(" ", "-"), **image)

    done = boxed.team.wait(boxed.team.submit(notebook, name).id)

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.DATA_MISSING
    assert said in done.failure.detail


def test_an_image_that_nobody_allowed_is_refused(boxed: Boxed) -> None:
    digest = boxed.images["good"].partition("@")[2]
    folder = boxed.challenge("stranger", name=f"cluster.test/probe@{digest}")

    with pytest.raises(InvalidChallenge, match="may not be taken from cluster.test/probe"):
        boxed.organiser.publish(folder)
