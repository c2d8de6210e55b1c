"""Opening the database of a cluster, which may start together with the service."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.service.app import EmbeddedService
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.opening import open_database, open_datasets


@contextlib.contextmanager
def door_to(port: int) -> Iterator[tuple[int, threading.Event]]:
    """A port that refuses connections until the event is set, then leads to another one."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    opened, closing = threading.Event(), threading.Event()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        opened.wait()
        door.listen(8)
        door.settimeout(0.2)
        while not closing.is_set():
            with contextlib.suppress(TimeoutError):
                client = door.accept()[0]
                client.settimeout(None)
                server = socket.create_connection(("127.0.0.1", port))
                there = threading.Thread(target=pump, args=(client, server))
                back = threading.Thread(target=pump, args=(server, client))
                for thread in (there, back):
                    thread.start()
                ends.append((client, server, there, back))

    ends: list[tuple[socket.socket, socket.socket, threading.Thread, threading.Thread]] = []
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield door.getsockname()[1], opened
    finally:
        closing.set()
        opened.set()
        thread.join()
        for client, server, there, back in ends:
            there.join()
            back.join()
            client.close()
            server.close()
        door.close()


def config_at(url: str, port: int, root: Path) -> ChallengeConfig:
    moved = sa.make_url(url).set(port=port).render_as_string(hide_password=False)
    return ChallengeConfig(data_dir=str(root), db_url=moved)


@pytest.mark.postgres
def test_a_database_that_starts_later_is_waited_for(postgres_url: str, tmp_path: Path) -> None:
    real = sa.make_url(postgres_url).port
    assert real is not None
    with door_to(real) as (port, opened):
        config = config_at(postgres_url, port, tmp_path)
        threading.Timer(0.5, opened.set).start()

        db = open_database(config, patience=60)

        assert opened.is_set()
        db.reachable()
        db.close()


@pytest.mark.postgres
def test_a_database_that_does_not_come_is_given_up(postgres_url: str, tmp_path: Path) -> None:
    with door_to(0) as (port, _):
        config = config_at(postgres_url, port, tmp_path)
        began = time.monotonic()

        with pytest.raises(Unavailable, match="cannot be reached"):
            open_database(config, patience=1.5)

        assert time.monotonic() - began >= 1.5


SHARED = {
    "the whole bucket": ["s3://challenge"],
    "a folder of it": ["s3://datasets/numbers", "s3://challenge/data/"],
    "in other letters": ["s3://CHALLENGE/data"],
    "with a key in its address": ["s3://key:secret@challenge/data"],
}


@pytest.mark.parametrize("case", SHARED)
def test_data_in_the_bucket_of_labels_is_refused_at_the_start(case: str, tmp_path: Path) -> None:
    config = ChallengeConfig(data_dir=str(tmp_path / "data"), blob_url="s3://challenge/blobs")
    cluster = ClusterConfig(data_prefixes=SHARED[case])

    with pytest.raises(Unavailable, match=r"data_prefixes names s3://.*labels and submissions"):
        open_datasets(config, cluster)
    with pytest.raises(Unavailable, match="data_prefixes"):
        EmbeddedService(config, place="cluster", cluster=cluster).start(runs=False)
    assert not list((tmp_path / "data").glob("*.sqlite*"))


def test_data_in_another_bucket_may_be_read(tmp_path: Path) -> None:
    config = ChallengeConfig(data_dir=str(tmp_path), blob_url="s3://challenge")
    cluster = ClusterConfig(data_prefixes=["s3://challenge-data", "s3://data/challenge"])

    assert open_datasets(config, cluster).may("s3://challenge-data/x")
    assert open_datasets(ChallengeConfig(data_dir=str(tmp_path)), cluster)
