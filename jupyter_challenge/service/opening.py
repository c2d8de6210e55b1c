"""Open what a service works on: database, files, a port."""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket
import time
from urllib.parse import urlsplit

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.notebook_servers import NotebookServers
from jupyter_challenge.service.registries import Registries
from jupyter_challenge.store import schema
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.datasets import Datasets

log = logging.getLogger("jupyter_challenge")

STARTS_WITHIN = 45.0
"""Seconds that a database may take to answer where it starts together with the service."""


def open_database(
    config: ChallengeConfig, cluster: ClusterConfig | None = None, *, patience: float = 0.0
) -> Database:
    """The database, with its tables.

    Args:
        config: Where it is.
        cluster: Where its password is, on a cluster.
        patience: Seconds to wait for one that does not answer. A container that ended instead
            would be started again later and later.

    Raises:
        UpgradeNeeded: It is of another version than the program.
        Unavailable: It does not answer.
    """
    password = cluster.db_password if cluster is not None else None
    db = Database(config.database_url, password)
    until = time.monotonic() + patience
    try:
        while True:
            try:
                schema.prepare(db)
            except Unavailable as error:
                if time.monotonic() > until:
                    raise
                log.warning("%s It is asked again.", error.message)
                time.sleep(1)
            else:
                return db
    except BaseException:
        db.close()
        raise


def open_blobs(config: ChallengeConfig, cluster: ClusterConfig | None = None) -> Blobs:
    """The object store: a folder where none was configured."""
    if not config.blob_url:
        return Blobs(config.root / "blobs")
    return Blobs(config.blob_url, cluster.blob_options if cluster is not None else None)


def open_datasets(config: ChallengeConfig, cluster: ClusterConfig) -> Datasets:
    """The stores that challenges may take their data from.

    Raises:
        Unavailable: One is in the bucket of the service's own blobs.
    """
    for prefix in cluster.data_prefixes:
        if config.blob_url and _bucket(prefix) == _bucket(config.blob_url):
            raise Unavailable(
                f"ClusterConfig.data_prefixes names {prefix}, which is in the bucket of "
                "ChallengeConfig.blob_url: labels and submissions are there.",
                hint="Keep data of challenges in a bucket of its own.",
            )
    return Datasets(cluster.data_prefixes, cluster.blob_options)


def _bucket(url: str) -> str:
    """The bucket of an address; all are in the one store that is configured."""
    return urlsplit(url.strip()).netloc.rpartition("@")[2].lower()


def open_registries(cluster: ClusterConfig) -> Registries | None:
    """Where it is asked how large submitted images are, if they may not be of any size."""
    if not cluster.max_image_size:
        return None
    return Registries(
        cluster.max_image_size, cluster.registry_credentials_file, cluster.registry_hosts
    )


def open_servers(cluster: ClusterConfig) -> NotebookServers | None:
    """Where notebooks are handed in from, where a hub's servers are looked at."""
    if not (cluster.server_namespaces and cluster.server_images):
        return None
    api = ClusterApi(cluster.kubeconfig)
    return NotebookServers(api, cluster.server_namespaces, cluster.server_images)


def open_socket(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """Listen on a port.

    Args:
        host: An address of this machine.
        port: 0 chooses a free one.
        anywhere: Whether others than loopback may be listened on.

    Raises:
        Unavailable: The address is not one of loopback, or the port is taken.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not (anywhere or address.is_loopback):
        raise Unavailable(
            f"{host} is not an address of loopback.",
            hint="Nothing isolates runs here, so only this machine's users are served: "
            "use 127.0.0.1.",
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((str(address), port))
        opened.listen(2048)  # who reads the address may connect at once
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} of {host} is taken by another program.",
                hint="Choose another with --port, or 0 for any that is free.",
            ) from error
        raise Unavailable(
            f"Port {port} of {host} cannot be opened: {error.strerror}.",
            hint="Choose another with --port.",
        ) from error
    return opened
