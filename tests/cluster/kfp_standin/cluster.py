"""What the stand-in asks of Kubernetes: who sends a token, may they, and a pod per run."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from .records import Refused, Run

AUDIENCE = "pipelines.kubeflow.org"
RUN_LABEL = "pipeline/runid"
RUNNER = Path(__file__).with_name("runner.py").read_text(encoding="utf-8")

Object = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who sends a request, as its headers say."""

    authorization: str
    user: str


class Cluster:
    """One API server, reached as the stand-in's own account."""

    def __init__(self, kubeconfig: str = "") -> None:
        settings = client.Configuration()
        if kubeconfig:
            config.load_kube_config(kubeconfig, client_configuration=settings)
        else:
            config.load_incluster_config(client_configuration=settings)
        self._client = client.ApiClient(settings)

    def allow(self, who: Caller, verb: str, resource: str, namespace: str) -> None:
        """Let a request pass; the header that names a user is believed, and wins over the token.

        Raises:
            Refused: The token is none of ours (401), or its owner may not (403).
        """
        scheme, _, token = who.authorization.partition(" ")
        user = who.user
        if not user and scheme.lower() == "bearer" and token:
            user = self._user(token)
        if not user:
            raise Refused(401, 16, "Unauthenticated: Request header error: no valid token")
        attributes = {
            "group": "pipelines.kubeflow.org",
            "version": "v1beta1",
            "resource": resource,
            "verb": verb,
            "namespace": namespace,
        }
        # Groups are not asked about there either.
        spec = {"user": user, "resourceAttributes": attributes}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        status = self._ask("POST", path, {"spec": spec}).get("status") or {}
        if not status.get("allowed"):
            said = f"PermissionDenied: User '{user}' is not authorized to {verb} {resource}"
            raise Refused(403, 7, said)

    def begin(self, run: Run) -> None:
        """Make the pod of a run; it has the run's account and the image of its first step.

        Raises:
            ApiException: The API server does not want it, such as for want of the account.
        """
        executors = run.pipeline["deploymentSpec"]["executors"].values()
        image = next(iter(executors))["container"]["image"]
        arguments = [json.dumps(run.pipeline), json.dumps(run.parameters)]
        main = {
            "name": "main",
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", RUNNER, *arguments],
            "env": [
                {"name": "HOME", "value": "/tmp"},
                {"name": "STANDIN_PACE", "value": os.environ.get("STANDIN_PACE", "")},
                {"name": "STANDIN_CREATED", "value": str(run.created_at.timestamp())},
                {"name": "STANDIN_DONE", "value": " ".join(run.done)},
            ],
            "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
        spec = {
            "restartPolicy": "Never",
            "serviceAccountName": run.account,
            "containers": [main],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        }
        meta = {"name": self.pod_of(run), "labels": {RUN_LABEL: run.id}}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        self._ask("POST", self._pods(run), manifest)

    def look(self, run: Run) -> Object | None:
        """The pod of a run; None when it is gone."""
        try:
            return self._ask("GET", f"{self._pods(run)}/{self.pod_of(run)}")
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def tasks(self, run: Run) -> dict[str, str]:
        """The states of a run's tasks, as its pod told them."""
        found: dict[str, str] = {}
        for line in self.printed(run).splitlines():
            if line.startswith('{"task": '):
                said = json.loads(line)
                found[said["task"]] = said["state"]
        return found

    def printed(self, run: Run) -> str:
        """What a run's pod printed; nothing when there is none."""
        path = f"{self._pods(run)}/{self.pod_of(run)}/log"
        try:
            return self._read("GET", path, query=[("container", "main")]).decode(errors="replace")
        except ApiException:
            return ""

    def end(self, run: Run) -> None:
        """Remove the pod of a run."""
        try:
            body = {"gracePeriodSeconds": 1}
            self._ask("DELETE", f"{self._pods(run)}/{self.pod_of(run)}", body)
        except ApiException as error:
            if error.status != 404:
                raise

    @staticmethod
    def pod_of(run: Run) -> str:
        again = f"-{run.tries}" if run.tries else ""
        return f"{run.workflow}-{run.id[-10:]}{again}"

    @staticmethod
    def _pods(run: Run) -> str:
        return f"/api/v1/namespaces/{quote(run.experiment.namespace)}/pods"

    def _user(self, token: str) -> str:
        spec = {"token": token, "audiences": [AUDIENCE]}
        path = "/apis/authentication.k8s.io/v1/tokenreviews"
        status = self._ask("POST", path, {"spec": spec}).get("status") or {}
        if not status.get("authenticated"):
            return ""
        return str(status["user"]["username"])

    def _ask(self, method: str, path: str, body: Object | None = None) -> Object:
        found: Object = json.loads(self._read(method, path, body))
        return found

    def _read(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: list[tuple[str, str]] | None = None,
    ) -> bytes:
        answer = self._client.call_api(
            path,
            method,
            query_params=query or [],
            header_params={"Accept": "*/*", "Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=20,
        )
        return bytes(answer.data)
