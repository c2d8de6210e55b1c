"""Try the walls around runs on a cluster: `jupyter challenge doctor --cluster`.

It makes pods by the service's own manifests, in a namespace of their own or in one that is there,
reads what they report, and removes all that it made.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_challenge.core.errors import Forbidden, NotFound
from jupyter_challenge.core.walls import Wall, unknown, wall
from jupyter_challenge.engines import walls
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.engines.judging import moment
from jupyter_challenge.engines.namespaces import namespace_objects
from jupyter_challenge.service.clusterconfig import ClusterConfig

ACCOUNT = "run"
START_SECONDS = 300  # a node may have to pull the images first
LOOK_EVERY = 0.5
OVER = {"Succeeded", "Failed"}
MAY_NOT = (
    ("list", "", "secrets", ""),
    ("create", "", "pods", ""),
    ("create", "", "pods", "exec"),
    ("list", "", "nodes", ""),
    ("patch", "argoproj.io", "workflows", ""),
    ("create", "batch", "jobs", ""),
)


def examine(
    cluster: ClusterConfig,
    *,
    namespace: str = "",
    quick: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Wall]:
    """Try the walls of a cluster and say which hold.

    Args:
        cluster: How to reach it, and what runs are made of.
        namespace: Try those of this namespace as it is; of a new one when left out.
        quick: Leave out what takes a minute: the limits of memory and disk.
        tell: Told what is being done.

    Raises:
        NotFound: The namespace, or the gateway's Service, is not there.
        Forbidden: Whoever asks may not make pods there.
    """
    api = ClusterApi(cluster.kubeconfig)
    settings = _settings(api, cluster)
    place = namespace or f"challenge-doctor-{uuid.uuid4().hex[:8]}"
    if namespace and api.get("namespaces", namespace) is None:
        raise NotFound(f"There is no namespace {namespace}.")
    examination = _Examination(api, settings, place)
    try:
        if not namespace:
            tell(f"Making the namespace {place} as the service makes those of runs.")
            for resource, manifest in namespace_objects(place, ACCOUNT, settings):
                api.create(resource, manifest)
        return examination.all(quick=quick, tell=tell)
    except ApiRefused as refused:
        raise Forbidden(f"The API server refused: {refused}.") from refused
    finally:
        tell("Removing what was made.")
        examination.tidy()
        if not namespace:
            api.delete("namespaces", place, "")


class _Examination:
    """One examination of one namespace."""

    def __init__(self, api: ClusterApi, settings: ClusterSettings, namespace: str) -> None:
        self._api = api
        self._settings = settings
        self._namespace = namespace
        self._made: list[str] = []

    def all(self, *, quick: bool, tell: Callable[[str], None]) -> list[Wall]:
        """Try them all; pods that need time are begun first."""
        found = [self._pod_security(), self._account()]
        tell("Starting pods that try what runs must not.")
        slow = [] if quick else ["memory", "disk"]
        for what in slow:
            self._make(walls.greedy(self._namespace, self._settings, what))
        neighbour = self._make(walls.listener(self._namespace, self._settings))
        asking = self._make(walls.asking_for_gpus(self._namespace, self._settings))
        address = self._until(neighbour, lambda pod: pod["status"].get("podIP") or "")
        around = self._around(address or "")
        since = time.time()
        run = self._make(walls.run_like(self._namespace, self._settings, around))
        made_by = time.time()
        ended = self._over(run, START_SECONDS + walls.PROBE_SECONDS)
        over_by = time.time()
        look = self._report(run, "run")
        found += walls.of_look(look, by_courier=bool(self._settings.exchange_class))
        uid = str(((ended or {}).get("metadata") or {}).get("uid"))
        found.append(walls.of_token(self._report(run, "prepare"), self._settings.audience_run, uid))
        found.append(walls.of_upload(self._report(run, "upload")))
        self._over(asking, START_SECONDS)
        found.append(walls.of_gpus(look, self._report(asking, "run")))
        found.append(_clocks(ended, look, since, made_by, over_by))
        if slow:
            tell("Waiting for the pods that take too much.")
            found.append(walls.of_memory(self._over("doctor-memory", START_SECONDS)))
            seconds = START_SECONDS + walls.EVICTION_SECONDS
            found.append(walls.of_disk(self._over("doctor-disk", seconds)))
        return found

    def tidy(self) -> None:
        """Remove the pods."""
        for name in self._made:
            self._api.delete("pods", name, self._namespace, grace=0)

    def _make(self, pod: Manifest) -> str:
        account = pod["spec"]["serviceAccountName"]
        if self._api.get("serviceaccounts", account, self._namespace) is None:
            pod["spec"]["serviceAccountName"] = "default"
        name = str(pod["metadata"]["name"])
        self._api.create("pods", pod)
        self._made.append(name)
        return name

    def _pod_security(self) -> Wall:
        let_in = []
        for what, pod in walls.weaker(self._namespace, self._settings).items():
            pod["spec"]["serviceAccountName"] = "default"
            try:
                self._api.create("pods", pod, dry_run=True)
                let_in.append(what)
            except ApiRefused as refused:
                if "PodSecurity" not in refused.message:
                    return unknown("pod_security", refused.message)
        return wall("pod_security", not let_in, ", ".join(let_in))

    def _account(self) -> Wall:
        user = f"system:serviceaccount:{self._namespace}:{ACCOUNT}"
        may = [
            " ".join(word for word in (verb, resource, below) if word)
            for verb, group, resource, below in MAY_NOT
            if self._api.may(user, self._namespace, verb, group, resource, below)
        ]
        return wall("account", not may, ", ".join(may))

    def _around(self, neighbour: str) -> walls.Surroundings:
        """What is near a pod and none of its business."""
        api = self._api.get("services", "kubernetes", "default") or {}
        addresses = {"the cloud's metadata": walls.METADATA}
        if neighbour:
            addresses["a neighbour"] = _address(neighbour, walls.PORT)
        if address := (api.get("spec") or {}).get("clusterIP"):
            addresses["the API server"] = _address(address, 443)
        for node in self._api.all("nodes")[:1]:
            for each in node["status"].get("addresses") or []:
                if each["type"] == "InternalIP":
                    addresses["the kubelet"] = _address(each["address"], 10250)
                    addresses["the API server on its node"] = _address(each["address"], 6443)
        dns = self._api.get("services", "kube-dns", "kube-system") or {}
        host = urlsplit(self._settings.gateway_url).hostname or ""
        gateway = self._settings.gateway_address or host
        return walls.Surroundings(
            addresses=addresses,
            names=("kubernetes.default.svc.cluster.local", f"{host}.invalid"),
            resolver=str((dns.get("spec") or {}).get("clusterIP") or ""),
            gateway=_address(gateway, urlsplit(self._settings.gateway_url).port or 80),
        )

    def _over(self, name: str, seconds: float) -> Any:
        return self._until(
            name, lambda pod: pod if pod["status"].get("phase") in OVER else None, seconds
        )

    def _until(self, name: str, found: Callable[[Any], Any], seconds: float = START_SECONDS) -> Any:
        """What is found in a pod, once it is; None where it never is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pod = self._api.get("pods", name, self._namespace)
            if pod is None:
                return None
            if answer := found(pod):
                return answer
            time.sleep(LOOK_EVERY)
        return None

    def _report(self, pod: str, container: str) -> walls.Report | None:
        return walls.report_of(self._api.log(self._namespace, pod, container, 100_000))


def _clocks(
    pod: Any, look: walls.Report | None, since: float, made_by: float, over_by: float
) -> Wall:
    made = moment(((pod or {}).get("metadata") or {}).get("creationTimestamp"))
    return walls.of_clocks(
        (since, made.timestamp(), made_by) if made else None,
        (since, float(look["time"]), over_by) if look else None,
    )


def _settings(api: ClusterApi, cluster: ClusterConfig) -> ClusterSettings:
    """What manifests are made with; the gateway's address is that of its Service."""
    settings = cluster.settings(cluster.gateway_address)
    host = urlsplit(settings.gateway_url).hostname or ""
    if settings.gateway_address or _is_address(host):
        return settings
    name, *rest = host.split(".")
    service = api.get("services", name, rest[0] if rest else settings.platform_namespace)
    address = ((service or {}).get("spec") or {}).get("clusterIP")
    if not address:
        raise NotFound(
            f"The gateway's Service {host} is not there.",
            hint="Set ClusterConfig.gateway_url and platform_namespace as the service has them.",
        )
    return replace(settings, gateway_address=str(address))


def _is_address(host: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def standing(found: Collection[Wall]) -> bool:
    """Whether every wall holds; one of which nothing is known does not."""
    return all(each.holds for each in found)
