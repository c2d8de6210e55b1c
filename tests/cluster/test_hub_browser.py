"""The way of a participant in a real browser: sign in, a compute profile, Lab in a pod, a score."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.client import connect
from jupyter_challenge.core.examples import example
from tests.cluster.hub_place import IMAGE, Hub, hub_running
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Deployments, Platform
from tests.cluster.test_hub_service import OVERLAY

pytestmark = pytest.mark.timeout(500)

ROOT = Path(__file__).parents[2]
SERVICE = 'service=ChallengeService("http://challenge.jupyter-challenge:8790", managers=["staff"])'
HOME = """
c.KubeSpawner.volumes = [{"name": "home", "emptyDir": {}}]
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/jovyan"}]
c.KubeSpawner.environment = {"HOME": "/home/jovyan"}
c.KubeSpawner.notebook_dir = "/home/jovyan"
"""
CATALOGUE = {
    "images": {"amd64": IMAGE},
    "profiles": [
        {"id": "cpu", "name": "CPU", "description": "Half a core.", "memory": "1 GiB"},
        {
            "id": "gpu",
            "name": "GPU",
            "description": "One GPU, by its queue.",
            "memory": "1 GiB",
            "accelerator": {"vendor": "nvidia"},
        },
    ],
}


@pytest.fixture(scope="module")
def behind(deployments: Deployments) -> Platform:
    """The platform, behind a hub."""
    return deployments.get(OVERLAY)


@pytest.fixture(scope="module")
def hub(
    cluster: Cluster, behind: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    with hub_running(cluster, folder, CATALOGUE, arguments=SERVICE, more=HOME) as found:
        found.user("odo", "staff")
        yield found


@pytest.fixture(scope="module")
def iris(hub: Hub, behind: Platform) -> None:
    """The iris challenge, published by somebody whom the hub lets do so."""
    scopes = ["access:services!service=challenge", "custom:challenge:manage"]
    token = hub.api("POST", "/users/odo/tokens", {"scopes": scopes}).json()["token"]
    with connect(url=behind.url, token=token) as odo, example("iris") as source:
        odo.publish(source)


def browser(hub: Hub, spec: str) -> None:
    """Run one of the browser's stories; what it printed is shown where it fails."""
    environment = {**os.environ, "HUB_URL": hub.url}
    command = ["jlpm", "playwright", "test", "--config", "hub.config.js", spec]
    done = subprocess.run(
        command, cwd=ROOT / "ui-tests", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr + hub.log[-4000:]


def test_from_the_sign_in_to_a_score(hub: Hub, iris: None) -> None:
    browser(hub, "first-slice")
