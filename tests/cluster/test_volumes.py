"""A challenge's data on a volume or in a store: read by runs, never handed out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from jupyter_challenge.client import Client
from jupyter_challenge.core.errors import FailureClass
from tests.cluster.data_elsewhere import (
    LABELS,
    LIMITS,
    PHASES,
    TEST,
    handed_out,
    seen,
    seen_in_a_try,
)
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import Platform, forwarded
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(300)

SECURED = {
    "app.kubernetes.io/managed-by": "jupyter-challenge",
    "pod-security.kubernetes.io/enforce": "restricted",
}
"""As docs/organisers/data.md tells admins to make the namespace."""


@contextlib.contextmanager
def bucket(cluster: Cluster) -> Iterator[S3Store]:
    """The bucket of data sets in the store beside the platform."""
    with forwarded(cluster, "minio", 9000) as url:
        yield S3Store(
            "datasets",
            config={
                "endpoint": url,
                "region": "us-east-1",
                "access_key_id": "challenge",
                "secret_access_key": "runs-must-never-hold-this",
            },
            client_options={"allow_http": True},
        )


def filled(cluster: Cluster, namespace: str) -> None:
    """Claim a volume of the cluster's, and have a pod put data on it."""
    claim = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    script = f"mkdir -p /v/v1/train && printf '{TEST}' > /v/v1/test.csv && " \
        "echo 1 > /v/v1/train/a && echo 2 > /v/v1/train/b && chmod -R a+rX /v/v1"  # fmt: skip
    writer = probe_pod(
        namespace, "writer", ["sh", "-c", script],
        container={"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "numbers"}}],
    )  # fmt: skip
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": namespace, "labels": SECURED}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
         "metadata": {"name": "numbers", "namespace": namespace}, "spec": claim},
        writer,
    )  # fmt: skip
    cluster.wait(namespace, "jsonpath={.status.phase}=Succeeded", "pod/writer")
    cluster.wait(namespace, "jsonpath={.status.phase}=Bound", "pvc/numbers")


@pytest.fixture(scope="module")
def team(
    cluster: Cluster, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """Somebody who entered a challenge whose data is on a volume, and one without that volume."""
    folder = tmp_path_factory.mktemp("organiser")
    filled(cluster, "challenge-run-mounted")
    volume = {"claim": "numbers", "train": "v1/train", "test": "v1/test.csv"}
    with bucket(cluster) as store:
        for name, content in {"train/a": "1", "train/b": "2", "test.csv": TEST}.items():
            obstore.put(store, f"numbers/v1/{name}", content.encode())
    stored = {"prefix": "s3://datasets/numbers", "train": "v1/train", "test": "v1/test.csv"}
    data = {
        "stored": {**LABELS, "s3": stored},
        "mounted": {**LABELS, "volume": volume},
        "nowhere": {**LABELS, "volume": {**volume, "claim": "absent"}},
    }
    with platform.client("vera", admin=True) as organiser, platform.client("vic") as client:
        for name, where in data.items():
            made = write_challenge(folder / name, id=name, data=where, limits=LIMITS, phases=PHASES)
            published = organiser.publish(made)
            client.enter(published.id, published.terms_digest)
        yield client


def test_a_run_reads_the_volume_and_cannot_write_to_it(team: Client, tmp_path: Path) -> None:
    said = seen(team, tmp_path, "mounted")

    assert "WRITE test.csv OSError 30" in said
    assert "WRITE train/new.csv OSError 30" in said
    assert "done" not in said
    assert "MOUNTED train ro" in said
    assert "MOUNTED test.csv ro" in said


def test_a_try_sees_the_sample_in_place_of_the_test_data(team: Client, tmp_path: Path) -> None:
    assert "ROWS 2" in seen_in_a_try(team, tmp_path, "mounted")


def test_what_is_on_the_volume_is_not_handed_out(team: Client, tmp_path: Path) -> None:
    assert handed_out(team, tmp_path, "mounted") == []


def test_a_claim_that_is_not_there_is_the_organisers_fault(team: Client, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "model.ipynb", WRITE_ALL_EVEN)

    done = team.wait(team.submit(notebook, "nowhere").id)

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.DATA_MISSING


def test_a_run_reads_what_is_in_the_store(team: Client, tmp_path: Path) -> None:
    assert "MOUNTED" not in seen(team, tmp_path, "stored")


def test_data_that_was_changed_in_the_store_fails_the_run(
    cluster: Cluster, team: Client, tmp_path: Path
) -> None:
    """A version stays what was published: else scores could not be compared."""
    notebook = write_notebook(tmp_path / "model.ipynb", WRITE_ALL_EVEN)
    with bucket(cluster) as store:
        obstore.put(store, "numbers/v1/train/b", b"other")

        done = team.wait(team.submit(notebook, "stored").id)

        obstore.put(store, "numbers/v1/train/b", b"2")
    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.DATA_MISSING
