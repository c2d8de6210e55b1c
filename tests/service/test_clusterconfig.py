"""Secrets of a cluster's service are files, and what they open is asked with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.compute import as_yaml
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.opening import open_blobs


@pytest.fixture
def asked() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Address of an S3 store that has nothing, and what it was asked: path, authorization."""
    seen: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:  # noqa: N802
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_store_is_asked_with_the_keys_of_the_files(
    tmp_path: Path, asked: tuple[str, list[tuple[str, str]]]
) -> None:
    address, seen = asked
    (tmp_path / "access").write_text("the-access-key\n")
    (tmp_path / "secret").write_text("the-secret-key\n")
    cluster = ClusterConfig(
        s3_endpoint=address,
        s3_allow_http=True,
        s3_access_key_file=str(tmp_path / "access"),
        s3_secret_key_file=str(tmp_path / "secret"),
    )
    config = ChallengeConfig(data_dir=str(tmp_path / "data"), blob_url="s3://bucket/prefix")

    blobs = open_blobs(config, cluster)

    assert blobs.size("0" * 64) is None
    (path, signed), *_ = seen
    assert path == f"/bucket/prefix/sha256/00/{'0' * 64}"
    assert "Credential=the-access-key/" in signed
    assert "the-secret-key" not in signed


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    cluster = ClusterConfig(db_password_file=str(tmp_path / "missing"))
    with pytest.raises(Unavailable, match="db_password_file"):
        _ = cluster.db_password


def test_a_password_is_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss:word/\n")
    assert ClusterConfig(db_password_file=str(tmp_path / "password")).db_password == "p@ss:word/"
    assert ClusterConfig().db_password is None


def test_queues_are_read_from_plain_settings() -> None:
    nodes = {
        "cpu": {"quota": {"cpu": 8, "memory": "32Gi"}},
        "a100": {
            "title": "A100",
            "quota": {"cpu": 16, "memory": "64Gi", "nvidia.com/gpu": 2},
            "labels": {"gpu": "a100"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        },
    }
    assert ClusterConfig(queue_nodes=nodes).settings("").queues is None

    found = ClusterConfig(queues=True, queue_nodes=nodes).settings("").queues

    assert found is not None
    assert found.resources == ["cpu", "memory", "nvidia.com/gpu"]
    assert [kind.name for kind in found.kinds] == ["cpu", "a100"]
    assert found.kinds[1].quota["nvidia.com/gpu"] == "2"


PROFILES = """
profiles:
  - {id: cpu, name: CPU, quota: {cpu: 8, memory: 32Gi}}
  - id: h100
    name: H100
    accelerator: {vendor: nvidia, product_labels: {gpu: h100}}
    quota: {cpu: 16, memory: 64Gi, nvidia.com/gpu: 2}
"""


def test_profiles_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text(PROFILES)

    plain = ClusterConfig(profiles=str(file)).settings("")
    queued = ClusterConfig(profiles=str(file), queues=True).settings("")

    assert [each.id for each in plain.catalogue.profiles] == ["cpu", "h100"]
    assert plain.queues is None
    assert queued.queues is not None
    assert [(kind.name, kind.chosen) for kind in queued.queues.kinds] == [
        ("cpu", True), ("h100", True),
    ]  # fmt: skip


def test_two_places_that_name_kinds_of_nodes_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text(PROFILES)
    nodes = {"a": {"quota": {"cpu": "1", "memory": "1Gi"}}}
    with pytest.raises(Unavailable, match="Both ClusterConfig.profiles"):
        ClusterConfig(profiles=str(file), queue_nodes=nodes).settings("")


def test_mistakes_in_the_profiles_keep_the_service_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text(PROFILES.replace("vendor: nvidia", "vendor: nvida"))
    with pytest.raises(Unavailable, match="on line 6 of .*profiles.yaml: vendor") as refused:
        ClusterConfig(profiles=str(file)).settings("")
    assert refused.value.details["problems"]
    file.write_text("profiles: [{id: cpu, name: CPU}]")
    with pytest.raises(Unavailable, match="compute profile 'cpu' says nothing of cpu"):
        ClusterConfig(profiles=str(file), queues=True).settings("")


def test_older_settings_are_moved_to_a_file_by_what_the_log_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nodes = {
        "cpu": {"quota": {"cpu": 8, "memory": "32Gi"}},
        "a100": {
            "title": "A100",
            "quota": {"cpu": 16, "memory": "64Gi", "nvidia.com/gpu": 2},
            "labels": {"gpu": "a100"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        },
        "slice": {
            "gpu": "nvidia.com/mig-1g.10gb",
            "quota": {"cpu": 4, "memory": "8Gi", "nvidia.com/mig-1g.10gb": 7},
        },
    }
    old = ClusterConfig(queues=True, queue_nodes=nodes)
    before = old.settings("")
    assert "profiles show --yaml" in caplog.text
    file = tmp_path / "profiles.yaml"
    file.write_text(as_yaml(old.catalogue))

    after = ClusterConfig(queues=True, profiles=str(file)).settings("")

    assert after == before
    accelerators = [each.accelerator for each in after.catalogue.profiles]
    assert [each.resource if each is not None else "" for each in accelerators] == [
        "", "nvidia.com/gpu", "nvidia.com/mig-1g.10gb",
    ]  # fmt: skip


WRONG_QUEUES = {
    "no memory": ({"any": {"quota": {"cpu": "1"}}}, "memory"),
    "a misspelt key": ({"any": {"quotas": {}}}, "'quotas'"),
}


@pytest.mark.parametrize("case", WRONG_QUEUES)
def test_settings_of_queues_that_cannot_be_used_are_named(case: str) -> None:
    nodes, named = WRONG_QUEUES[case]
    with pytest.raises(Unavailable, match=named):
        ClusterConfig(queues=True, queue_nodes=nodes).settings("")
