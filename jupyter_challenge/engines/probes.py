"""The pods that try the walls around runs and evaluations, as plain values.

They are those of `engines.jobs` with `steps.probe` in the place of their programs: what is tried is
what runs live in.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines import couriers, jobs
from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.steps import probe

MARK = probe.MARK
METADATA = "169.254.169.254:80"
PORT = 8080
PROBE_SECONDS = 180
EVICTION_SECONDS = 150
FILES_SECONDS = 60
MANY = 4_000
"""Files that are made where 512 are as many as fit, each counted as 16 kB."""

ASKED, ANOTHER = "doctor", "doctor-another"
"""The run that the pods stand for, and one of another team."""

GATEWAY, KEEPER = "the gateway", "the doctor's gateway"
ROUTES = (
    "/health", "/run/spec", "/run/bundle", "/run/inputs", "/run/state", "/evaluate/spec",
    "/evaluate/predictions", "/evaluate/labels",
)  # fmt: skip
"""All that a gateway answers a GET of."""
GUESSES = (
    "{route}",
    "{route}?run=doctor-another&submission=doctor-another&attempt=1",
    "{route}/doctor-another",
    "/run/..{route}",
)
"""What somebody would try who wants what is another's."""


@dataclass(frozen=True)
class Surroundings:
    """What is around a pod.

    Attributes:
        addresses: What is none of its business, by what it is.
        names: Names that it must not resolve.
        resolver: The cluster's.
        gateways: Those that it may reach, by what they are.
        asked: What to ask of whatever is reached.
        sought: Places of planted words by the digests of these; none where none are planted.
    """

    addresses: Mapping[str, str]
    names: tuple[str, ...]
    resolver: str
    gateways: Mapping[str, str]
    asked: Mapping[str, list[str]] = field(default_factory=dict)
    sought: Mapping[str, str] = field(default_factory=dict)


def routes(gateway: str) -> list[str]:
    """All that is asked of a gateway."""
    return [f"http://{gateway}{guess.format(route=route)}" for route in ROUTES for guess in GUESSES]


def order() -> Order:
    """An order for pods that try walls: small, without GPU."""
    return Order(
        run_id=ASKED, attempt=1, submission_id=ASKED, challenge_id="doctor",
        team_id="", kind="notebook", seconds=PROBE_SECONDS, cpu=1.0, memory=512_000_000, gpu=0,
        disk=50_000_000, volume=50_000_000, output=1_000_000,
    )  # fmt: skip


def looking(
    kind: ReceiptKind, namespace: str, settings: ClusterSettings, around: Surroundings
) -> Manifest:
    """The pod of a run, or of an evaluation, that tries everything."""
    wanted = {
        "addresses": {**around.addresses, **around.gateways},
        "names": list(around.names),
        "resolver": around.resolver,
        "asked": {**around.asked, **{what: routes(at) for what, at in around.gateways.items()}},
        "sought": dict(around.sought),
    }
    pod = _pod(namespace, f"doctor-{kind}", settings, kind)
    spec = pod["spec"]
    *prepare, upload = spec["initContainers"]
    upload["command"] = _probe("wait")
    spec["containers"][0]["command"] = _probe("look", wanted)
    if by_courier(kind, settings):
        spec["initContainers"] = [upload]  # its courier asks for it
    else:
        prepare[0]["command"] = _probe("carry", _carried(around))
    return pod


def by_courier(kind: ReceiptKind, settings: ClusterSettings) -> bool:
    """Whether such pods may not reach the gateway either."""
    return kind == "run" and bool(settings.exchange_class)


def courier(namespace: str, settings: ClusterSettings, around: Surroundings) -> Manifest:
    """A courier, which alone may reach the gateway where couriers carry."""
    template = couriers.job("bring", order(), settings)["spec"]["template"]
    pod = _made(namespace, "doctor-courier", template)
    pod["spec"]["containers"][0]["command"] = _probe("carry", _carried(around))
    return pod


def holder_of_token(kind: ReceiptKind, settings: ClusterSettings) -> tuple[str, str]:
    """Pod and container that hold the platform's token."""
    if by_courier(kind, settings):
        return "doctor-courier", "bring"
    return f"doctor-{kind}", jobs.PREPARE[kind]


def _carried(around: Surroundings) -> dict[str, Any]:
    return {
        "gateway": around.gateways[GATEWAY],
        "urls": [url for at in around.gateways.values() for url in routes(at)],
        "sought": dict(around.sought),
    }


def greedy(namespace: str, settings: ClusterSettings, what: str) -> Manifest:
    """A pod that takes more memory, or more disk, than it is given."""
    pod = _alone(_pod(namespace, f"doctor-{what}", settings))
    main = pod["spec"]["containers"][0]
    if what == "memory":
        main["resources"]["limits"]["memory"] = main["resources"]["requests"]["memory"] = "100M"
        main["command"] = _probe("memory", {"megabytes": 300})
    else:
        for volume in pod["spec"]["volumes"]:
            if "emptyDir" in volume:
                volume["emptyDir"]["sizeLimit"] = "10M"
        main["command"] = _probe("disk", {"megabytes": 200, "seconds": EVICTION_SECONDS})
    return pod


def many_files(namespace: str, settings: ClusterSettings) -> Manifest:
    """A run, by its own program, whose notebook makes more files than its disk may hold."""
    pod = _pod(namespace, "doctor-files", settings)
    prepare, upload = pod["spec"]["initContainers"]
    bytes_ = MANY // 8 * 16_384
    prepare["command"] = _probe("lay", {"files": MANY, "bytes": bytes_, "seconds": FILES_SECONDS})
    upload["command"] = _probe("verdict")
    return pod


def listener(namespace: str, settings: ClusterSettings) -> Manifest:
    """A neighbour that listens, and whose image would ask for all GPUs."""
    pod = _alone(_pod(namespace, "doctor-neighbour", settings))
    main = pod["spec"]["containers"][0]
    main["command"] = _probe("serve", {"port": PORT, "seconds": PROBE_SECONDS})
    return pod


def asking_for_gpus(namespace: str, settings: ClusterSettings) -> Manifest:
    """A pod as of an image that asks for all GPUs, without any by right."""
    pod = _alone(_pod(namespace, "doctor-gpus", settings))
    main = pod["spec"]["containers"][0]
    for each in main["env"]:
        if each["name"] == "NVIDIA_VISIBLE_DEVICES":
            each["value"] = "all"
    main["command"] = _probe("gpus")
    return pod


def weaker(
    namespace: str, settings: ClusterSettings, kind: ReceiptKind = "run"
) -> dict[str, Manifest]:
    """Pods that Pod Security's restricted rules refuse, by what they ask for."""
    made = {}
    for what in ("the node's network", "the node's processes", "the node's files", "root",
                 "privileges"):  # fmt: skip
        pod = _alone(_pod(namespace, "doctor-weaker", settings, kind))
        spec, context = pod["spec"], pod["spec"]["containers"][0]["securityContext"]
        if what == "the node's network":
            spec["hostNetwork"] = True
        elif what == "the node's processes":
            spec["hostPID"] = True
        elif what == "the node's files":
            spec["volumes"][0] = {"name": "run", "hostPath": {"path": "/"}}
        elif what == "root":
            spec["securityContext"].update(runAsNonRoot=False, runAsUser=0)
            context["runAsNonRoot"] = False
        else:
            context.update(privileged=True, allowPrivilegeEscalation=True)
        made[what] = pod
    return made


def _pod(
    namespace: str, name: str, settings: ClusterSettings, kind: ReceiptKind = "run"
) -> Manifest:
    if kind == "evaluate":
        job = jobs.evaluate_job(order(), settings)
    else:
        job = jobs.run_job(order(), settings)
        if by_courier(kind, settings):
            job = couriers.cut_off(job, order())
    return _made(namespace, name, job["spec"]["template"])


def _made(namespace: str, name: str, template: Manifest) -> Manifest:
    spec = copy.deepcopy(template["spec"])
    for each in spec["containers"]:
        # A node that is nearly full has room for these too; what they may use stays the same.
        each["resources"]["requests"]["cpu"] = "20m"
    for volume in spec["volumes"]:
        if volume.pop("persistentVolumeClaim", None) is not None:
            volume["emptyDir"] = {}  # nothing is carried here
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **copy.deepcopy(template["metadata"])},
        "spec": spec,
    }


def _alone(pod: Manifest) -> Manifest:
    """The same without the platform's containers."""
    pod["spec"]["initContainers"] = []
    pod["spec"]["terminationGracePeriodSeconds"] = 1
    return pod


def _probe(what: str, wanted: Mapping[str, Any] | None = None) -> list[str]:
    told = [json.dumps(wanted)] if wanted is not None else []
    return ["python3", "-I", "-m", "jupyter_challenge.steps.probe", what, *told]
