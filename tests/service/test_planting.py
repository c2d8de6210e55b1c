"""The Job that plants for the doctor: what it is made of, and what is said where it can't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_challenge.core import canary
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.service import planting
from jupyter_challenge.service.planting import Planting
from tests.small_api_server import SmallApiServer, small_api_server

PLATFORM = "jupyter-challenge"
SETTINGS = ClusterSettings("http://challenge-gateway:8791", "10.0.0.1", "steps:1", "notebook:1")
GATEWAY = Path(__file__).parents[2] / "deploy" / "base" / "gateway.yaml"


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as server:
        yield server


@pytest.fixture
def plants(api: SmallApiServer, tmp_path: Path) -> Planting:
    return Planting(ClusterApi(api.kubeconfig(tmp_path / "kube")), SETTINGS)


@pytest.fixture
def gateway(api: SmallApiServer) -> dict[str, Any]:
    api.add("namespaces", "", {"metadata": {"name": PLATFORM}})
    deployment, *_ = yaml.safe_load_all(GATEWAY.read_text())
    return api.add("deployments", PLATFORM, deployment)


def of_kind(api: SmallApiServer, kind: str) -> list[dict[str, Any]]:
    return [each for (resource, *_), each in api.objects.items() if resource == kind]


def pod(api: SmallApiServer, phase: str, printed: str) -> None:
    """The pod of the Job, and what it printed."""
    (job,) = of_kind(api, "jobs")
    name = job["metadata"]["name"]
    api.add_pod(PLATFORM, {"job-name": name}, name)
    (found,) = of_kind(api, "pods")
    found["status"] = {"phase": phase, "podIP": "10.1.2.3"}
    api.logs[PLATFORM, name, "doctor"] = printed.encode


def test_it_is_the_gateways_pod_that_no_service_leads_to(
    api: SmallApiServer, plants: Planting, gateway: dict[str, Any]
) -> None:
    plants.begin("runs", "evaluations")

    (job,) = of_kind(api, "jobs")
    template, real = job["spec"]["template"], gateway["spec"]["template"]
    (container,), (theirs,) = template["spec"]["containers"], real["spec"]["containers"]
    assert template["metadata"]["labels"] == real["metadata"]["labels"]
    for name in ("image", "env", "securityContext", "resources"):
        assert container[name] == theirs[name]
    assert template["spec"]["serviceAccountName"] == real["spec"]["serviceAccountName"]
    assert container["readinessProbe"]["exec"]["command"] == ["false"]
    assert "livenessProbe" not in container
    assert container["command"][:2] == ["jupyter-challenge", "doctor"]
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert job["spec"]["ttlSecondsAfterFinished"] > 0
    (secret,) = of_kind(api, "secrets")
    assert secret["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    assert secret["stringData"]["word"] not in str(job)


def test_what_it_says_is_what_the_pods_are_told(
    api: SmallApiServer, plants: Planting, gateway: dict[str, Any]
) -> None:
    plants.begin("runs", "evaluations")
    told = '{"store": "10.0.0.9:9000", "url": "http://10.0.0.9:9000/challenge", "open": []}'
    pod(api, "Running", f"It begins.\nPROBED {told}\n")

    found = plants.wait()

    (secret,) = of_kind(api, "secrets")
    assert found.sought == canary.sought(secret["stringData"]["word"])
    assert (found.address, found.store, found.open) == ("10.1.2.3:8791", "10.0.0.9:9000", [])
    assert found.why == ""


def test_where_it_ends_its_last_word_is_said(
    api: SmallApiServer, plants: Planting, gateway: dict[str, Any]
) -> None:
    plants.begin("runs", "evaluations")
    pod(api, "Failed", "first\nThe store is away.\n")

    assert plants.wait().why == "the pod that plants ended: The store is away."


def test_without_a_gateway_nothing_is_planted(api: SmallApiServer, plants: Planting) -> None:
    plants.begin("runs", "evaluations")

    assert "no Deployment of the gateway" in plants.wait().why
    assert of_kind(api, "jobs") == of_kind(api, "secrets") == []
    assert plants.take_back()


def test_what_does_not_go_is_said(
    api: SmallApiServer, plants: Planting, gateway: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planting, "GONE_SECONDS", 0.1)
    plants.begin("runs", "evaluations")
    pod(api, "Running", "")

    assert not plants.take_back()
    assert of_kind(api, "jobs") == of_kind(api, "secrets") == []
