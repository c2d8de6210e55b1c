"""Namespaces of runs: made as they have to be, and not used where somebody made them otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.engines.premises import Premises
from tests.small_api_server import small_api_server

SETTINGS = ClusterSettings("http://challenge-gateway:8791", "10.96.0.9", "steps:1", "notebook:1")
NAME = "challenge-run-tiny"
OURS = {"app.kubernetes.io/managed-by": "jupyter-challenge"}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ClusterApi]:
    with small_api_server() as server:
        yield ClusterApi(server.kubeconfig(tmp_path / "kube"))


def test_what_is_missing_is_made(api: ClusterApi) -> None:
    Premises(api).make(NAME, "run", SETTINGS)

    made = api.get("namespaces", NAME)
    assert made is not None
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert api.get("networkpolicies", "gateway-only", NAME) is not None
    assert api.get("serviceaccounts", "run", NAME) is not None


def test_a_namespace_that_an_admin_made_for_a_volume_is_used(api: ClusterApi) -> None:
    api.create("namespaces", {"metadata": {"name": NAME, "labels": {**OURS, **RESTRICTED}}})

    Premises(api).make(NAME, "run", SETTINGS)

    assert api.get("networkpolicies", "gateway-only", NAME) is not None


@pytest.mark.parametrize(
    "labels", [{}, OURS, RESTRICTED], ids=["neither", "pods of any kind", "not ours"]
)
def test_a_namespace_that_was_made_for_something_else_is_not(
    api: ClusterApi, labels: dict[str, str]
) -> None:
    api.create("namespaces", {"metadata": {"name": NAME, "labels": labels}})

    for _ in range(2):
        with pytest.raises(Unavailable, match="not made for runs"):
            Premises(api).make(NAME, "run", SETTINGS)
