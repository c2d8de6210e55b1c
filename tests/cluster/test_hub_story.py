"""The way of two participants and an organiser in real browsers, from the sign-in to the board.

They sign in at a provider, wait for a GPU, work with storage as themselves, submit; and on the way
happens what happens to hubs. The story is in ui-tests/hub/.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.client import connect
from jupyter_challenge.core.examples import example
from tests.cluster.deeds import deeds
from tests.cluster.hub_place import IMAGE, image_of
from tests.cluster.hub_queue import QUEUE, give_back, gpu_queue, steal
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Deployments, Platform
from tests.cluster.storage_place import StoragePlace, storage_running
from tests.cluster.test_hub_service import OVERLAY

pytestmark = pytest.mark.timeout(1500)

ROOT = Path(__file__).parents[2]
SERVICE = (
    'service=ChallengeService("http://challenge.jupyter-challenge:8790", organisers=["organisers"])'
)
CATALOGUE = {
    "images": {"amd64": IMAGE},
    "profiles": [
        {"id": "cpu", "name": "CPU", "description": "For a look around.", "memory": "1 GiB"},
        {
            "id": "gpu",
            "name": "NVIDIA T4",
            "description": "For training. Servers wait in a queue when all are taken.",
            "cpu": 0.5,
            "memory": "1 GiB",
            "accelerator": {"vendor": "nvidia"},
            "queue": QUEUE,
            "idle_timeout": "1 h",
        },
        {
            "id": "h100",
            "name": "NVIDIA H100",
            "accelerator": {"vendor": "nvidia", "count": 8},
            "queue": QUEUE,
            "groups": ["trainers"],
            "denied": "H100 are for those who train for their team: write to gpu@example.org.",
        },
    ],
}


@pytest.fixture(scope="module")
def place(
    cluster: Cluster, deployments: Deployments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StoragePlace]:
    """A hub with storage and a queue for one GPU; the platform is behind it."""
    deployments.get(OVERLAY)
    folder = tmp_path_factory.mktemp("hub")
    with (
        storage_running(cluster, folder, CATALOGUE, arguments=SERVICE) as running,
        gpu_queue(cluster),
    ):
        yield running


def published(place: StoragePlace, behind: Platform) -> str:
    """Publish the iris challenge as carol, whom the hub lets do so since she signed in."""
    scopes = ["access:services!service=challenge", "custom:challenge:organise"]
    made = place.hub.api("POST", "/users/carol/tokens", {"scopes": scopes})
    made.raise_for_status()
    with connect(url=behind.url, token=made.json()["token"]) as carol, example("iris") as source:
        return carol.publish(source).id


AWAY = 60.0
"""Seconds for which the provider is away at least."""


class Absence:
    """The provider is away, for as long as people need to notice and for a minute at least."""

    def __init__(self, place: StoragePlace) -> None:
        self._place = place
        self._since = 0.0

    def begin(self) -> None:
        """Nobody gets an answer from now on."""
        self._place.provider.away(True)
        self._since = time.monotonic()

    def end(self) -> float:
        """It is there again; for how many seconds it was not."""
        time.sleep(max(0, self._since + AWAY - time.monotonic()))
        lasted = time.monotonic() - self._since
        self._place.provider.away(False)
        return lasted


def test_from_the_sign_in_to_the_board(place: StoragePlace, deployments: Deployments) -> None:
    cluster, provider = place.hub.cluster, place.provider
    absence = Absence(place)
    known = {
        "publish": lambda: published(place, deployments.get(OVERLAY)),
        "restart-hub": lambda: place.hub.restart(at_once=True),
        "image-of-alice": lambda: image_of(*place.hub.pods("alice")),
        "provider-away": absence.begin,
        "provider-back": absence.end,
        "enough": lambda: place.in_server("alice", "open('/tmp/enough', 'w').close()"),
        "kill-relay": place.kill_relay,
        "revoke-alice": lambda: provider.revoke("alice"),
        "preempt": lambda: steal(cluster),
        "give-back": lambda: give_back(cluster),
    }
    with deeds(known) as address:
        environment = {**os.environ, "HUB_URL": place.hub.url, "DEEDS_URL": address}
        command = ["jlpm", "playwright", "test", "--config", "hub.config.js"]
        done = subprocess.run(
            command,
            cwd=ROOT / "ui-tests",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, place.hub.last_lines + done.stderr + done.stdout
