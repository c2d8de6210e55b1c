"""The gateway: all that pods of runs can reach, and all that they can ask for is their own run's.

A program of its own, so that nothing of the service is in reach of a run.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from jupyter_challenge import __version__
from jupyter_challenge.core.errors import TooLarge
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import Receipt, most_kept
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.kfp_api import KfpSettings
from jupyter_challenge.service import conducted, handing_out, taking_in
from jupyter_challenge.service import status_port as checks
from jupyter_challenge.service.answers import install_errors
from jupyter_challenge.service.asking_pods import Asking, Gateway, asking
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.observing import ids
from jupyter_challenge.service.opening import (
    STARTS_WITHIN,
    open_blobs,
    open_database,
    open_datasets,
    open_socket,
)
from jupyter_challenge.service.serving import serve_app
from jupyter_challenge.service.status_port import StatusPort

log = logging.getLogger("jupyter_challenge")

Authorization = Annotated[str | None, Header()]


def create_gateway(gateway: Gateway, kfp: KfpSettings | None = None) -> FastAPI:
    """Make the gateway's ASGI app.

    Args:
        gateway: What it works on.
        kfp: Where steps of Kubeflow Pipelines ask from, where there are any.
    """
    app = FastAPI(
        title="Jupyter Challenge gateway",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install_errors(app)

    def a_run(request: Request, authorization: Authorization = None) -> Asking:
        return _noted(request, asking(gateway, authorization, "run", _sender(request)))

    def an_evaluation(request: Request, authorization: Authorization = None) -> Asking:
        return _noted(request, asking(gateway, authorization, "evaluate", _sender(request)))

    run, evaluation = Depends(a_run), Depends(an_evaluation)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/run/spec")
    def run_spec(asking: Asking = run) -> Response:
        return _json(handing_out.spec(asking).without_evaluation().model_dump_json())

    @app.get("/run/bundle")
    def run_bundle(asking: Asking = run) -> Response:
        return _streamed(handing_out.bundle(gateway, asking))

    @app.get("/run/inputs")
    def run_inputs(asking: Asking = run) -> Response:
        return _streamed(handing_out.inputs(gateway, asking))

    @app.get("/run/state")
    def run_state(asking: Asking = run) -> Response:
        return _streamed(handing_out.kept(gateway, asking))

    @app.post("/run/state")
    async def keep_state(request: Request, asking: Asking = run) -> Response:
        spec = await run_in_threadpool(handing_out.spec, asking)
        async with _received(request, most_kept(spec.limits)) as file:
            await run_in_threadpool(taking_in.keep_state, gateway, asking, file)
        return Response(status_code=204)

    @app.post("/run/output")
    async def run_output(request: Request, asking: Asking = run) -> Response:
        return _json((await _taken(gateway, asking, request)).model_dump_json())

    @app.get("/evaluate/spec")
    def evaluate_spec(asking: Asking = evaluation) -> Response:
        return _json(handing_out.spec(asking).model_dump_json())

    @app.get("/evaluate/predictions")
    def evaluate_predictions(asking: Asking = evaluation) -> Response:
        return _streamed(handing_out.predictions(gateway, asking))

    @app.get("/evaluate/labels")
    def evaluate_labels(asking: Asking = evaluation) -> Response:
        return _streamed(handing_out.labels(gateway, asking))

    @app.post("/evaluate/result")
    async def evaluate_result(request: Request, asking: Asking = evaluation) -> Response:
        return _json((await _taken(gateway, asking, request)).model_dump_json())

    @app.post("/step/{step}")
    def step(request: Request, step: StepName, authorization: Authorization = None) -> Response:
        sender = _sender(request)
        return _json(conducted.follow(gateway, kfp, authorization, step, sender).model_dump_json())

    return app


@asynccontextmanager
async def _received(request: Request, limit: int) -> AsyncIterator[Any]:
    """Keep a request's body in a file, never more of it than is allowed."""
    with taking_in.spooled() as file:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                raise TooLarge(f"What was sent is larger than {limit:,} bytes.", limit=limit)
            await run_in_threadpool(file.write, piece)
        file.seek(0)
        yield file


async def _taken(gateway: Gateway, asking: Asking, request: Request) -> Receipt:
    spec = await run_in_threadpool(handing_out.spec, asking)
    limit = taking_in.most(taking_in.caps(asking, spec).values())
    async with _received(request, limit) as file:
        return await run_in_threadpool(taking_in.take_in, gateway, asking, spec, file)


def _sender(request: Request) -> str:
    """The address that a request came from: in a cluster that is a pod's."""
    return request.client.host if request.client is not None else ""


def _noted(request: Request, asking: Asking) -> Asking:
    """Write to the log what a pod asks for."""
    about = {**ids(asking.submission, asking.run), "namespace": asking.namespace, "pod": asking.uid}
    log.info("%s %s", request.method, request.url.path, extra=about)
    request.state.concerned = about  # should an error follow
    return asking


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _streamed(stream: handing_out.Stream) -> Response:
    length, pieces = stream
    return StreamingResponse(
        pieces,
        media_type="application/octet-stream",
        headers={"content-length": str(length), "x-content-type-options": "nosniff"},
    )


def serve_gateway(
    config: ChallengeConfig,
    cluster: ClusterConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 8791,
    say: Callable[[str], None] = print,
    drain: float = 0.0,
    status_port: int | None = None,
) -> None:
    """Serve the pods of runs until the process is told to end.

    Args:
        config: Where database and files are.
        cluster: Where runs are.
        host: Address to listen on.
        port: 0 chooses a free one.
        say: Told where it is served, once it is.
        drain: Seconds that requests are still taken after the process was told to end.
        status_port: Where probes and metrics are answered; 0 chooses a free port.

    Raises:
        Unavailable: The port is taken.
    """
    opened: socket.socket = open_socket(host, port, anywhere=True)
    db = open_database(config, cluster, patience=STARTS_WITHIN)
    blobs = open_blobs(config, cluster)
    status: StatusPort | None = None
    try:
        api = ClusterApi(cluster.kubeconfig)
        gateway = Gateway(db, blobs, api, cluster.settings(""), open_datasets(config, cluster))
        say(f"The gateway listens at port {opened.getsockname()[1]}.")
        app: Any = create_gateway(gateway, cluster.kfp)
        if status_port is not None:
            from jupyter_challenge.service.gateway_metrics import Counted

            app = Counted(app)
            status = StatusPort(
                host,
                status_port,
                live={"server": checks.answers(opened.getsockname()[1], "/health")},
                ready={
                    "database": checks.database(db),
                    "store": checks.store(blobs),
                    "cluster": api.reachable,
                },
                metrics=app.text,
            )
            say(f"Probes and metrics are at port {status.port}.")
        ending = status.drain if status is not None else None
        serve_app(app, opened, drain=drain, graceful=30, ending=ending)
    finally:
        if status is not None:
            status.close()
        blobs.close()
        db.close()
        opened.close()
