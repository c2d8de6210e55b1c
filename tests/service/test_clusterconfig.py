"""Secrets of a cluster's service are files, and what they open is asked with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

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


WRONG_QUEUES = {
    "no memory": ({"any": {"quota": {"cpu": "1"}}}, "memory"),
    "a misspelt key": ({"any": {"quotas": {}}}, "'quotas'"),
}


@pytest.mark.parametrize("case", WRONG_QUEUES)
def test_settings_of_queues_that_cannot_be_used_are_named(case: str) -> None:
    nodes, named = WRONG_QUEUES[case]
    with pytest.raises(Unavailable, match=named):
        ClusterConfig(queues=True, queue_nodes=nodes).settings("")
