"""The few things that are asked of a Kubernetes API server, as plain values.

The client library is imported when the first call is made: it is heavy, and only a service on a
cluster needs it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote

from jupyter_challenge.core.errors import Unavailable

GROUPS = {
    "clusterqueues": "/apis/kueue.x-k8s.io/v1beta2",
    "cohorts": "/apis/kueue.x-k8s.io/v1beta2",
    "configmaps": "/api/v1",
    "deployments": "/apis/apps/v1",
    "events": "/api/v1",
    "jobs": "/apis/batch/v1",
    "localqueues": "/apis/kueue.x-k8s.io/v1beta2",
    "namespaces": "/api/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "nodes": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
    "pods": "/api/v1",
    "resourceflavors": "/apis/kueue.x-k8s.io/v1beta2",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
    "services": "/api/v1",
    "subjectaccessreviews": "/apis/authorization.k8s.io/v1",
    "tokenreviews": "/apis/authentication.k8s.io/v1",
    "workloadpriorityclasses": "/apis/kueue.x-k8s.io/v1beta2",
    "workloads": "/apis/kueue.x-k8s.io/v1beta2",
}
PENDING = "/apis/visibility.kueue.x-k8s.io/v1beta2/clusterqueues/{}/pendingworkloads"
MOST_PENDING = 10_000
TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""

WATCH_SECONDS = 60
"""After so long the API server ends a watch, which then goes on where it ended."""

POD_NAME = "authentication.kubernetes.io/pod-name"
POD_UID = "authentication.kubernetes.io/pod-uid"
_ACCOUNT = "system:serviceaccount:"

Object = dict[str, Any]


class ApiRefused(Exception):
    """The API server refused; `status` is HTTP's, `reason` Kubernetes' own word."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """Keep what it said."""
        super().__init__(message or reason)
        self.status = status
        self.reason = reason
        self.message = message


class ClusterApi:
    """Calls to one API server; any thread may make them."""

    def __init__(self, kubeconfig: str = "") -> None:
        """Prepare; nothing is read or sent before the first call.

        Args:
            kubeconfig: The file that says how to reach the cluster; empty for the one that this
                process is a pod of.
        """
        self._kubeconfig = kubeconfig
        self._lock = threading.Lock()
        self._client: Any = None

    def reachable(self) -> None:
        """Ask whether the API server answers.

        Raises:
            Unavailable: It does not.
            ApiRefused: It does not know who asks.
        """
        self._json("GET", "/version")

    def get(self, resource: str, name: str, namespace: str = "") -> Object | None:
        """One object, or None when it is not there."""
        try:
            return self._json("GET", path_of(resource, namespace, name))
        except ApiRefused as refused:
            if refused.status == 404:
                return None
            raise

    def all(
        self, resource: str, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """The objects of a namespace, or of all of them."""
        query = [("labelSelector", labels), ("fieldSelector", fields)]
        answer = self._json(
            "GET", path_of(resource, namespace), [pair for pair in query if pair[1]]
        )
        items: list[Object] = answer.get("items") or []
        return items

    def listed(
        self, resource: str, *, labels: str = "", fields: str = ""
    ) -> tuple[list[Object], str]:
        """The objects of all namespaces, and the version after which a watch goes on."""
        query = [("labelSelector", labels), ("fieldSelector", fields)]
        answer = self._json("GET", path_of(resource, ""), [pair for pair in query if pair[1]])
        items: list[Object] = answer.get("items") or []
        return items, str((answer.get("metadata") or {}).get("resourceVersion", ""))

    def watch(
        self, resource: str, version: str, *, labels: str = "", fields: str = ""
    ) -> Generator[tuple[str, Object], None, None]:
        """What happens to objects after a version; ends after a minute, or when it is closed.

        The first is a BOOKMARK once the watch stands.

        Raises:
            ApiRefused: This service may not, or the version is too old (410, as an ERROR).
            Unavailable: The API server does not answer any more.
        """
        from urllib3.exceptions import HTTPError

        query = [
            ("watch", "1"),
            ("resourceVersion", version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(WATCH_SECONDS)),
            ("labelSelector", labels),
            ("fieldSelector", fields),
        ]
        try:
            answer = self._answer(
                "GET", path_of(resource, ""), [pair for pair in query if pair[1]],
                timeout=(TIMEOUT[0], WATCH_SECONDS + 15.0),
            )  # fmt: skip
        except ApiRefused as refused:
            if refused.status != 410:
                raise
            yield "ERROR", {"code": 410}
            return
        try:
            yield "BOOKMARK", {"metadata": {"resourceVersion": version}}
            begun = b""
            for piece in answer.stream(amt=None):
                *lines, begun = (begun + piece).split(b"\n")
                for line in lines:
                    if line.strip():
                        event = json.loads(line)
                        yield str(event["type"]), event["object"]
        except HTTPError as error:
            raise _away(str(error)) from error
        finally:
            answer.close()
            answer.release_conn()

    def create(self, resource: str, manifest: Object, *, dry_run: bool = False) -> Object:
        """Make an object; one of that name that is there already stays as it is.

        Args:
            resource: Its kind.
            manifest: The object.
            dry_run: Only ask whether it would be let in.

        Raises:
            ApiRefused: The API server, a quota or a policy says no.
        """
        namespace = manifest["metadata"].get("namespace", "")
        query = [("dryRun", "All")] if dry_run else []
        try:
            return self._json("POST", path_of(resource, namespace), query, body=manifest)
        except ApiRefused as refused:
            if refused.reason != "AlreadyExists":
                raise
        found = self.get(resource, manifest["metadata"]["name"], namespace)
        if found is None:
            raise ApiRefused(409, "Conflict", "it is being removed")
        return found

    def replace_spec(self, resource: str, manifest: Object) -> None:
        """Make an object, or give the one of that name this `spec`."""
        found = self.create(resource, manifest)
        if found.get("spec") == manifest["spec"]:
            return
        meta = manifest["metadata"]
        path = path_of(resource, meta.get("namespace", ""), meta["name"])
        self._json("PUT", path, body={**found, "spec": manifest["spec"]})

    def keep(self, resource: str, manifest: Object) -> str:
        """Make an object, or set what the manifest says of it; what it leaves out stays.

        Returns:
            What was to do: "made", "changed", or nothing.

        Raises:
            ApiRefused: The API server or a policy says no, or somebody else changes it just now.
        """
        meta = manifest["metadata"]
        name, namespace = str(meta["name"]), str(meta.get("namespace", ""))
        found = self.get(resource, name, namespace)
        if found is None:
            self.create(resource, manifest)
            return "made"
        wanted = {**found}
        for part, value in manifest.items():
            if part != "metadata":
                wanted[part] = {**(found.get(part) or {}), **value} if part == "spec" else value
        if wanted == found:
            return ""
        self._json("PUT", path_of(resource, namespace, name), body=wanted)
        return "changed"

    def pending(self, queue: str) -> list[Object]:
        """What waits in a ClusterQueue of Kueue's, in the order in which it may begin."""
        path = PENDING.format(quote(queue, safe=""))
        answer = self._json("GET", path, [("limit", str(MOST_PENDING))])
        items: list[Object] = answer.get("items") or []
        return items

    def delete(self, resource: str, name: str, namespace: str, *, grace: int | None = None) -> None:
        """Remove an object with what it owns; harmless when it is not there."""
        body: Object = {"propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        try:
            self._json("DELETE", path_of(resource, namespace, name), body=body)
        except ApiRefused as refused:
            if refused.status != 404:
                raise

    def log(self, namespace: str, pod: str, container: str, most: int) -> bytes:
        """What a container has printed, up to `most` bytes; empty while there is nothing."""
        query = [("container", container), ("limitBytes", str(most))]
        try:
            return self._call("GET", f"{path_of('pods', namespace, pod)}/log", query)
        except ApiRefused as refused:
            if refused.status in {400, 404}:  # not started yet, or gone
                return b""
            raise

    def kubelet(self, node: str) -> Object:
        """How a node's kubelet is configured, as it says itself."""
        answer = self._json("GET", f"{path_of('nodes', '', node)}/proxy/configz")
        found: Object = answer.get("kubeletconfig") or {}
        return found

    def may(
        self, user: str, namespace: str, verb: str, group: str, resource: str, below: str = ""
    ) -> bool:
        """Whether somebody may do something; of a service account all its groups count."""
        what = {
            "namespace": namespace, "verb": verb, "group": group, "resource": resource,
            "subresource": below,
        }  # fmt: skip
        groups = ["system:authenticated", "system:serviceaccounts"]
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": groups, "resourceAttributes": what},
        }
        answer = self._json("POST", path_of("subjectaccessreviews", ""), body=body)
        return bool((answer.get("status") or {}).get("allowed"))

    def review_token(self, token: str, audience: str) -> Object | None:
        """Whose token it is, as the API server says; None when it is not one for us.

        Args:
            token: What was sent.
            audience: For whom it has to be; empty for the API server itself.
        """
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, **({"audiences": [audience]} if audience else {})},
        }
        status = self._json("POST", path_of("tokenreviews", ""), body=body).get("status") or {}
        if not status.get("authenticated"):
            return None
        if audience and audience not in (status.get("audiences") or []):
            return None
        user: Object = status.get("user") or {}
        return user

    def _json(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
    ) -> Object:
        answer: Object = json.loads(self._call(method, path, query, body))
        return answer

    def _call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
    ) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            data: bytes = self._answer(method, path, query, body).data
            return data
        except HTTPError as error:
            raise _away(str(error)) from error

    def _answer(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> Any:
        """An answer whose body is still to be read."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "*/*" if path.endswith("/log") else "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._connected().call_api(
                path,
                method,
                query_params=query or [],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=timeout,
            )
        except ApiException as error:
            refused = _refused(error)
            if refused.status >= 500 or refused.status in {0, 429}:
                raise _away(str(refused)) from error
            raise refused from error
        except HTTPError as error:
            raise _away(str(error)) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                from kubernetes import client, config

                settings = client.Configuration()
                if self._kubeconfig:
                    config.load_kube_config(self._kubeconfig, client_configuration=settings)
                else:
                    config.load_incluster_config(client_configuration=settings)
                settings.retries = False
                self._client = client.ApiClient(settings)
            return self._client


def path_of(resource: str, namespace: str, name: str = "") -> str:
    """The path of an object or of a list."""
    parts = [GROUPS[resource]]
    if namespace:
        parts.append(f"namespaces/{quote(namespace, safe='')}")
    parts.append(resource)
    if name:
        parts.append(quote(name, safe=""))
    return "/".join(parts)


def account_of(user: Mapping[str, Any]) -> tuple[str, str] | None:
    """Namespace and name of a service account, of what `review_token` said."""
    name = str(user.get("username", ""))
    if not name.startswith(_ACCOUNT):
        return None
    namespace, _, account = name[len(_ACCOUNT) :].partition(":")
    return namespace, account


def pod_of(user: Mapping[str, Any]) -> tuple[str, str] | None:
    """Name and uid of the pod that a token is bound to, of what `review_token` said."""
    extra: Mapping[str, Any] = user.get("extra") or {}
    name, uid = extra.get(POD_NAME) or [], extra.get(POD_UID) or []
    return (str(name[0]), str(uid[0])) if name and uid else None


def _away(why: str) -> Unavailable:
    return Unavailable(
        f"The cluster's API server does not answer: {why}", hint="Try again in a moment."
    )


def _refused(error: Any) -> ApiRefused:
    try:
        said = json.loads(error.body or "{}")
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    return ApiRefused(
        int(error.status or 0), str(said.get("reason", "")), str(said.get("message", ""))
    )
