"""The image of the server that a notebook comes from: whose pod it is, the service sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import handing_in
from jupyter_challenge.service.clusterconfig import ClusterConfig
from tests.bundles import bundle_of
from tests.service.world import World
from tests.small_api_server import SmallApiServer, small_api_server
from tests.tiny import write_notebook

DIGEST = "sha256:" + "5a" * 32
IMAGE = f"registry.example.org/hub/lab@{DIGEST}"
RUNNING = {"running": {"startedAt": "2026-07-01T12:00:00Z"}}


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, api: SmallApiServer) -> Iterator[World]:
    (tmp_path / "profiles.yaml").write_text(
        "profiles:\n- {id: any, name: Any}\n- {id: grace, name: Grace, arch: arm64}\n"
    )
    config = ClusterConfig(
        profiles=str(tmp_path / "profiles.yaml"),
        kubeconfig=api.kubeconfig(tmp_path / "kube"),
        server_namespaces=["elsewhere", "hub"],
        server_images=["registry.example.org/hub/*"],
    )
    made = World(tmp_path, place="cluster", cluster=config, runs=False)
    made.publish()
    made.user("ana").enter()
    yield made
    made.close()


def server(api: SmallApiServer, user: str = "ana", **changes: Any) -> None:
    """A notebook server as KubeSpawner makes it; `changes` make it another."""
    container = {
        "name": changes.get("container", "notebook"),
        "imageID": changes.get("image", IMAGE),
        "state": changes.get("state", RUNNING),
    }
    found = api.add(
        "pods",
        changes.get("namespace", "hub"),
        {
            "metadata": {
                "name": "jupyter-ana",
                "annotations": {"hub.jupyter.org/username": user},
                "labels": {"hub.jupyter.org/username": "ana"},
            },
            "spec": {"nodeSelector": {"kubernetes.io/arch": changes.get("arch", "amd64")}},
            "status": {"containerStatuses": [container]},
        },
    )
    found["metadata"].update(changes.get("metadata", {}))


def image_of(world: World, pod: str | None = "jupyter-ana", **request: Any) -> Any:
    content = write_notebook(world.folder / "model.ipynb", "x = 1").read_bytes()
    said = {"kind": "notebook", "entry": "model.ipynb", "pod": pod, **request}
    sent = bundle_of("model.ipynb", {"model.ipynb": content}).data
    return world.user("ana").submit(bundle=sent, request=said)["image"]


def test_a_notebook_runs_in_the_image_of_its_server(world: World, api: SmallApiServer) -> None:
    server(api)
    assert image_of(world) == IMAGE


def test_an_image_of_a_container_engine_is_written_as_any(
    world: World, api: SmallApiServer
) -> None:
    server(api, image=f"docker-pullable://{IMAGE}")
    assert image_of(world) == IMAGE


@pytest.mark.parametrize(("arch", "expected"), [("amd64", None), ("arm64", IMAGE)])
def test_on_another_kind_of_machine_it_is_that_ones_own_image(
    world: World, api: SmallApiServer, arch: str, expected: str | None
) -> None:
    server(api, arch=arch)
    assert image_of(world, profile="grace") == expected


OTHERS: dict[str, dict[str, Any]] = {
    "somebody else's": {"user": "ben"},
    "one that nobody's hub made": {"metadata": {"annotations": {}}},
    "in another namespace": {"namespace": "challenge-run-tiny"},
    "an image that is not allowed": {"image": f"registry.example.org/mine/lab@{DIGEST}"},
    "an image without digest": {"image": f"sha256:{'5a' * 32}"},
    "another container": {"container": "sidecar"},
    "one that has ended": {"state": {"terminated": {"exitCode": 0}}},
    "one that is being removed": {"metadata": {"deletionTimestamp": "2026-07-01T12:00:00Z"}},
}


@pytest.mark.parametrize("case", OTHERS)
def test_another_pod_says_nothing(world: World, api: SmallApiServer, case: str) -> None:
    server(api, **OTHERS[case])
    assert image_of(world) is None


@pytest.mark.parametrize("pod", [None, "", "jupyter-ben", "../secrets/x", "a/b", "A B"])
def test_a_name_that_is_no_pods_says_nothing(
    world: World, api: SmallApiServer, pod: str | None
) -> None:
    server(api)
    assert image_of(world, pod) is None


def test_what_the_client_says_of_itself_is_its_pods_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert handing_in.own_pod() is None
    monkeypatch.setenv("JUPYTERHUB_USER", "ana")
    assert handing_in.own_pod()
