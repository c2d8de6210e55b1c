"""`jupyter challenge doctor --cluster`, as an admin calls it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.cluster.kubectl import Cluster
from tests.cluster.platform import NAMESPACE, forwarded

BUCKET = "challenge"
DOCTOR = (sys.executable, "-m", "jupyter_challenge.cli", "doctor", "--cluster", "--json")


def called(cluster: Cluster, *options: str, settings: Path | None = None) -> subprocess.Popen[str]:
    """Begin it; `settings` is a folder with a configuration file."""
    more = {} if settings is None else {"JUPYTER_CONFIG_PATH": str(settings)}
    return subprocess.Popen(
        [
            *DOCTOR,
            *("--kubeconfig", str(cluster.kubeconfig)),
            *("--steps-image", "jupyter-challenge/steps:test"),
            *("--notebook-image", "jupyter-challenge/notebook:test"),
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )


def examined(
    cluster: Cluster, *options: str, settings: Path | None = None
) -> tuple[int, dict[str, Any]]:
    """Its exit code, and the walls by group and name, such as `runs: no_names`."""
    with called(cluster, *options, settings=settings) as process:
        printed, said = process.communicate(timeout=800)
    assert printed, said
    return process.returncode, {f"{each['group']}: {each['name']}": each
                                for each in json.loads(printed)}  # fmt: skip


@contextlib.contextmanager
def store(cluster: Cluster) -> Iterator[Any]:
    """A client of the platform's object store, with its keys."""
    with forwarded(cluster, "minio", 9000) as url:
        yield boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="challenge",
            aws_secret_access_key="runs-must-never-hold-this", config=Config(proxies={}),
        )  # fmt: skip


def stored(client: Any) -> set[str]:
    """The keys of all objects of the service."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def left_behind(cluster: Cluster) -> list[str]:
    """What of an examination is still there, but for what is just being removed."""
    found = [
        *cluster.list("namespaces"),
        *(each for kind in ("jobs", "secrets", "pods")
          for each in cluster.list(kind, "-n", NAMESPACE)),
    ]  # fmt: skip
    return [
        each["metadata"]["name"]
        for each in found
        if each["metadata"]["name"].startswith("challenge-doctor-")
        and "deletionTimestamp" not in each["metadata"]
    ]
