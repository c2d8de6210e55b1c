"""The service as an ASGI app, and embedded in a process that has its own event loop."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import FastAPI

from jupyter_challenge import __version__
from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service.answers import install_errors
from jupyter_challenge.service.auth import SCOPE_KEY, Identity, Place, process_owner
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.feed import Feed
from jupyter_challenge.service.guard import Guard
from jupyter_challenge.service.lane import FeedLane
from jupyter_challenge.service.leaders import Leaders
from jupyter_challenge.service.opening import (
    STARTS_WITHIN,
    open_blobs,
    open_database,
    open_datasets,
    open_registries,
    open_servers,
)
from jupyter_challenge.service.reconcile import Reconciler
from jupyter_challenge.service.routes import API, router
from jupyter_challenge.service.standings import Boards
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.tokens import Tokens
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.watch import Watcher


def create_app(service: Service | None) -> FastAPI:
    """Make the ASGI app; without a service it only describes itself."""
    app = FastAPI(
        title="Jupyter Challenge",
        version=__version__,
        description="Challenges, submissions and boards.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.include_router(router)
    install_errors(app)
    if service is not None:
        app.add_middleware(Guard, limit=service.config.max_upload)
        app.add_middleware(FeedLane, service=service, path=f"{API}/changes")
        app.openapi = openapi_document  # type: ignore[method-assign]
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of the service, with examples."""
    from jupyter_challenge.service.openapi import with_examples

    return with_examples(create_app(None).openapi())


class EmbeddedService:
    """The whole service in this process; `start()` and `stop()` are explicit.

    Under `httpx.ASGITransport` no lifespan runs, and a Jupyter server has its own event loop:
    so the loop of the service is a thread, and the app is called like a function.
    """

    def __init__(
        self,
        config: ChallengeConfig,
        engine: Engine | None = None,
        *,
        place: Place = "embedded",
        cluster: ClusterConfig | None = None,
    ) -> None:
        """Prepare; nothing is opened before `start()`.

        Args:
            config: Data folder, database, files and limits.
            engine: What runs submissions; that of the place when left out.
            place: Where this is.
            cluster: Of the cluster, for that place.
        """
        self.config = config
        self._cluster = cluster
        self.place: Place = place
        self._given = engine
        self._lock = threading.Lock()
        self._service: Service | None = None
        self._app: FastAPI | None = None
        self._reconciler: Reconciler | None = None
        self._watcher: Watcher | None = None

    @property
    def service(self) -> Service:
        """What the routes work on."""
        if self._service is None:
            raise RuntimeError("the service was not started")
        return self._service

    @property
    def reconciler(self) -> Reconciler:
        """The loop of this process."""
        if self._reconciler is None:
            raise RuntimeError("the service was not started")
        return self._reconciler

    @property
    def app(self) -> FastAPI:
        """The app in which nobody is signed in."""
        if self._app is None:
            raise RuntimeError("the service was not started")
        return self._app

    def start(self, *, runs: bool = True) -> None:
        """Open the data folder and begin to work; harmless when called twice.

        Args:
            runs: Whether this process may look after runs. Without, it only answers requests.

        Raises:
            UpgradeNeeded: The database is of another version than the program.
        """
        with self._lock:
            if self._service is not None:
                return
            root = self.config.root
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            datasets = open_datasets(self.config, self._cluster) if self._cluster else None
            patience = STARTS_WITHIN if self.place == "cluster" else 0.0
            db = open_database(self.config, self._cluster, patience=patience)
            blobs = open_blobs(self.config, self._cluster)
            engine = self._given
            if engine is None and self.place == "cluster":
                engine = _cluster_engine(self._cluster or ClusterConfig(), db, blobs)
            engine = engine or _local_engine(self.config, warm=self.config.warm and runs)
            service = Service(self.config, self.place, db, blobs, engine)
            if self._cluster is not None:
                service.submitted_images = self._cluster.submitted_images
                service.registries = open_registries(self._cluster)
                service.data_images = self._cluster.data_images
                service.datasets = datasets
                service.servers = open_servers(self._cluster)
            service.boards, service.feed, service.leaders = Boards(), Feed(db), Leaders()
            service.tokens = Tokens(db)
            reconciler = Reconciler(service)

            def wake() -> None:
                service.tokens.forget()
                service.feed.wake()
                reconciler.wake()

            db.on_commit(wake)
            watcher = Watcher(db, wake)
            self._service, self._app = service, create_app(service)
            self._reconciler, self._watcher = reconciler, watcher
            watcher.start()
            if runs:
                engine.watch(reconciler.wake)
                reconciler.start()

    def stop(self) -> None:
        """Let go of everything; runs go on, and the next service on the folder follows them."""
        with self._lock:
            if self._service is None:
                return
            service, self._service, self._app = self._service, None, None
            service.feed.stop()
            if self._watcher is not None:
                self._watcher.stop()
            if self._reconciler is not None:
                self._reconciler.stop()
            service.engine.close()
            service.blobs.close()
            service.db.close()

    def app_for(self, identity: Identity | None = None) -> Any:
        """An ASGI app in which every request is one identity's.

        Args:
            identity: The owner of this process when left out.
        """
        app, who = self.app, identity or process_owner()

        async def signed_in(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await app({**scope, SCOPE_KEY: who}, receive, send)

        return signed_in


def _cluster_engine(cluster: ClusterConfig, db: Database, blobs: Blobs) -> Engine:
    from jupyter_challenge.engines.kfp import KfpEngine
    from jupyter_challenge.engines.kubernetes import KubernetesEngine
    from jupyter_challenge.service.conducted import Remembered
    from jupyter_challenge.service.sealed import Sealed

    settings, sealed = cluster.settings(cluster.gateway_address), Sealed(db, blobs)
    options: dict[str, Any] = {
        "kubeconfig": cluster.kubeconfig,
        "patience": cluster.patience_seconds,
        "image_patience": cluster.image_patience_seconds,
    }
    if cluster.kfp is not None:
        return KfpEngine(settings, sealed, kfp=cluster.kfp, memory=Remembered(db), **options)
    return KubernetesEngine(settings, sealed, **options)


def _local_engine(config: ChallengeConfig, *, warm: bool) -> Engine:
    from jupyter_challenge.engines.local import LocalEngine

    return LocalEngine(config.runs_dir, warm=warm)
