"""Try the walls around runs on a cluster: `jupyter challenge doctor --cluster`.

It makes pods by the service's own manifests, in namespaces of their own or in some that are there,
reads what they report, and removes all that it made.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_challenge.core import canary
from jupyter_challenge.core.errors import Forbidden, NotFound, Unavailable
from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.core.walls import Group, Wall, unknown, wall
from jupyter_challenge.engines import probes, walls
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import UPLOAD, ClusterSettings, main_of
from jupyter_challenge.engines.judging import moment
from jupyter_challenge.engines.namespaces import namespace_objects
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.planting import Planted, planting

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
Tell = Callable[[str], None]


def examine(
    cluster: ClusterConfig,
    *,
    namespace: str = "",
    evaluation_namespace: str = "",
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> list[Wall]:
    """Try the walls of a cluster and say which hold.

    Args:
        cluster: How to reach it, and what runs are made of.
        namespace: Try those of this namespace of runs as it is; of a new one when left out.
        evaluation_namespace: Likewise, of evaluations.
        quick: Leave out what takes a minute: the limits of memory and disk.
        tell: Told what is being done.

    Raises:
        NotFound: A namespace, or the gateway's Service, is not there.
        Forbidden: Whoever asks may not make pods there.
    """
    api = ClusterApi(cluster.kubeconfig)
    settings = _settings(api, cluster)
    for named in (namespace, evaluation_namespace):
        if named and api.get("namespaces", named) is None:
            raise NotFound(
                f"There is no namespace {named}.",
                hint="Leave it out to try a new one, or name one that `kubectl get ns` lists.",
            )
    new = f"challenge-doctor-{uuid.uuid4().hex[:8]}"
    try:
        with ExitStack() as stack:
            tell("Planting words in labels, in what another team handed in, and in credentials.")
            planter = stack.enter_context(planting(api, settings, tell))
            runs = stack.enter_context(
                _Space(api, settings, "run", namespace or new, not namespace)
            )
            judged_in = evaluation_namespace or f"{new}-evaluation"
            evaluations = stack.enter_context(
                _Space(api, settings, "evaluate", judged_in, not evaluation_namespace)
            )
            stack.callback(tell, "Removing what was made.")
            planter.begin(runs.name, evaluations.name)
            return _examined(api, settings, runs, evaluations, planter.wait, quick, tell)
    except ApiRefused as refused:
        raise Forbidden(
            f"The API server refused: {refused}.",
            hint="Ask as somebody who may make what it names, such as an admin of the cluster.",
        ) from refused


def _examined(
    api: ClusterApi,
    settings: ClusterSettings,
    runs: _Space,
    evaluations: _Space,
    planted: Callable[[], Planted],
    quick: bool,
    tell: Tell,
) -> list[Wall]:
    """All walls; pods that need time are begun first."""
    tell("Starting pods that try what runs and evaluations must not.")
    slow = [] if quick else ["memory", "disk"]
    for what in slow:
        runs.make(probes.greedy(runs.name, settings, what))
    neighbour = runs.make(probes.listener(runs.name, settings))
    asking = runs.make(probes.asking_for_gpus(runs.name, settings))
    files = runs.make(probes.many_files(runs.name, settings))
    address = runs.until(
        neighbour, lambda pod: pod["status"].get("podIP") if runs.report(neighbour, "run") else ""
    )
    there = planted()
    around = _around(api, settings, address or "", there)
    since = time.time()
    if probes.by_courier("run", settings):
        runs.make(probes.courier(runs.name, settings, around))
    run = runs.make(probes.looking("run", runs.name, settings, around))
    made_by = time.time()
    judge = evaluations.make(probes.looking("evaluate", evaluations.name, settings, around))
    found = [runs.pod_security(), runs.account()]
    ended = runs.over(run, START_SECONDS + probes.PROBE_SECONDS)
    over_by = time.time()
    look = runs.report(run, main_of("run"))
    found += runs.tried(look, ended, there)
    runs.over(asking, START_SECONDS)
    found.append(walls.of_gpus(look, runs.report(asking, main_of("run"))))
    counted = runs.over(files, START_SECONDS + probes.FILES_SECONDS)
    found.append(walls.of_files(runs.report(files, UPLOAD), counted))
    if slow:
        tell("Waiting for the pods that take too much.")
        found.append(walls.of_memory(runs.over("doctor-memory", START_SECONDS)))
        seconds = START_SECONDS + probes.EVICTION_SECONDS
        found.append(walls.of_disk(runs.over("doctor-disk", seconds)))
    found += [evaluations.pod_security(), evaluations.account()]
    over = evaluations.over(judge, START_SECONDS + probes.PROBE_SECONDS)
    seen = evaluations.report(judge, main_of("evaluate"))
    found += evaluations.tried(seen, over, there)
    found.append(walls.of_gpus(seen, group="evaluations"))
    if there.why:
        found.append(unknown("store_shut", there.why, "platform"))
    else:
        found.append(walls.of_store(there.open))
    found.append(walls.of_inodes(_kubelets(api)))
    return [*found, _clocks(ended, look, since, made_by, over_by)]


class _Space:
    """A namespace, and the pods in it that stand for runs, or for evaluations."""

    def __init__(
        self, api: ClusterApi, settings: ClusterSettings, kind: ReceiptKind, name: str, new: bool
    ) -> None:
        self.name = name
        self._api = api
        self._settings = settings
        self._kind: ReceiptKind = kind
        self._group: Group = "runs" if kind == "run" else "evaluations"
        self._new = new
        self._made: list[str] = []

    def __enter__(self) -> _Space:
        """Make the namespace as the service makes it, where it is not there."""
        if self._new:
            try:
                for resource, manifest in namespace_objects(self.name, self._kind, self._settings):
                    self._api.create(resource, manifest)
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the pods, and the namespace that was made."""
        for name in self._made:
            self._api.delete("pods", name, self.name, grace=0)
        if self._new:
            self._api.delete("namespaces", self.name, "")

    def make(self, pod: Manifest) -> str:
        """Make a pod; with the default account where that of runs is not there."""
        account = pod["spec"]["serviceAccountName"]
        if self._api.get("serviceaccounts", account, self.name) is None:
            pod["spec"]["serviceAccountName"] = "default"
        name = str(pod["metadata"]["name"])
        self._made.append(name)
        self._api.create("pods", pod)
        return name

    def tried(self, look: walls.Report | None, ended: Any, there: Planted) -> list[Wall]:
        """What the pod that looked has found, and who holds its token."""
        pod, container = probes.holder_of_token(self._kind, self._settings)
        held = ended
        if probes.by_courier(self._kind, self._settings):
            held = self.over(pod, START_SECONDS)
        carrier = self.report(pod, container)
        uid = str(((held or {}).get("metadata") or {}).get("uid"))
        group, looking = self._group, f"doctor-{self._kind}"
        found = walls.of_look(
            look, carrier=carrier, group=group,
            by_courier=probes.by_courier(self._kind, self._settings),
        )  # fmt: skip
        found.append(walls.of_token(carrier, self._settings.audience(self._kind), uid, group))
        found.append(walls.of_upload(self.report(looking, UPLOAD), group))
        if there.why:
            return [*found, unknown("no_canary", there.why, group)]
        may = {canary.OWN} if self._kind == "run" else {canary.OWN, canary.LABELS}
        control = canary.OWN if self._kind == "run" else canary.LABELS
        return [*found, walls.of_canary([carrier, look], may, control, group)]

    def pod_security(self) -> Wall:
        """Whether pods are let in that should not be."""
        let_in = []
        for what, pod in probes.weaker(self.name, self._settings, self._kind).items():
            pod["spec"]["serviceAccountName"] = "default"
            try:
                self._api.create("pods", pod, dry_run=True)
                let_in.append(what)
            except ApiRefused as refused:
                if "PodSecurity" not in refused.message:
                    return unknown("pod_security", refused.message, self._group)
        return wall("pod_security", not let_in, ", ".join(let_in), self._group)

    def account(self) -> Wall:
        """Whether the account may do anything at the API server."""
        user = f"system:serviceaccount:{self.name}:{self._kind}"
        may = [
            " ".join(word for word in (verb, resource, below) if word)
            for verb, group, resource, below in MAY_NOT
            if self._api.may(user, self.name, verb, group, resource, below)
        ]
        return wall("account", not may, ", ".join(may), self._group)

    def over(self, name: str, seconds: float) -> Any:
        """A pod once it has ended; None where it does not."""
        return self.until(
            name, lambda pod: pod if pod["status"].get("phase") in OVER else None, seconds
        )

    def until(self, name: str, found: Callable[[Any], Any], seconds: float = START_SECONDS) -> Any:
        """What is found in a pod, once it is; None where it never is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pod = self._api.get("pods", name, self.name)
            if pod is None:
                return None
            if answer := found(pod):
                return answer
            time.sleep(LOOK_EVERY)
        return None

    def report(self, pod: str, container: str) -> walls.Report | None:
        """What a container reported."""
        return walls.report_of(self._api.log(self.name, pod, container, 100_000))


def _around(
    api: ClusterApi, settings: ClusterSettings, neighbour: str, planted: Planted
) -> probes.Surroundings:
    """What is near a pod and none of its business, and what to ask of it should it be reached."""
    platform = settings.platform_namespace
    addresses = {"the cloud's metadata": probes.METADATA}
    asked = {"the cloud's metadata": [
        f"http://{probes.METADATA}/latest/meta-data/iam/security-credentials/",
        f"http://{probes.METADATA}/computeMetadata/v1/instance/service-accounts/default/token",
    ]}  # fmt: skip
    if neighbour:
        addresses["a neighbour"] = _address(neighbour, probes.PORT)
    server = _spec(api.get("services", "kubernetes", "default")).get("clusterIP")
    if server:
        addresses["the API server"] = _address(server, 443)
        secrets = f"/api/v1/namespaces/{platform}/secrets"
        asked["the API server"] = [f"https://{addresses['the API server']}{secrets}"]
    for node in api.all("nodes")[:1]:
        for each in node["status"].get("addresses") or []:
            if each["type"] == "InternalIP":
                kubelet = addresses["the kubelet"] = _address(each["address"], 10250)
                addresses["the API server on its node"] = _address(each["address"], 6443)
                asked["the kubelet"] = [f"https://{kubelet}/pods"]
    host = urlsplit(settings.gateway_url).hostname or ""
    for service in api.all("services", platform):
        name, spec = service["metadata"]["name"], _spec(service)
        at = spec.get("clusterIP")
        if at in (None, "", "None", settings.gateway_address) or name == host.split(".")[0]:
            continue
        port = (spec.get("ports") or [{}])[0].get("port", 80)
        addresses[f"{name} of the platform"] = _address(str(at), int(port))
    if planted.store:
        addresses["the object store"] = planted.store
        asked["the object store"] = [f"{planted.url}?list-type=2"]
    gateways = {
        probes.GATEWAY: _address(
            settings.gateway_address or host, urlsplit(settings.gateway_url).port or 80
        )
    }
    if planted.address:
        gateways[probes.KEEPER] = planted.address
    resolver = _spec(api.get("services", "kube-dns", "kube-system")).get("clusterIP")
    return probes.Surroundings(
        addresses=addresses,
        names=("kubernetes.default.svc.cluster.local", f"{host}.invalid"),
        resolver=str(resolver or ""),
        gateways=gateways,
        asked=asked,
        sought=planted.sought,
    )


def _spec(found: Any) -> dict[str, Any]:
    spec: dict[str, Any] = (found or {}).get("spec") or {}
    return spec


def _kubelets(api: ClusterApi) -> dict[str, dict[str, Any]]:
    """What each node's kubelet says of its configuration; nothing where it may not be asked."""
    found: dict[str, dict[str, Any]] = {}
    for node in api.all("nodes"):
        name = str(node["metadata"]["name"])
        try:
            found[name] = api.kubelet(name)
        except (ApiRefused, Unavailable):
            found[name] = {}
    return found


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


def all_hold(found: Collection[Wall]) -> bool:
    """Whether every wall holds; one of which nothing is known does not."""
    return all(each.holds for each in found)
