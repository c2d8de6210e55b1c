"""A Kubeflow Pipelines server as the tests of what is relied on see it, and who asks it."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jupyter_challenge.engines.kfp_api import KfpApi
from tests.cluster.kfp_pipelines import pipeline
from tests.cluster.kfp_place import PIPELINES
from tests.cluster.kubectl import Cluster

API = "/apis/v2beta1"
LIMIT = 240.0


@dataclass(frozen=True)
class Server:
    """The server that is asked."""

    http: httpx.Client
    token_file: Path
    namespace: str
    account: str
    image: str

    @property
    def endpoint(self) -> str:
        return str(self.http.base_url).rstrip("/")

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    def api(self, namespace: str = "", token_file: Path | None = None) -> KfpApi:
        return KfpApi(
            self.endpoint, namespace or self.namespace, str(token_file or self.token_file)
        )

    def ask(self, path: str, **query: Any) -> Any:
        said = self.http.get(API + path, params=query)
        said.raise_for_status()
        return said.json()

    def run(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"/runs/{run}")
        return found

    def until(self, run: str, true: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """What was said of a run, until something is true of it; the last is that."""
        seen, end = [self.run(run)], time.monotonic() + LIMIT
        while not true(seen[-1]):
            assert time.monotonic() < end, seen[-1]
            time.sleep(0.3)
            seen.append(self.run(run))
        return seen


def connected(endpoint: str, token_file: Path) -> Iterator[Server]:
    """A server, asked with a token."""
    headers = {"Authorization": f"Bearer {token_file.read_text().strip()}"}
    with httpx.Client(
        base_url=endpoint.rstrip("/"), headers=headers, trust_env=False, timeout=60
    ) as http:
        yield Server(
            http,
            token_file,
            os.environ.get("KFP_NAMESPACE", PIPELINES),
            os.environ.get("KFP_ACCOUNT", "challenge-step"),
            os.environ.get("KFP_IMAGE", "jupyter-challenge/steps:test"),
        )


def let_in(cluster: Cluster) -> None:
    """Have an account `contract` that may what the service may, and what people may beside it."""
    subject = {"kind": "ServiceAccount", "name": "contract", "namespace": PIPELINES}
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "contract", "namespace": PIPELINES},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "contract", "namespace": PIPELINES},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": "challenge-service",
            },
            "subjects": [subject],
        },
        # What the service itself may not, but people who use that server may.
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "retry", "namespace": PIPELINES},
            "rules": [
                {"apiGroups": ["pipelines.kubeflow.org"], "resources": ["runs"], "verbs": ["retry"]}
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "retry", "namespace": PIPELINES},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": "retry",
            },
            "subjects": [subject],
        },
    )


def began(server: Server, experiment: str, name: str, **options: Any) -> str:
    """Have a pipeline run, and say which run it is."""
    account = options.pop("account", server.account)
    called = options.pop("called", f"contract-{uuid.uuid4().hex[:8]}")
    image = options.pop("image", server.image)
    given = {"n": options.pop("n", 3)}
    spec = pipeline(name, image, **options)
    return server.api().create(called, experiment, spec, given, account)


def over(said: dict[str, Any]) -> bool:
    return said.get("state") in {"SUCCEEDED", "FAILED", "CANCELED"}


def running(said: dict[str, Any]) -> bool:
    return said.get("state") == "RUNNING"


def settled(said: dict[str, Any]) -> bool:
    """Whether a run is over and its tasks too: a server may say the first a moment before."""
    return over(said) and "RUNNING" not in executors(said)


def executors(said: dict[str, Any]) -> set[str]:
    """How the tasks' own pods ended: of those that were answered from the cache there is none."""
    tasks = said["run_details"]["task_details"]
    return {task["state"] for task in tasks if task.get("display_name") == "executor"}


def listed(server: Server, *predicates: dict[str, Any]) -> list[str]:
    """The runs of which all of it is true."""
    said = server.ask(
        "/runs",
        namespace=server.namespace,
        filter=json.dumps({"predicates": predicates}),
        sort_by="created_at asc",
    )
    return [run["run_id"] for run in said.get("runs") or []]


def told(said: dict[str, Any]) -> str:
    """All that is said of a run but the pipeline that it was given."""
    return json.dumps({name: each for name, each in said.items() if name != "pipeline_spec"})
