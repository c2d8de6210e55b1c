"""What `doctor --cluster` plants: a pod of the platform's keeps it, and takes it back.

It is a gateway with a world of its own: one challenge, two teams and their runs, in a database that
goes with the pod. Its labels and what was handed in lie in the installation's own store, by the
service's own code. So pods of the doctor's can ask it as runs ask the gateway, and nothing of the
installation's database is touched. When the process is told to end, what it stored is removed.
"""

from __future__ import annotations

import io
import json
import signal
import socket
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from jupyter_challenge.core.canary import LABELS, OTHERS, OWN, fresh, word
from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.models import SubmissionState
from jupyter_challenge.core.run import Stored
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.probes import ANOTHER, ASKED, MARK
from jupyter_challenge.service import drafts
from jupyter_challenge.service.asking_pods import Gateway
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.gateway import create_gateway
from jupyter_challenge.service.opening import open_blobs, open_socket
from jupyter_challenge.service.serving import serve_app
from jupyter_challenge.store import challenges, receipts, runs, schema
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database, sqlite_url
from jupyter_challenge.store.orm import SubmissionRow, TeamRow, VersionRow, utc_now

PHASE = "main"


class PlantedBlobs:
    """Keeps contents in the store, and remembers which of them were not there before."""

    def __init__(self, blobs: Blobs) -> None:
        """Plant in a store."""
        self._blobs = blobs
        self._planted: list[str] = []

    def put_file(self, path: Path) -> tuple[str, int]:
        """Plant a file."""
        return self._put(path.read_bytes())

    def put_bytes(self, content: bytes) -> str:
        """Plant a few bytes."""
        return self._put(content)[0]

    def _put(self, content: bytes) -> tuple[str, int]:
        digest = drafts.Measured().put_bytes(content)
        if self._blobs.size(digest) is None:
            self._planted.append(digest)  # before it is there: it may be cut short
        return self._blobs.put(io.BytesIO(content))

    def take_back(self) -> None:
        """Remove what was planted."""
        for digest in self._planted:
            self._blobs.remove(digest)


def keep(
    config: ChallengeConfig,
    cluster: ClusterConfig,
    secret: str,
    *,
    runs_in: str,
    evaluations_in: str,
    host: str = "0.0.0.0",
    say: Callable[[str], None] = print,
) -> None:
    """Plant, answer the doctor's pods until the process is told to end, and take it back.

    Args:
        config: Where files are.
        cluster: Where runs are, and how the store is reached.
        secret: The word among the platform's credentials, from which the others are made.
        runs_in: The namespace of the doctor's pods that stand for runs.
        evaluations_in: The namespace of those that stand for evaluations.
        host: Address to listen on.
        say: Told once what the doctor has to know.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    opened = open_socket(host, cluster.gateway_port, anywhere=True)
    with opened, planted(config, cluster, secret, runs_in, evaluations_in) as (gateway, told):
        say(MARK + json.dumps(told))
        serve_app(create_gateway(gateway), opened)


@contextmanager
def planted(
    config: ChallengeConfig,
    cluster: ClusterConfig,
    secret: str,
    runs_in: str,
    evaluations_in: str,
) -> Iterator[tuple[Gateway, dict[str, Any]]]:
    """The gateway of a planted world for the time of a block, and what is to be told of it."""
    blobs = open_blobs(config, cluster)
    planting = PlantedBlobs(blobs)
    with tempfile.TemporaryDirectory(prefix="challenge-doctor-") as folder:
        db = Database(sqlite_url(Path(folder, "world.db")))
        try:
            schema.prepare(db)
            version = _world(db, planting, Path(folder, "challenge"), secret, runs_in)
            settings = replace(
                cluster.settings(""), run_namespace_prefix="", evaluation_namespace=evaluations_in
            )
            gateway = Gateway(db, blobs, ClusterApi(cluster.kubeconfig), settings)
            places = version.layout["places"]
            labels = str(places[version.layout["labels"]])
            yield gateway, {**_store(config, cluster), "open": blobs.without_keys(labels)}
        finally:
            _undisturbed()
            planting.take_back()
            db.close()
            blobs.close()


def _undisturbed() -> None:
    """Whoever tells the process to end again, while it cleans up, is not heard."""
    import threading

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _world(
    db: Database, planting: PlantedBlobs, folder: Path, secret: str, challenge_id: str
) -> VersionRow:
    """A challenge, a run of the doctor's in it, and what another team handed in."""
    root = _challenge(folder, secret, challenge_id)
    version = drafts.of_folder(planting, "doctor", load_challenge(root), root)
    own, others = word(secret, OWN), word(secret, OTHERS)
    with db.write() as session:
        challenges.publish(session, version, "doctor")
        session.flush()
        for id, said, state in (
            (ASKED, own, SubmissionState.RUNNING),
            (ANOTHER, others, SubmissionState.SCORED),
        ):
            session.add(
                TeamRow(id=id, challenge_id=version.challenge_id, name=id, created_at=utc_now())
            )
            session.flush()
            session.add(_submission(id, version, planting.put_bytes(_bundle(said)), state))
            session.flush()
            run = runs.add(session, id, 1, utc_now())
            run.id = id
            if state is SubmissionState.SCORED:
                run.ended_at, run.cleared = utc_now(), True
    for id, said in ((ASKED, own), (ANOTHER, others)):
        files = {}
        for name in ("predictions", "run.log"):
            content = f"{name}\n{said}\n".encode()
            files[name] = Stored(digest=planting.put_bytes(content), size=len(content))
        receipts.seal(db, id, 1, "run", namespace=challenge_id, pod_uid=id, files=files)
    return version


def _challenge(folder: Path, secret: str, challenge_id: str) -> Path:
    """The folder of a challenge in which no file is like one of another's."""
    folder.mkdir()
    described = {
        "id": challenge_id,
        "title": "What the doctor planted",
        "data": {"train": "train.csv", "test": "test.csv", "labels": "labels.csv"},
        "metrics": [{"name": "accuracy", "ranked": True}],
        "phases": [{"id": PHASE}],
        "limits": {"time": "1 min"},
    }
    (folder / "challenge.yaml").write_text(f"# {fresh()}\n{yaml.safe_dump(described)}")
    (folder / "README.md").write_text(f"{fresh()}\n")
    (folder / "train.csv").write_text(f"id,x,prediction\n1,{word(secret, OWN)} train,1\n")
    (folder / "test.csv").write_text(f"id,x\n2,{word(secret, OWN)}\n")
    (folder / "labels.csv").write_text(f"id,prediction\n2,{word(secret, LABELS)}\n")
    return folder


def _bundle(said: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("model.ipynb", said)
    return target.getvalue()


def _submission(id: str, version: VersionRow, bundle: str, state: SubmissionState) -> SubmissionRow:
    return SubmissionRow(
        id=id, challenge_id=version.challenge_id, team_id=id, user=id, version=version.digest,
        phase=PHASE, number=1, is_try=False, kind=SubmissionKind.NOTEBOOK.value,
        entry="model.ipynb", bundle=bundle, files=[], parameters={}, environment={}, note="",
        state=state.value, created_at=utc_now(),
    )  # fmt: skip


def _store(config: ChallengeConfig, cluster: ClusterConfig) -> dict[str, str]:
    """Where the store is, as far as anybody could guess it: its address and its bucket."""
    if not config.blob_url.startswith("s3://"):
        return {"store": "", "url": ""}
    url = cluster.s3_endpoint or f"https://s3.{cluster.s3_region}.amazonaws.com"
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        # Pods of runs have no resolver: they are told what the name stands for.
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        address = str(found[0][4][0])
    except OSError:
        return {"store": "", "url": ""}
    host = f"[{address}]" if ":" in address else address
    bucket = urlsplit(config.blob_url).netloc
    return {"store": f"{host}:{port}", "url": f"{parts.scheme}://{host}:{port}/{bucket}"}
