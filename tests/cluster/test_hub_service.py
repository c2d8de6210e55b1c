"""The challenge service behind a real hub: people take part from the servers that it spawned."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.client import Client, connect
from tests.cluster.hub_place import IMAGE, NAMESPACE, Hub, hub_running, image_of
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Deployments, Platform
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(300)

OVERLAY = Path(__file__).parent / "deploy_hub"
SERVICE = (
    'service=ChallengeService("http://challenge.jupyter-challenge:8790", '
    'participants=["students"], organisers=["staff"])'
)
VISITOR = """
c.JupyterHub.load_roles = [
    {"name": "visitor", "scopes": ["access:servers!server=ana/"], "users": ["vera"]},
]
"""


@pytest.fixture(scope="module")
def behind(deployments: Deployments) -> Platform:
    """The platform, behind a hub."""
    return deployments.get(OVERLAY)


@pytest.fixture(scope="module")
def hub(
    cluster: Cluster, behind: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """A hub with a challenge of odo's, which ana entered from her server."""
    folder = tmp_path_factory.mktemp("hub")
    with hub_running(cluster, folder, arguments=SERVICE, more=VISITOR) as found:
        found.user("odo", "staff")
        found.user("ana", "students")
        found.user("vera", "students")
        yield found


def of_a_server(hub: Hub, name: str) -> str:
    """A token with what a server of somebody's gets."""
    scopes = ["access:services!service=challenge", "custom:challenge:submit"]
    made = hub.api("POST", f"/users/{name}/tokens", {"scopes": scopes})
    made.raise_for_status()
    return str(made.json()["token"])


@pytest.fixture(scope="module")
def published(hub: Hub, behind: Platform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A challenge that an organiser published with nothing but the hub's token."""
    scopes = ["access:services!service=challenge", "custom:challenge:organise"]
    token = hub.api("POST", "/users/odo/tokens", {"scopes": scopes}).json()["token"]
    folder = write_challenge(tmp_path_factory.mktemp("odo") / "behind", id="behind")
    with connect(url=behind.url, token=token) as odo:
        return odo.publish(folder).terms_digest


@pytest.fixture(scope="module")
def server(hub: Hub) -> Iterator[str]:
    """The address of ana's server."""
    hub.spawn("ana", "cpu")
    yield hub.until_ready("ana")
    hub.stop_server("ana")


@pytest.fixture(scope="module")
def ana(hub: Hub, behind: Platform) -> Iterator[Client]:
    with connect(url=behind.url, token=of_a_server(hub, "ana")) as client:
        yield client


def asked(hub: Hub, server: str, name: str, path: str) -> httpx.Response:
    """Ask somebody's Jupyter server, as their browser does."""
    token = hub.user(name)
    return httpx.get(
        f"{server}/jupyter-challenge{path}", headers={"Authorization": f"token {token}"}, timeout=30
    )


def in_the_server(cluster: Cluster, *command: str, stdin: str | None = None) -> str:
    """Run a command in ana's server."""
    pods = cluster.list("pods", "-n", NAMESPACE, "-l", "hub.jupyter.org/username=ana")
    name = pods[0]["metadata"]["name"]
    given = () if stdin is None else ("-i",)
    return cluster.kubectl("-n", NAMESPACE, "exec", *given, name, "--", *command, stdin=stdin)


def test_in_a_spawned_server_one_is_who_the_hub_knows(hub: Hub, server: str) -> None:
    answer = asked(hub, server, "ana", "/api/v1/me")

    said = answer.json()
    assert answer.status_code == 200, answer.text
    assert (said["name"], said["groups"], said["admin"]) == ("ana", ["students"], False)
    assert said["place"] == "cluster"


def test_a_notebook_is_submitted_from_a_spawned_server_and_runs_in_its_image(
    hub: Hub, server: str, published: str, cluster: Cluster, ana: Client, tmp_path: Path
) -> None:
    ana.enter("behind", published)
    notebook = write_notebook(tmp_path / "model.ipynb", WRITE_ALL_EVEN).read_text()
    in_the_server(cluster, "sh", "-c", "cat > /tmp/model.ipynb", stdin=notebook)

    said = in_the_server(
        cluster, "jupyter-challenge", "submit", "/tmp/model.ipynb",
        "--challenge", "behind", "--detach", "--json",
    )  # fmt: skip
    made = json.loads(said)
    done = ana.wait(made["id"])

    # What runs in the cluster's own image has none that is known before it ran.
    own = image_of(*hub.pods("ana"))
    assert own.startswith(f"{IMAGE.split(':')[0]}@sha256:")
    assert made["image"] == own
    assert (done.state.value, done.image) == ("scored", own), done.failure
    assert done.team.name == "ana"


def test_a_visitor_of_a_shared_server_does_not_take_part_as_its_owner(
    hub: Hub, server: str, published: str, cluster: Cluster, ana: Client
) -> None:
    ana.enter("behind", published)
    # She may open the server, and write in it: that is what ana shares with her.
    vera = {"Authorization": f"token {hub.user('vera')}"}
    opened = httpx.get(f"{server}/api/contents/?type=directory", headers=vera, timeout=30)
    assert opened.status_code == 200, opened.text
    known = [each.id for each in ana.submissions("behind")]
    handing_in = {"path": "nothing.ipynb", "challenge": "behind", "files": []}

    looked = asked(hub, server, "vera", "/api/v1/me")
    refused, missed = (
        httpx.post(f"{server}/jupyter-challenge/submit", json=handing_in, headers=who, timeout=30)
        for who in (vera, {"Authorization": f"token {hub.user('ana')}"})
    )

    for answer in (looked, refused):
        assert answer.status_code == 403
        assert "Only ana, who owns this server" in answer.text
    assert missed.status_code == 404, "ana's own is looked for: she is not refused"
    assert [each.id for each in ana.submissions("behind")] == known


def test_the_pods_of_servers_hold_no_token_of_ours(cluster: Cluster, server: str) -> None:
    (pod,) = cluster.list("pods", "-n", NAMESPACE, "-l", "hub.jupyter.org/username=ana")
    variables: dict[str, Any] = {
        each["name"]: each.get("value") for each in pod["spec"]["containers"][0]["env"]
    }

    assert variables["JUPYTER_CHALLENGE_URL"] == "http://challenge.jupyter-challenge:8790"
    assert variables["JUPYTER_CHALLENGE_SIGN_IN"] == "hub"
    # The hub gives a server one token, under two names.
    tokens = {name for name in variables if "TOKEN" in name}
    assert tokens == {"JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"}
    assert not pod["spec"].get("automountServiceAccountToken", False)


def test_who_leaves_a_group_is_noticed(hub: Hub, behind: Platform) -> None:
    hub.user("pia", "students", "team-b")
    with connect(url=behind.url, token=of_a_server(hub, "pia")) as pia:
        assert pia.me().groups == ["students", "team-b"]
        hub.api("DELETE", "/groups/team-b/users", {"users": ["pia"]}).raise_for_status()
        time.sleep(2.5)
        assert pia.me().groups == ["students"]


def test_a_server_goes_on_while_its_hub_is_made_anew(hub: Hub, server: str, ana: Client) -> None:
    hub.restart()

    hub.until(lambda: asked(hub, server, "ana", "/api/v1/me").status_code == 200, 60)
    assert ana.me().name == "ana"
