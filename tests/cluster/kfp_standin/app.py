"""The stand-in's routes: the part of the v2beta1 API that this project calls, and the log route."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from . import answers
from .cluster import Caller, Cluster
from .conductor import Conductor
from .records import Records, Refused, Run

API = "/apis/v2beta1"
MOST = 200
DEFAULT_SIZE = 20
Sent = Annotated[dict[str, Any], Body()]


def caller(request: Request) -> Caller:
    said = request.headers
    return Caller(said.get("authorization", ""), said.get("kubeflow-userid", ""))


Who = Annotated[Caller, Depends(caller)]


def create_app(cluster: Cluster, state: Path | None = None) -> FastAPI:
    app = FastAPI(title="Stand-in for Kubeflow Pipelines", docs_url=None, redoc_url=None)
    records = Records(state)
    conductor = Conductor(records, cluster)
    conductor.resume()

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> JSONResponse:
        return JSONResponse(answers.refusal(error.code, str(error)), error.status)

    @app.get(f"{API}/healthz")
    def health() -> dict[str, Any]:
        return {"multi_user": True}

    @app.post(f"{API}/experiments")
    def create_experiment(sent: Sent, who: Who) -> dict[str, Any]:
        namespace = _said(sent, "namespace")
        cluster.allow(who, "create", "experiments", namespace)
        return answers.experiment(records.add_experiment(_said(sent, "display_name"), namespace))

    @app.get(f"{API}/experiments")
    def list_experiments(who: Who, namespace: str = "", filter: str = "") -> dict[str, Any]:
        cluster.allow(who, "list", "experiments", _named(namespace))
        found = records.found_experiments(namespace, filter)
        said = {"experiments": [answers.experiment(each) for each in found]}
        return {**said, "total_size": len(found)} if found else {}

    @app.get(f"{API}/experiments/{{id}}")
    def get_experiment(id: str, who: Who) -> dict[str, Any]:
        found = records.experiment(id)
        cluster.allow(who, "get", "experiments", found.namespace)
        return answers.experiment(found)

    @app.post(f"{API}/runs")
    def create_run(sent: Sent, who: Who) -> dict[str, Any]:
        experiment = records.experiment(_said(sent, "experiment_id"))
        cluster.allow(who, "create", "runs", experiment.namespace)
        run = Run(
            name=_said(sent, "display_name"),
            experiment=experiment,
            pipeline=sent["pipeline_spec"],
            parameters=(sent.get("runtime_config") or {}).get("parameters") or {},
            account=sent.get("service_account") or "default-editor",
        )
        conductor.begin(run)
        return answers.run(run)

    @app.get(f"{API}/runs")
    def list_runs(
        who: Who,
        namespace: str = "",
        filter: str = "",
        page_size: int = DEFAULT_SIZE,
        page_token: str = "",
        sort_by: str = "created_at asc",
    ) -> dict[str, Any]:
        cluster.allow(who, "list", "runs", _named(namespace))
        if page_token and filter:  # also the very one that the first page was asked for with
            raise Refused(400, 3, "page token does not match the supplied filtering criteria")
        at, size = 0, min(page_size, MOST)
        if page_token:
            at, sort_by, filter = json.loads(page_token)
        found = records.found_runs(namespace, filter, newest_first=sort_by.endswith(" desc"))
        more = json.dumps([at + size, sort_by, filter]) if at + size < len(found) else ""
        with records.lock:
            return answers.listed(found[at : at + size], len(found), more)

    @app.get(f"{API}/runs/{{id}}")
    def get_run(id: str, who: Who) -> dict[str, Any]:
        found = records.run(id)
        cluster.allow(who, "get", "runs", found.experiment.namespace)
        with records.lock:
            return answers.run(found)

    @app.post(f"{API}/runs/{{id}}:terminate")
    def terminate_run(id: str, who: Who) -> dict[str, Any]:
        found = records.run(id)
        cluster.allow(who, "terminate", "runs", found.experiment.namespace)
        with records.lock:
            if found.over:
                raise Refused(400, 9, f"Failed to terminate run {id}: it is {found.state}")
            found.terminating = True
            records.save()
        return {}

    @app.post(f"{API}/runs/{{id}}:retry")
    def retry_run(id: str, who: Who) -> dict[str, Any]:
        found = records.run(id)
        cluster.allow(who, "retry", "runs", found.experiment.namespace)
        with records.lock:
            if found.state != "FAILED":
                raise Refused(400, 9, f"Failed to retry run {id}: it is {found.state}")
            found.tries, found.terminating, found.finished_at = found.tries + 1, False, None
            found.becomes("RUNNING")
        conductor.again(found)
        return {}

    @app.get("/apis/v1alpha1/tasks")
    def tasks() -> dict[str, Any]:
        """Nobody is asked who they are; there is none here."""
        return {}

    @app.get("/apis/v1alpha1/runs/{id}/nodes/{node}/log")
    def log(id: str, node: str) -> PlainTextResponse:
        """What a run printed: whoever asks gets it, and always 200."""
        found = records.runs.get(id)
        return PlainTextResponse(cluster.printed(found) if found is not None else "")

    return app


def _said(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, 3, f"Invalid input error: {name} is missing")
    return value


def _named(namespace: str) -> str:
    if not namespace:
        raise Refused(400, 3, "Invalid input error: a multi-user server wants a namespace")
    return namespace
