"""All attempts of a notebook have one image, whatever its tag stands for by then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.engines import queueing
from tests.service.cluster_world import PATIENCE, Cluster
from tests.service.test_queued_way import COUNTS_ITS_STARTS
from tests.small_api_server import Key, Object, SmallApiServer, small_api_server
from tests.small_kueue import SmallKueue
from tests.tiny import WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(600)

TAG = "registry.example.org/challenge/notebook:1"
FIRST, SECOND = (f"{TAG[:-2]}@sha256:{digit * 64}" for digit in "12")
HERE_ALONE = f"docker.io/library/import-2026-11-30@sha256:{'3' * 64}"
WAITS = "import time\ntime.sleep(600)"


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as server:
        yield server


@pytest.fixture
def cluster(tmp_path: Path, api: SmallApiServer) -> Iterator[Cluster]:
    made = Cluster(tmp_path, api, "", notebook_image=TAG)
    made.kubelet.images[TAG] = FIRST
    yield made
    made.close()


@pytest.fixture
def asked_for(cluster: Cluster) -> list[str]:
    """The images that run Jobs were made with, one after the other."""
    made, images = cluster.api.made, []

    def noted(key: Key, found: Object) -> None:
        if key[0] == "jobs" and found["metadata"]["labels"]["challenge.jupyter.org/step"] == "run":
            (main,) = found["spec"]["template"]["spec"]["containers"]
            images.append(main["image"])
        made(key, found)

    cluster.api.made = noted
    return images


def lost(cluster: Cluster) -> None:
    """Have a run's Job and its pod vanish, which is nobody's fault."""
    for key in [key for key in cluster.api.objects if key[0] in {"jobs", "pods"}]:
        del cluster.api.objects[key]


def begun(cluster: Cluster, submission: str) -> Any:
    """A submission once its notebook is at work."""

    def runs() -> bool:
        steps = {step["name"]: step["state"] for step in cluster.ana.show(submission)["steps"]}
        return steps["run"] == "running"

    cluster.world.until(runs, PATIENCE)
    return cluster.ana.show(submission)


def test_what_is_tried_again_has_the_image_of_the_first_attempt(
    cluster: Cluster, asked_for: list[str]
) -> None:
    made = cluster.ana.submit(**cluster.notebook(WAITS))["id"]
    assert cluster.ana.show(made)["image"] is None
    assert begun(cluster, made)["image"] == FIRST

    cluster.kubelet.images[TAG] = SECOND
    lost(cluster)
    cluster.world.until(lambda: cluster.ana.show(made)["attempt"] == 2)

    assert begun(cluster, made)["image"] == FIRST
    assert asked_for == [TAG, FIRST]


def test_what_is_verified_has_the_image_that_got_the_score(
    cluster: Cluster, asked_for: list[str]
) -> None:
    """Also where its loop saw the run for the first time when it was over."""
    made = cluster.ana.submit(**cluster.notebook(WRITE_ALL_EVEN))["id"]
    assert cluster.ended(made)["image"] == FIRST
    cluster.kubelet.images[TAG] = SECOND
    admin = cluster.world.user("root", admin=True)
    again = admin.ask("POST", f"/submissions/{made}/verify", 201)["id"]
    cluster.world.until(lambda: admin.show(again)["state"] == "scored", PATIENCE)

    assert admin.show(again)["image"] == FIRST
    assert asked_for == [TAG, FIRST]


def test_a_digest_that_nobody_else_could_ask_for_binds_no_attempt(
    cluster: Cluster, asked_for: list[str]
) -> None:
    cluster.kubelet.images[TAG] = HERE_ALONE
    made = cluster.ana.submit(**cluster.notebook(WAITS))["id"]
    begun(cluster, made)

    lost(cluster)
    cluster.world.until(lambda: cluster.ana.show(made)["attempt"] == 2)

    assert begun(cluster, made)["image"] is None
    assert asked_for == [TAG, TAG]


def test_a_file_of_predictions_has_no_image(cluster: Cluster) -> None:
    steps = cluster.config.steps_image
    cluster.kubelet.images[steps] = f"docker.io/jupyter-challenge/service@sha256:{'4' * 64}"

    assert cluster.ended(cluster.ana.submit(**cluster.predictions())["id"])["image"] is None


@pytest.mark.parametrize("now", [FIRST, SECOND], ids=["the same", "another"])
def test_who_made_way_goes_on_in_the_same_image(
    tmp_path: Path, api: SmallApiServer, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    """Its Job begins again as it was made: only its pod shows what the tag stands for by then."""
    monkeypatch.setattr(queueing, "FRESH", 0.0)
    world = Cluster(tmp_path, api, "", queues=True, notebook_image=TAG)
    try:
        kueue = SmallKueue(world.kubelet)
        world.kubelet.images[TAG] = FIRST
        made = world.ana.submit(**world.notebook(COUNTS_ITS_STARTS, WRITE_ALL_EVEN))["id"]
        log = ("GET", f"/submissions/{made}/logs/run")
        world.world.until(lambda: kueue.held("run") != [])
        (run,) = kueue.held("run")
        kueue.admit(run)
        begun(world, made)
        world.world.until(lambda: "begun I" in world.ana.ask(*log)["text"], PATIENCE)
        kueue.preempt(run)
        world.world.until(lambda: world.ana.show(made)["state"] == "queued", PATIENCE)
        world.kubelet.images[TAG] = now
        kueue.admit(run)

        def over() -> bool:
            for step in ("run", "evaluate"):
                for key in kueue.held(step):
                    kueue.admit(key)
            return str(world.ana.show(made)["state"]) in {"scored", "failed"}

        world.world.until(over, PATIENCE)
        done = world.ana.show(made)

        assert (done["state"], done["image"]) == ("scored", FIRST), done
        assert done["attempt"] == (1 if now == FIRST else 2)
        # From the state that it handed in when it made way.
        assert world.ana.ask(*log)["text"].count("begun II\n") == 1
    finally:
        world.close()
