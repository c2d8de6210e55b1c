"""A real JupyterHub whose users pick a compute profile."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.cluster.hub_place import CATALOGUE, IMAGE, NAMESPACE, Hub, hub_running
from tests.cluster.hub_queue import QUEUE, give_back, gpu_queue, steal
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
        {
            "id": "gpu",
            "name": "GPU",
            "accelerator": {"vendor": "nvidia"},
            "memory": "512 MiB",
            "queue": QUEUE,
        },
        {"id": "no-queue", "name": "GPU, no queue", "accelerator": {"vendor": "nvidia"}},
        {"id": "no-image", "name": "No image", "images": {"amd64": "cluster.test/nothing:1"}},
        {"id": "too-large", "name": "Too large", "memory": "4 GiB"},
    ],
}


START_TIMEOUT = 40
IMPATIENT = f"""
c.KubeSpawner.start_timeout = {START_TIMEOUT}
c.KubeSpawner.consecutive_failure_limit = 1
"""
"""The first failure of its own ends this hub."""


@pytest.fixture(scope="module")
def hub(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    with hub_running(cluster, folder, PROFILES, more=IMPATIENT) as found:
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


@pytest.fixture
def queue(cluster: Cluster, hub: Hub) -> Iterator[None]:
    """A queue for one GPU."""
    with gpu_queue(cluster):
        yield


def said(hub: Hub, name: str, words: str, seconds: float = 40) -> str:
    """Wait until a server's page is told something with these words."""
    told = []
    for event in hub.events(name, seconds):
        told.append(event["message"])
        if words in event["message"]:
            return str(event["message"])
    raise AssertionError(f"not told {words!r}, but {told}; {hub.last_lines}")


def pending(hub: Hub) -> list[str]:
    """Who waits in the queue, in its own order, as Kueue tells the hub's account and no other."""
    own = Cluster(hub.folder / "kubeconfig")
    path = f"/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/{NAMESPACE}/localqueues/{QUEUE}"
    answer = json.loads(own.kubectl("get", "--raw", f"{path}/pendingworkloads"))
    found = sorted(answer["items"], key=lambda each: each["positionInLocalQueue"])
    return [each["metadata"]["name"].removeprefix("pod-jupyter-") for each in found]


def form_of(hub: Hub, name: str) -> str:
    """The form with the profiles, as somebody's browser gets it."""
    with httpx.Client(base_url=hub.url, follow_redirects=True, timeout=30) as browser:
        found = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/hub/login").text)
        assert found is not None
        sent = {"username": name, "password": "any", "_xsrf": found[1]}
        browser.post("/hub/login", data=sent)
        return browser.get("/hub/spawn").text


def test_whoever_waits_knows_their_place_and_whoever_is_preempted_why(
    hub: Hub, cluster: Cluster, queue: None
) -> None:
    hub.user("gil")
    hub.user("hal")
    assert hub.spawn("gil", "gpu").status_code in {201, 202}
    hub.until_ready("gil")

    hub.spawn("hal", "gpu")
    since = time.monotonic()
    place = said(hub, "hal", "next in the queue")
    hub.user("ivy")
    hub.spawn("ivy", "gpu")
    said(hub, "ivy", "number 2 of 2 in the queue")
    order = pending(hub)
    form = form_of(hub, "kim")
    steal(cluster)
    hub.until(lambda: "had to make way" in hub.log)
    hub.until(lambda: not hub.server("gil"), 30)
    still = said(hub, "hal", "next in the queue")
    (waiting,) = hub.pods("hal")
    hub.restart(at_once=True)
    hub.until(lambda: time.monotonic() > since + START_TIMEOUT + 5)
    give_back(cluster)
    hub.until_ready("hal")
    (started,) = hub.pods("hal")
    hub.stop_server("hal")
    hub.until_ready("ivy")
    # Two have waited now, so that it is known how long that takes.
    hub.spawn("hal", "gpu")
    estimate = said(hub, "hal", "it takes ")
    free = form_of(hub, "kim")
    hub.stop_server("hal")
    hub.stop_server("ivy")

    assert "All that the queue may use is in use." in place
    assert [each.split("-")[0] for each in order] == ["hal", "ivy"], order
    assert "None free now, 2 wait" in form
    assert re.search(r"next in the queue; it takes (less than a|about)", estimate), estimate
    assert re.search("None free now, 1 waits.*?you would be number 2, (less|about)", free, re.S), (
        free
    )
    assert "Kueue does not say who is next" not in hub.log
    assert still == place
    assert started["metadata"]["uid"] == waiting["metadata"]["uid"], "the place was kept"


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("no-image", "The image of your server can't be had"),
        ("no-queue", "a server with an accelerator has to wait in a queue"),
        ("too-large", 'the quota "servers" is full'),
    ],
)
def test_what_does_not_start_says_why_and_is_no_failure_of_the_hub(
    hub: Hub, cluster: Cluster, profile: str, words: str
) -> None:
    hub.user("ida")
    quota = {"hard": {"requests.memory": "2Gi"}}
    meta = {"name": "servers", "namespace": NAMESPACE}
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": quota})

    answer = hub.spawn("ida", profile)
    text = answer.text if answer.status_code >= 400 else said(hub, "ida", words)
    cluster.kubectl("-n", NAMESPACE, "delete", "resourcequota", "servers")

    assert words in text.replace('\\"', '"').replace("&#x27;", "'").replace("&quot;", '"')
    hub.until(lambda: not hub.pods("ida"))
    assert "consecutive spawns failed" not in hub.log
    assert "JUPYTERHUB_API_TOKEN" not in hub.log, "a manifest, with a token in it"
