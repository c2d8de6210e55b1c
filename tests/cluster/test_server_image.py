"""Which image a notebook runs in: that of a hub's server, and the same in every attempt."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import Client, connect
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import Platform
from tests.cluster.playing import pod_of
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(300)

HUB = "test-hub"
"""One of the namespaces of notebook servers, as tests/cluster/deploy has it."""
SERVICE = "http://challenge.jupyter-challenge:8790"


@pytest.fixture(scope="module")
def hub(cluster: Cluster) -> Iterator[str]:
    """A namespace as that of a hub's servers."""
    labels = {"challenge.jupyter.org/clients": "true"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HUB, "labels": labels}}
    )
    try:
        yield HUB
    finally:
        cluster.kubectl("delete", "namespace", HUB, "--wait=false")


@dataclass(frozen=True)
class User:
    """Somebody with the one token that counts."""

    client: Client
    token: str


@pytest.fixture(scope="module")
def user(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody who entered a challenge."""
    folder = write_challenge(tmp_path_factory.mktemp("organiser") / "served", id="served")
    token = platform.token("hanna")
    with (
        platform.client("odo", admin=True) as organiser,
        connect(url=platform.url, token=token) as client,
    ):
        published = organiser.publish(folder)
        client.enter(published.id, published.terms_digest)
        yield User(client, token)


def started(cluster: Cluster, hub: str, owner: str) -> tuple[str, str]:
    """A notebook server of somebody's as KubeSpawner makes it: its pod and its image."""
    name = f"jupyter-{uuid.uuid4().hex[:6]}"
    server = probe_pod(
        hub, name, ["sleep", "600"],
        container={
            "name": "notebook", "image": "jupyter-challenge/notebook:test",
            "env": [{"name": "JUPYTERHUB_USER", "value": "hanna"}],
        },
    )  # fmt: skip
    server["metadata"]["annotations"] = {"hub.jupyter.org/username": owner}
    cluster.apply(server)
    cluster.wait(hub, "condition=Ready", f"pod/{name}")
    (status,) = cluster.get("pod", name, hub)["status"]["containerStatuses"]
    return name, status["imageID"]


def handed_in(platform: Platform, hub: str, pod: str, token: str, folder: Path) -> dict[str, Any]:
    """Submit by the command line inside a pod; the submission as it was then."""
    notebook = write_notebook(folder / "model.ipynb", WRITE_ALL_EVEN).read_text()
    files = {"model.ipynb": notebook, "token": token}
    for name, content in files.items():
        writing = ("exec", "-i", pod, "--", "sh", "-c", f"umask 077; cat > /tmp/{name}")
        platform.cluster.kubectl("-n", hub, *writing, stdin=content)
    command = (
        "jupyter-challenge", "submit", "/tmp/model.ipynb", "--challenge", "served", "--detach",
        "--json", "--url", SERVICE, "--token-file", "/tmp/token",
    )  # fmt: skip
    said = platform.cluster.kubectl("-n", hub, "exec", pod, "--", *command)
    found: dict[str, Any] = json.loads(said)
    return found


def test_a_notebook_runs_in_its_servers_image_by_digest(
    platform: Platform, hub: str, user: User, tmp_path: Path
) -> None:
    pod, image = started(platform.cluster, hub, "hanna")

    made = handed_in(platform, hub, pod, user.token, tmp_path)
    done = user.client.wait(made["id"])

    assert "@sha256:" in image
    assert made["image"] == image, "of the server, before anything ran"
    assert done.state.value == "scored", done.failure
    assert done.image == image


def test_somebody_elses_server_says_nothing(
    platform: Platform, hub: str, user: User, tmp_path: Path
) -> None:
    pod, _ = started(platform.cluster, hub, "igor")

    assert handed_in(platform, hub, pod, user.token, tmp_path)["image"] is None


def test_an_attempt_after_the_first_has_the_image_of_the_first_by_its_digest(
    platform: Platform, user: User, tmp_path: Path
) -> None:
    """The test cluster's images come from no registry, but are known there by digests too."""
    cluster, where = platform.cluster, "challenge-run-served"
    waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.1)"
    notebook = write_notebook(tmp_path / "model.ipynb", waits, WRITE_ALL_EVEN)
    made = user.client.submit(notebook, "served")
    of_it = ("-n", where, "-l", f"challenge.jupyter.org/submission={made.id}")

    def asked_for() -> list[str]:
        jobs = cluster.list("jobs", *of_it)
        return [job["spec"]["template"]["spec"]["containers"][0]["image"] for job in jobs]

    platform.until(lambda: user.client.submission(made.id).image is not None)
    image = user.client.submission(made.id).image
    assert image is not None
    assert image.startswith("docker.io/jupyter-challenge/notebook@sha256:")
    assert asked_for() == ["jupyter-challenge/notebook:test"]

    cluster.kubectl(*of_it[:2], "delete", "job", *of_it[2:])
    platform.until(lambda: asked_for() == [image])
    pod = pod_of(platform, made, "run", attempt=2)["metadata"]["name"]
    cluster.execute(where, pod, "touch", "/challenge/work/go", container="run")
    done = user.client.wait(made.id)

    assert (done.state.value, done.attempt, done.image) == ("scored", 2, image), done.failure
