"""A service, its gateway, and pods that ask it."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from jupyter_challenge.core.run import PodReport, ReceiptKind, RunSpec
from jupyter_challenge.core.tarball import Packed, pack
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.service.asking_pods import Gateway
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.gateway import create_gateway
from jupyter_challenge.service.versions import run_spec
from jupyter_challenge.store import challenges, runs, submissions
from tests.service.world import World
from tests.small_api_server import SmallApiServer


def tar(**files: bytes) -> bytes:
    """What a pod sends: keys are names with `_` for `.`."""
    packed = [
        Packed(name.replace("_", "."), len(data), lambda data=data: [data])  # type: ignore[misc]
        for name, data in files.items()
    ]
    return b"".join(pack(packed)[1])


def report(**said: Any) -> bytes:
    return PodReport(**{"ended": True, **said}).model_dump_json().encode()


class GatewayWorld:
    """A world with a gateway beside its service; its runs stay where the tests leave them."""

    def __init__(self, world: World, api: SmallApiServer, folder: Path) -> None:
        self.world = world
        self.api = api
        service = world.embedded.service
        self.settings = replace(
            ClusterConfig().settings("10.0.0.1"), steps_image="steps:1", notebook_image="notebook:1"
        )
        self.gateway = Gateway(
            service.db, service.blobs, ClusterApi(api.kubeconfig(folder / "kube")), self.settings
        )
        self.app = create_gateway(self.gateway)

    def submitted(self, user: str = "ana", **options: Any) -> RunSpec:
        """Submit, and return what the run is given."""
        made = self.world.user(user).submit(**{"public": 1, **options})
        return self.spec(made["id"])

    def spec(self, submission_id: str) -> RunSpec:
        service = self.world.embedded.service
        with service.db.read() as session:
            submission = submissions.get(session, submission_id)
            assert submission is not None
            version = challenges.version(session, submission.version)
            run = runs.latest(session, [submission_id])[submission_id]
        assert version is not None
        return run_spec(service, version, submission, run)

    def token(self, spec: RunSpec, kind: ReceiptKind = "run", **changes: Any) -> str:
        """The token of a pod of a run; `changes` make it one that should be refused."""
        namespace = self.settings.evaluation_namespace
        if kind == "run":
            namespace = self.settings.run_namespace(spec.challenge_id)
        marked = {**jobs.labels(Order.of(spec), kind), **changes.get("labels", {})}
        pod = self.api.add_pod(changes.get("namespace", namespace), marked)
        return self.api.add_token(
            pod, changes.get("account", kind), changes.get("audience", self.settings.audience(kind))
        )

    @contextmanager
    def served(self) -> Iterator[str]:
        """The gateway on a real port of loopback."""
        opened = socket.socket()
        opened.bind(("127.0.0.1", 0))
        config = uvicorn.Config(self.app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            opened.close()


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def members(data: bytes) -> dict[str, bytes]:
    """The files of a tar."""
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {}
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found


def posted(http: httpx.Client, path: str, token: str, body: bytes) -> httpx.Response:
    return http.post(path, content=body, headers=headers(token))
