"""A real hub with `configure`, whose cluster is a server that speaks as an API server does.

Pods that are made run at once here, or once a test says so. What a real cluster makes of them is
tested on a real one (tests/cluster/test_hub.py).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from traitlets.config import Config

from jupyter_challenge.hub import configure
from jupyter_challenge.hub.spawner import ChallengeSpawner
from tests.hub.cluster_api import ClusterApi, Object, cluster_api_beside
from tests.hub.local_hub import LocalHub, local_hub
from tests.hub.test_capacity import CLUSTER as CLUSTER_QUEUES
from tests.hub.test_capacity import FLAVORS, LOCAL, NODES, PODS, WORKLOADS, node
from tests.hub.test_queues import quota, workload

CATALOGUE = {
    "images": {"amd64": "lab/cpu:1"},
    "profiles": [
        {"id": "cpu", "name": "CPU", "description": "For most things", "cpu": 1},
        {
            "id": "gpu", "name": "H100", "arch": "amd64", "cpu": 4, "memory": "16 GiB",
            "shm": "1 GiB", "images": {"amd64": "lab/gpu:1"}, "idle_timeout": "1 h",
            "max_lifetime": "8 h", "priority": "people", "node_labels": {"pool": "gpus"},
            "tolerations": [{"key": "nvidia.com/gpu"}], "groups": ["vision"],
            "denied": "Ask the vision team.",
            "accelerator": {"vendor": "nvidia", "product_labels": {"gpu": "h100"}},
        },
        {
            "id": "queued", "name": "H100 in turn", "queue": "notebooks",
            "accelerator": {"vendor": "nvidia", "product_labels": {"gpu": "h100"}},
        },
    ],
}  # fmt: skip
FOUND = """
import sys
sys.path.insert(0, {root!r})
"""
CONFIG = """
from jupyter_challenge.hub import configure
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 1}}
c.JupyterHub.cleanup_servers = False
c.KubeSpawner.namespace = "hub"
c.KubeSpawner.port = {port}
c.KubeSpawner.start_timeout = 8
c.KubeSpawner.http_timeout = 20
c.Spawner.consecutive_failure_limit = 5
c.KubeSpawner.environment = {{"HOME": "/home/jovyan"}}
c.KubeSpawner.extra_labels = {{"team": "hub"}}
c.KubeSpawner.args = ["--ServerApp.terminals_enabled=False"]
c.KubeSpawner.volumes = [{{"name": "data", "emptyDir": {{}}}}]
c.KubeSpawner.volume_mounts = [{{"name": "data", "mountPath": "/data"}}]
configure(c, catalogue={catalogue!r})
"""
GATE = [{"name": "kueue.x-k8s.io/admission"}]
Does = Callable[[Callable[[], Any]], Any]


class Place:
    """A hub and its cluster."""

    def __init__(self, api: ClusterApi, there: Does, hub: LocalHub) -> None:
        self.api, self.there, self.hub = api, there, hub
        self.made: list[Object] = []
        api.made = self._made

    def _made(self, kind: str, found: Object) -> None:
        if kind != PODS:
            return
        self.made.append(found)
        if "kueue.x-k8s.io/queue-name" in found["metadata"]["labels"]:
            self.api.put(PODS, {**found, "spec": {**found["spec"], "schedulingGates": GATE}})
            waits = workload(found["metadata"]["name"], 0)
            waits["metadata"]["ownerReferences"][0]["uid"] = found["metadata"]["uid"]
            self.api.put(WORKLOADS, waits)
        else:
            self.runs(found)

    def runs(self, found: Object) -> None:
        """Let a pod run; where it answers is this API server, which says 404 to its hub."""
        status = {
            "phase": "Running",
            "podIP": "127.0.0.1",
            "conditions": [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": "notebook", "ready": True, "state": {"running": {}}}],
        }
        spec = {**found["spec"], "nodeName": "n1", "schedulingGates": None}
        self.api.put(PODS, {**found, "spec": spec, "status": status})

    def start(self, user: str, profile: str) -> httpx.Response:
        return httpx.post(
            f"{self.hub.api_url}/users/{user}/server",
            json={"profile": profile},
            headers={"Authorization": f"token {self.hub.admin}"},
            timeout=60,
        )

    def server(self, user: str) -> dict[str, Any]:
        found: dict[str, Any] = self.hub.ask("GET", f"/users/{user}")["servers"].get("", {})
        return found

    def until(self, true: Callable[[], bool], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.hub.log[-4000:]
            time.sleep(0.1)

    def ended(self, user: str) -> None:
        """End a server, and wait until it is gone."""
        self.hub.ask("DELETE", f"/users/{user}/server")
        self.until(lambda: not self.server(user))

    def told(self, user: str, words: str, then: Callable[[], Any] = lambda: None) -> str:
        """Wait until the page of a server that starts is told such words, and return them all.

        Args:
            user: Whose server it is.
            words: What is waited for.
            then: What happens once the page is told anything.
        """
        headers = {"Authorization": f"token {self.hub.admin}"}
        url = f"{self.hub.api_url}/users/{user}/server/progress"
        with httpx.stream("GET", url, headers=headers, timeout=30) as stream:
            for line in stream.iter_lines():
                said = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if words in said.get("message", ""):
                    return str(said["message"])
                if said:
                    then()
        raise AssertionError(self.hub.log[-4000:])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("spawner")
    written = folder / "profiles.yaml"
    written.write_text(yaml.safe_dump(CATALOGUE, sort_keys=False))
    with cluster_api_beside() as (api, there), pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(api.kubeconfig(folder / "kubeconfig")))
        more = FOUND.format(root=str(Path(__file__).parents[2])) + CONFIG.format(
            port=int(api.url.rpartition(":")[2]),
            catalogue=str(written),
        )
        there(lambda: api.put(NODES, node("n1", "h100")))
        there(lambda: api.put(FLAVORS, {"metadata": {"name": "h100"}}))
        there(lambda: api.put(CLUSTER_QUEUES, quota()))
        queue = {"metadata": {"name": "notebooks", "namespace": "hub"}}
        there(lambda: api.put(LOCAL, {**queue, "spec": {"clusterQueue": "gpus"}}))
        with local_hub(folder / "hub", more) as hub:
            yield Place(api, there, hub)


def manifest(found: Object) -> Object:
    """What was asked for of a pod, without what is new in each start."""
    said: Object = json.loads(json.dumps({"spec": found["spec"], "meta": found["metadata"]}))
    for name in ("uid", "creationTimestamp", "resourceVersion"):
        del said["meta"][name]
    (container,) = said["spec"]["containers"]
    for each in container["env"]:
        if "TOKEN" in each["name"]:
            each["value"] = "…"
    return said


def test_a_profile_leaves_nothing_behind_for_the_next_one(place: Place) -> None:
    place.hub.add("ida", "vision")

    for profile in ("cpu", "gpu", "cpu"):
        assert place.start("ida", profile).status_code in {201, 202}
        place.until(lambda: bool(place.server("ida").get("ready")))
        place.ended("ida")
    before, gpu, after = (manifest(each) for each in place.made[-3:])

    (container,) = gpu["spec"]["containers"]
    assert container["image"] == "lab/gpu:1"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert gpu["spec"]["activeDeadlineSeconds"] == 8 * 3600
    assert gpu["spec"]["nodeSelector"] == {
        "kubernetes.io/arch": "amd64", "pool": "gpus", "gpu": "h100",
    }  # fmt: skip
    assert "--ServerApp.terminals_enabled=False" in container["args"]
    assert any("shutdown_no_activity_timeout" in each for each in container["args"])
    assert {each["name"] for each in gpu["spec"]["volumes"]} == {"data", "shm"}
    assert gpu["meta"]["labels"]["team"] == "hub"
    assert after == before


def test_a_spawner_that_is_used_again_is_as_the_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterHub makes a new one after most ends; it calls `clear_state` before each start."""
    written = tmp_path / "profiles.yaml"
    written.write_text(yaml.safe_dump(CATALOGUE, sort_keys=False))
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    config = Config()
    exec(CONFIG.format(port=8888, catalogue=str(written)), {"c": config})
    user = SimpleNamespace(
        name="ida", id=1, url="/user/ida/", groups=[SimpleNamespace(name="vision")]
    )

    async def pods() -> list[Object]:
        spawner = ChallengeSpawner(config=config, user=user, _mock=True)
        await asyncio.sleep(0)  # its client is closed with the loop, once that has begun
        found = []
        for profile in ("cpu", "gpu", "queued", "cpu"):
            spawner.user_options = {"profile": profile}
            spawner.clear_state()
            await spawner.load_user_options()
            manifest = await spawner.get_pod_manifest()
            found.append(spawner.api.api_client.sanitize_for_serialization(manifest))
        return found

    before, gpu, queued, after = asyncio.run(pods())

    assert gpu["spec"]["nodeSelector"]["pool"] == "gpus"
    assert "pool" not in queued["spec"]["nodeSelector"]
    assert queued["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "notebooks"
    assert after == before


def test_what_is_for_others_is_refused_by_a_sentence(place: Place) -> None:
    place.hub.add("bob")

    refused = place.start("bob", "gpu")
    unknown = place.start("bob", "tpu")

    assert refused.status_code == 403
    assert "H100 is not for you. Ask the vision team." in refused.json()["message"]
    assert unknown.status_code == 403
    assert "you may use cpu, queued" in unknown.json()["message"]
    assert "gpu" not in [each["metadata"]["labels"].get("profile") for each in place.made]


def test_a_full_quota_is_a_sentence_and_no_failure_and_no_token_is_logged(place: Place) -> None:
    place.hub.add("eva")
    tokens: list[str] = []

    def full(found: Object) -> tuple[int, str]:
        env = found["spec"]["containers"][0]["env"]
        tokens.append(next(each["value"] for each in env if each["name"] == "JUPYTERHUB_API_TOKEN"))
        return 403, (
            'pods "jupyter-eva" is forbidden: exceeded quota: servers, requested: '
            f"requests.cpu=1, used: requests.cpu=8, limited: requests.cpu=8 {tokens[-1]}"
        )

    place.api.admits = full
    try:
        for _ in range(6):  # the hub ends itself after five failures
            answer = place.start("eva", "cpu")
            assert answer.status_code == 403
            assert 'the quota "servers" is full (requests.cpu=8 of' in answer.json()["message"]
            assert tokens[-1] not in answer.text
            place.until(lambda: not place.server("eva"))
    finally:
        place.api.admits = lambda found: None

    assert len(tokens) == 6
    assert not any(token in place.hub.log for token in tokens)
    assert "consecutive spawns failed" not in place.hub.log
    assert place.hub.process is not None and place.hub.process.poll() is None


def test_a_wait_for_ones_turn_is_no_time_to_start(place: Place) -> None:
    place.hub.add("fay")

    assert place.start("fay", "queued").status_code == 202
    place.told("fay", "You are next in the queue")
    time.sleep(10)  # which is more than start_timeout
    assert place.server("fay").get("pending") == "spawn"
    place.there(lambda: place.runs(place.made[-1]))
    place.until(lambda: bool(place.server("fay").get("ready")))
    place.ended("fay")
    place.there(lambda: place.api.remove(WORKLOADS, "jupyter-fay", "hub"))


def test_a_place_in_the_queue_outlives_a_hub_that_is_killed(place: Place) -> None:
    place.hub.add("leo")
    assert place.start("leo", "queued").status_code == 202
    place.told("leo", "You are next in the queue")
    made = place.made[-1]

    place.hub.stop(at_once=True)
    place.hub.start()
    assert [each["metadata"]["uid"] for each in place.api.objects(PODS)] == [
        made["metadata"]["uid"]
    ]
    place.there(lambda: place.runs(made))
    place.until(lambda: bool(place.server("leo").get("ready")))

    assert place.made[-1] is made
    place.ended("leo")
    place.there(lambda: place.api.remove(WORKLOADS, "jupyter-leo", "hub"))


def test_a_turn_that_will_never_come_is_told_at_once(place: Place) -> None:
    place.hub.add("gus")
    assert place.start("gus", "queued").status_code == 202
    waits = workload("jupyter-gus", 0, conditions=[{
        "type": "QuotaReserved", "status": "False", "reason": "Pending",
        "message": "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu "
        "in flavor h100, previously considered podsets requests (0) + current podset request (1) > "
        "maximum capacity (0)",
    }])  # fmt: skip
    waits["metadata"]["ownerReferences"][0]["uid"] = place.made[-1]["metadata"]["uid"]

    def found() -> None:
        place.there(lambda: place.api.put(WORKLOADS, waits))

    assert place.told("gus", "more than its queue ever has", found)
    place.until(lambda: not place.server("gus"))
    place.until(
        lambda: not any("gus" in each["metadata"]["name"] for each in place.api.objects(PODS))
    )
    place.there(lambda: place.api.remove(WORKLOADS, "jupyter-gus", "hub"))


@contextmanager
def signed_in(hub: LocalHub, user: str) -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        login = browser.get(f"{hub.url}/hub/login")
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', login.text)
        assert xsrf is not None
        browser.post(
            f"{hub.url}/hub/login",
            data={"username": user, "password": "any", "_xsrf": xsrf[1]},
        )
        yield browser


def said_of(status: Object, place: Place, found: Object) -> None:
    """Let a pod be as its kubelet says, or its node."""
    place.there(lambda: place.api.put(PODS, {**found, "status": status}))


def test_whoever_lived_as_long_as_the_profile_allows_reads_so(place: Place) -> None:
    place.hub.add("max", "vision")
    with signed_in(place.hub, "max") as browser:
        place.start("max", "gpu")
        place.until(lambda: bool(place.server("max").get("ready")))
        over = {"phase": "Failed", "reason": "DeadlineExceeded", "message": "active for too long"}
        said_of(over, place, place.made[-1])
        place.until(lambda: not place.server("max"))

        page = browser.get(f"{place.hub.url}/hub/user/max/lab")

    assert page.status_code == 424
    assert re.search(r'role="status">[^<]*as long as its profile allows', page.text), page.text


def test_a_server_that_went_while_the_hub_was_away_was_taken_away(place: Place) -> None:
    place.hub.add("ned")
    place.start("ned", "cpu")
    place.until(lambda: bool(place.server("ned").get("ready")))
    name = place.made[-1]["metadata"]["name"]

    place.hub.stop(at_once=True)
    place.there(lambda: place.api.remove(PODS, name, "hub"))
    place.hub.start()
    place.until(lambda: not place.server("ned"))
    with signed_in(place.hub, "ned") as browser:
        page = browser.get(f"{place.hub.url}/hub/user/ned/lab")
        form = browser.get(f"{place.hub.url}/hub/spawn/ned")

    assert page.status_code == 424
    for shown in (page.text, form.text):
        assert "Your server was taken away while the hub was not there" in shown


def test_the_page_of_a_server_that_waits_says_what_stopping_it_costs(place: Place) -> None:
    place.hub.add("oda")
    with signed_in(place.hub, "oda") as browser:
        assert place.start("oda", "queued").status_code == 202
        place.told("oda", "You are next in the queue")
        waits = browser.get(f"{place.hub.url}/hub/spawn-pending/oda").text
        place.hub.stop(at_once=True)
        place.hub.start()
    with signed_in(place.hub, "oda") as browser:
        after = browser.get(f"{place.hub.url}/hub/spawn-pending/oda").text
    place.there(lambda: place.runs(place.made[-1]))
    place.until(lambda: bool(place.server("oda").get("ready")))
    place.ended("oda")
    place.there(lambda: place.api.remove(WORKLOADS, "jupyter-oda", "hub"))

    assert "The hub was started anew" in after
    for page in (waits, after):
        assert "stopping it gives its place in the queue up" in page
        assert "You can leave this page, and come back to it." in page


def test_forms_that_many_have_open_add_no_watch(place: Place) -> None:
    with signed_in(place.hub, "pam") as browser:
        browser.get(f"{place.hub.url}/hub/spawn")
        place.until(lambda: place.api.watches > 0)
    time.sleep(1)
    before = place.api.watches

    with ExitStack() as open_ones:
        for user in ("quin", "rob", "sue", "tom"):
            browser = open_ones.enter_context(signed_in(place.hub, user))
            assert "free now" in browser.get(f"{place.hub.url}/hub/spawn").text
        time.sleep(1)

        assert place.api.watches == before > 4


@pytest.mark.parametrize("section", ["KubeSpawner", "ChallengeSpawner"])
def test_a_namespace_for_each_user_is_refused(tmp_path: Path, section: str) -> None:
    written = tmp_path / "profiles.yaml"
    written.write_text(yaml.safe_dump(CATALOGUE, sort_keys=False))
    config = Config()
    config[section].enable_user_namespaces = True

    with pytest.raises(ValueError, match="Take that line away, and say in c.KubeSpawner.namespace"):
        configure(config, catalogue=written)


def test_the_form_of_a_real_hub_says_what_is_free(place: Place) -> None:
    with signed_in(place.hub, "kim") as browser:
        page = browser.get(f"{place.hub.url}/hub/spawn")

    assert page.status_code == 200
    assert 'value="cpu"' in page.text and 'value="queued"' in page.text
    assert 'value="gpu"' not in page.text
    assert "8 free now" in page.text
    assert "Ask the vision team." in page.text
