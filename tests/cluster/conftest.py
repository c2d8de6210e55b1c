"""The cluster that `make test-cluster` brings, or that KUBECONFIG names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import kfp_place, prerequisites, spread
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Deployments, Platform
from tests.cluster.playing import Games, Play

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster; tests/cluster/kit/test.sh says which."""
    kubeconfig = os.environ.get("CLUSTER_KUBECONFIG")
    if not kubeconfig:
        pytest.skip("needs a cluster: make test-cluster")
    return Cluster(Path(kubeconfig))


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own, under the restricted pod security standard."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, "labels": RESTRICTED}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def deployments(cluster: Cluster) -> Iterator[Deployments]:
    """What of the platform is deployed for these tests."""
    found = Deployments(cluster)
    yield found
    found.close()


@pytest.fixture(scope="module")
def platform(deployments: Deployments) -> Platform:
    """The platform, deployed for these tests."""
    return deployments.get()


@pytest.fixture(scope="session")
def standin(cluster: Cluster) -> Iterator[None]:
    """The stand-in for Kubeflow Pipelines, deployed for these tests."""
    with kfp_place.standin(cluster):
        yield


@pytest.fixture(scope="module")
def kfp(deployments: Deployments, standin: None) -> Platform:
    """The platform with the stand-in as conductor."""
    return deployments.get(kfp_place.OVERLAY)


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Games]:
    """Challenges and teams of each platform that is deployed."""
    found = Games(tmp_path_factory)
    yield found
    found.close()


@pytest.fixture(scope="module")
def game(games: Games, platform: Platform) -> Play:
    """Challenges and two teams in them."""
    return games.on(platform)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a cluster lacks for a test is said before anything is deployed for it."""
    kubeconfig = os.environ.get("CLUSTER_KUBECONFIG")
    if kubeconfig and isinstance(item, pytest.Function) and "cluster" in item.fixturenames:
        said = prerequisites.lacking(kubeconfig, item.path.stem, item.originalname)
        if said:
            pytest.skip(said)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever takes longest comes first."""
    items.sort(key=lambda item: spread.rank(item.path.name))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spread.ByPlatform:
    """Who gets which tests where there are several clusters."""
    return spread.ByPlatform(config, log)
