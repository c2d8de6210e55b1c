"""Submitted images: their own program between the platform's containers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.errors import FailureClass, InvalidSubmission
from jupyter_challenge.core.models import StepName, SubmissionState, SubmissionView
from tests.cluster.images import by_digest
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Platform
from tests.tiny import write_challenge

pytestmark = pytest.mark.timeout(300)

KINDS = {"kinds": ["container"], "output": {"prediction": "label"}}
LIMITS = {"time": "40 s", "cpu": 1, "memory": "200 MB", "disk": "100 MB"}
FILLING = ("full", "many")
HOW = ("good", "bad", "missing", "silent", "link", "greedy", *FILLING, "endless")


@pytest.fixture(scope="module")
def images(cluster: Cluster) -> Iterator[dict[str, str]]:
    """What is submitted, by how it goes."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    try:
        found = by_digest(cluster, name, [f"cluster.test/submitted:{how}" for how in HOW])
        yield {image.rpartition(":")[2]: pinned for image, pinned in found.items()}
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def team(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Somebody who entered challenges that take containers, one of them with little time."""
    folder = tmp_path_factory.mktemp("organiser")
    with platform.client("otto", admin=True) as organiser, platform.client("carla") as client:
        for name, seconds in (("boxes", "40 s"), ("quick-boxes", "8 s"), ("slow-boxes", "3 min")):
            limits = {**LIMITS, "time": seconds}
            made = write_challenge(folder / name, id=name, submission=KINDS, limits=limits)
            published = organiser.publish(made)
            client.enter(published.id, published.terms_digest)
        yield client


def ended(team: Client, image: str, challenge: str = "boxes") -> SubmissionView:
    return team.wait(team.submit_image(image, challenge).id)


def failure(done: SubmissionView) -> FailureClass:
    assert done.state is SubmissionState.FAILED, done
    assert done.failure is not None
    return done.failure.failure_class


def test_an_image_gets_a_score_by_its_own_program(
    images: dict[str, str], team: Client, tmp_path: Path
) -> None:
    image = images["good"]

    done = ended(team, image)

    assert done.state is SubmissionState.SCORED, done.failure
    assert (done.image, [score.value for score in done.scores]) == (image, [0.5])
    log = team.log(done.id, StepName.RUN)
    assert "predicting 10 rows" in log.text
    assert log.ended
    assert team.predictions(done.id, tmp_path / "p.csv").read_text().startswith("id,label\n1,even")


def test_a_runs_container_is_that_image_and_has_no_more_than_a_notebook(
    images: dict[str, str], team: Client
) -> None:
    image = images["good"]
    done = ended(team, image)

    lines = team.log(done.id, StepName.RUN).text.splitlines()
    report = json.loads("".join(line[5:] for line in lines if line.startswith("SEEN ")))

    assert report["user"] == "1000"
    assert int(report["capabilities"], 16) == 0
    assert report["token"] == "none"
    assert report["root"] == "read-only"
    assert report["platform"] == "home tmp work"


def test_23_a_tag_or_a_place_that_nobody_allowed_is_refused(
    images: dict[str, str], team: Client
) -> None:
    """A tag may be another image after the review; so it never gets in."""
    digest = images["good"].partition("@")[2]

    with pytest.raises(InvalidSubmission, match="no digest"):
        team.submit_image("cluster.test/submitted:good", "boxes")
    with pytest.raises(InvalidSubmission, match="may not be run here"):
        team.submit_image(f"cluster.test/probe@{digest}", "boxes")


FAILING = {
    "fails": ("bad", FailureClass.CONTAINER_FAILED, "status 3"),
    "is not there": ("missing", FailureClass.CONTAINER_FAILED, "could not be started"),
    "writes nothing": ("silent", FailureClass.NO_PREDICTIONS, "predictions.csv"),
    "leaves a link": ("link", FailureClass.UNSAFE_OUTPUT, "symbolic link"),
    "takes memory": ("greedy", FailureClass.OUT_OF_MEMORY, ""),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_program_that(images: dict[str, str], team: Client, case: str) -> None:
    tag, expected, said = FAILING[case]

    done = ended(team, images[tag])

    assert failure(done) is expected
    assert done.failure is not None
    assert said in done.failure.detail


def test_23_a_miner_is_ended_at_its_time(images: dict[str, str], team: Client) -> None:
    """It ignores that it is told to end, too."""
    done = ended(team, images["endless"], "quick-boxes")

    assert failure(done) is FailureClass.TIME_LIMIT
    assert "mining" in team.log(done.id, StepName.RUN).text


def test_an_image_that_is_nowhere_fails_as_such(team: Client) -> None:
    done = ended(team, f"cluster.test/submitted@sha256:{'0' * 64}")

    assert failure(done) is FailureClass.IMAGE_UNAVAILABLE


@pytest.mark.parametrize("how", FILLING)
def test_20_who_fills_its_disk_is_ended_and_told_so(
    images: dict[str, str], team: Client, how: str
) -> None:
    """By bytes or by files without any, and before the kubelet evicts it, which takes the log."""
    done = ended(team, images[how], "slow-boxes")

    assert failure(done) is FailureClass.DISK_FULL
    assert done.failure is not None
    assert "the limit is 0.1 GB" in done.failure.detail
    assert done.attempt == 1
    assert how in team.log(done.id, StepName.RUN).text
