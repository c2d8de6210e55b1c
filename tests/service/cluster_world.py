"""A service with its gateway on a small cluster, whoever conducts its runs."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn

from jupyter_challenge.engines.kubernetes import KubernetesEngine
from jupyter_challenge.service.asking_pods import Gateway
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.gateway import create_gateway
from tests.bundles import bundle_of
from tests.service.world import User, World
from tests.small_api_server import SmallApiServer
from tests.small_kubelet import SmallKubelet
from tests.tiny import write_notebook

PATIENCE = 280
PREDICTIONS = b"id,label\n" + b"".join(b"%d,odd\n" % n for n in range(1, 11))


class Cluster:
    """A service with its gateway on a small cluster."""

    def __init__(self, folder: Path, api: SmallApiServer, db_url: str, **settings: Any) -> None:
        self.folder = folder
        self.api = api
        self.kubelet = SmallKubelet(api)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.config = ClusterConfig(
            kubeconfig=api.kubeconfig(folder / "kube"),
            gateway_url=f"http://127.0.0.1:{self._socket.getsockname()[1]}",
            **{"patience_seconds": 1, **settings},
        )
        self.world = World(folder, place="cluster", cluster=self.config, db_url=db_url, runs=False)
        service = self.world.embedded.service
        assert isinstance(service.engine, KubernetesEngine)
        gateway = Gateway(service.db, service.blobs, service.engine.api, self.config.settings(""))
        options = uvicorn.Config(
            create_gateway(gateway, self.config.kfp), log_level="warning", lifespan="off", ws="none"
        )
        self._server = uvicorn.Server(options)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()
        self.world.publish(phases=[{"id": "main", "ranked": True}], limits={"time": "10 min"})
        self.ana = self.world.user("ana")
        self.ana.enter()

    def notebook(self, *cells: str) -> dict[str, Any]:
        path = write_notebook(self.folder / "model.ipynb", *cells)
        bundle = bundle_of("model.ipynb", {"model.ipynb": path.read_bytes()}).data
        return {"bundle": bundle, "request": {"kind": "notebook", "entry": "model.ipynb"}}

    def predictions(self, content: bytes = PREDICTIONS) -> dict[str, Any]:
        bundle = bundle_of("p.csv", {"p.csv": content}).data
        return {"bundle": bundle, "request": {"kind": "predictions", "entry": "p.csv"}}

    def ended(self, submission: str, user: User | None = None) -> Any:
        whose = user or self.ana
        self.world.until(
            lambda: whose.show(submission)["state"] in {"scored", "failed", "cancelled"}, PATIENCE
        )
        return whose.show(submission)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.world.close()
        self.kubelet.close()
