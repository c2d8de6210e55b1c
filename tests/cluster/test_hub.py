"""A real JupyterHub whose users pick a compute profile."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.cluster.hub_place import CATALOGUE, IMAGE, Hub, hub_running
from tests.cluster.kubectl import Cluster

pytestmark = pytest.mark.timeout(240)

PROFILES = {
    **CATALOGUE,
    "profiles": [
        *CATALOGUE["profiles"],
        {
            "id": "large",
            "name": "Large",
            "memory": "768 MiB",
            "groups": ["large"],
            "denied": "Large servers are for the course. Write to gpu@example.org.",
        },
    ],
}


@pytest.fixture(scope="module")
def hub(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub_running(cluster, tmp_path_factory.mktemp("hub"), PROFILES) as found:
        yield found


def test_a_server_on_a_profile_is_reached_through_the_proxy(hub: Hub) -> None:
    token = hub.user("ana")

    asked = hub.spawn("ana", "cpu", token=token)
    address = hub.until_ready("ana")
    said = httpx.get(f"{address}/api/status", headers={"Authorization": f"token {token}"})

    (pod,) = hub.pods("ana")
    assert asked.status_code in {201, 202}
    assert said.status_code == 200
    assert "kernels" in said.json()
    assert pod["metadata"]["labels"]["challenge.jupyter.org/profile"] == "cpu"
    assert pod["spec"]["containers"][0]["image"] == IMAGE
    assert pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "536870912"
    hub.stop_server("ana")
    assert not hub.pods("ana")


def test_who_names_a_profile_of_another_group_is_told_whom_to_ask(hub: Hub) -> None:
    token = hub.user("ben")

    refused = hub.spawn("ben", "large", token=token)

    assert refused.status_code == 403
    assert "Large servers are for the course. Write to gpu@example.org." in refused.text
    assert not hub.pods("ben")
