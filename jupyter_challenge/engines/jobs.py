"""Manifests of a run on Kubernetes, as plain values: nothing here talks to a cluster.

A run is two Jobs. In the run Job `prepare` fetches data and submission, `run` executes the
notebook, and `upload`, a sidecar, hands its output to the gateway once it is dead. The evaluate
Job is of the same shape. Only the platform's containers hold a token, and that token opens
nothing but the gateway.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.compute import Catalogue, ComputeProfile
from jupyter_challenge.core.compute.rendering import (
    PROFILE_LABEL,
    SHM_MOUNT,
    shm_volume,
    tolerations,
)
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import ReceiptKind, RunSpec, most_state
from jupyter_challenge.engines import data_image
from jupyter_challenge.engines.base import NoMachine
from jupyter_challenge.engines.containers import (
    FOLDER,
    Manifest,
    container,
    own_program,
    platform_container,
)
from jupyter_challenge.engines.queue_settings import QueueSettings
from jupyter_challenge.steps.inside import TEMPORARY

DOMAIN = "challenge.jupyter.org"
OWN = {"app.kubernetes.io/managed-by": "jupyter-challenge"}
ORDER = f"{DOMAIN}/order"
SOURCE = f"{DOMAIN}/source"
"""Label that says what kind of submission it is."""

PREPARE: Mapping[ReceiptKind, str] = {"run": "prepare", "evaluate": "fetch"}
UPLOAD = "upload"
PROGRAMS: Mapping[ReceiptKind, tuple[str, str]] = {
    "run": ("prepare", "upload"),
    "evaluate": ("evaluate-fetch", "evaluate-upload"),
}
"""What `steps.inside` is told to do before and after the step."""
READY = ["sh", "-c", f"until [ -e {FOLDER}/ready ]; do sleep 0.05; done"]
"""The kubelet starts what comes after `upload` once this has ended. A step of ours waits by itself
until `upload` would hear that the step is over; an image's own program knows nothing of that.
"""
USER = 1000
NO_RESOLVER = "127.0.0.1"
"""In a pod that is the pod itself, where nothing answers questions for names."""

TOKEN_SECONDS = 3_600
"""A token is renewed before it ends, and ends with its pod at the latest."""

GRACE = 30
UPLOAD_RATE = 5_000_000
"""Bytes per second that an upload reaches on a bad day."""

EVALUATION_AT_LEAST = 60
OWN_VOLUME = 200_000_000
"""Bytes in a run's volumes beyond its limit: for the platform's own copies, and to see by a process
of ours that too much was written before the kubelet sees it, who would take the log with the pod.
"""
KEPT_SECONDS = 86_400
_NAME = 63
NOT_CHOSEN = ("", "local")
"""What a run says that was handed in where there was nothing to choose from."""


@dataclass(frozen=True)
class ClusterSettings:
    """What an installation chose; see `ClusterConfig` for what each is."""

    gateway_url: str
    gateway_address: str
    steps_image: str
    notebook_image: str
    run_namespace_prefix: str = "challenge-run-"
    evaluation_namespace: str = "challenge-evaluation"
    platform_namespace: str = "jupyter-challenge"
    gateway_port: int = 8791
    audience_run: str = "run-gateway"
    audience_evaluate: str = "evaluate-gateway"
    runtime_class: str = ""
    gpu_resource: str = "nvidia.com/gpu"
    cpu_overcommit: float = 1.0
    start_seconds: int = 300
    exchange_class: str = ""
    queues: QueueSettings | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)

    def profile(self, order: Order) -> ComputeProfile | None:
        """The compute profile that a run has chosen; None where it may be on any node.

        Raises:
            NoMachine: It is not offered any more.
        """
        found = self.catalogue.get(order.profile)
        if found is not None or not self.catalogue.profiles:
            return found
        if order.profile not in NOT_CHOSEN:
            raise NoMachine(f"there is no compute profile {order.profile!r} any more")
        return None if self.catalogue.first_free else self.catalogue.profiles[0]

    def nodes_of(self, order: Order) -> str:
        """The kind of nodes that a run's profile is on; empty where it has none."""
        profile = self.profile(order)
        return "" if profile is None else self.catalogue.nodes_of(profile)

    def run_namespace(self, challenge_id: str) -> str:
        """The namespace in which a challenge's runs are."""
        return run_namespace(self.run_namespace_prefix, challenge_id)

    def audience(self, kind: ReceiptKind) -> str:
        """For whom the token of a Job's platform containers is."""
        return self.audience_run if kind == "run" else self.audience_evaluate


@dataclass(frozen=True)
class Order:
    """What the Jobs of a run are made from; it travels with the run Job and holds no secret."""

    run_id: str
    attempt: int
    submission_id: str
    challenge_id: str
    team_id: str
    kind: str
    seconds: float
    cpu: float
    memory: int
    gpu: int
    disk: int
    volume: int
    output: int
    image: str = ""
    log: int = 1_000_000
    volumes: list[dict[str, str]] = field(default_factory=list)
    state: int = 0
    is_try: bool = False
    is_verification: bool = False
    profile: str = ""
    data_image: dict[str, Any] | None = None

    @classmethod
    def of(cls, spec: RunSpec) -> Order:
        """Make the order of a run; what it is given lies in its volume, beside what it writes."""
        limits, output = spec.limits, spec.evaluation.output.max_size
        kept = output + 2 * limits.notebook + 2 * limits.log
        return cls(
            run_id=spec.run_id,
            attempt=spec.attempt,
            submission_id=spec.submission_id,
            challenge_id=spec.challenge_id,
            team_id=spec.team_id,
            kind=spec.kind.value,
            seconds=limits.time,
            cpu=limits.cpu,
            memory=limits.memory,
            gpu=limits.gpu,
            disk=limits.disk,
            volume=limits.disk + spec.data_size + kept + OWN_VOLUME,
            output=kept,
            image=spec.image or "",
            log=limits.log,
            volumes=[volume.model_dump() for volume in spec.volumes],
            state=most_state(limits),
            is_try=spec.is_try,
            is_verification=spec.is_verification,
            profile=spec.profile,
            data_image=spec.data_image.model_dump() if spec.data_image is not None else None,
        )

    def as_json(self) -> dict[str, Any]:
        """The order as plain values."""
        return asdict(self)

    @property
    def ids(self) -> dict[str, str | int]:
        """What a line of the log says of whom it concerns."""
        return {
            "submission": self.submission_id,
            "run": self.run_id,
            "attempt": self.attempt,
            "challenge": self.challenge_id,
            "team": self.team_id,
        }


def run_namespace(prefix: str, challenge_id: str) -> str:
    """The namespace in which a challenge's runs are; a long id keeps its beginning and a digest."""
    name = f"{prefix}{challenge_id}"
    if len(name) <= _NAME:
        return name
    digest = hashlib.sha256(challenge_id.encode()).hexdigest()[:10]
    return f"{name[: _NAME - 11].rstrip('-')}-{digest}"


def job_name(kind: ReceiptKind, run_id: str, attempt: int) -> str:
    """The name of a Job: the same for the same attempt, so that none is made twice."""
    return f"{kind}-{run_id}" + (f"-{attempt}" if attempt > 1 else "")


def main_of(kind: ReceiptKind) -> str:
    """The name of the container that does the step."""
    return StepName.RUN.value if kind == "run" else StepName.EVALUATE.value


def labels(order: Order, kind: ReceiptKind) -> dict[str, str]:
    """The labels of a Job and of its pod."""
    return {
        **OWN,
        f"{DOMAIN}/step": kind,
        f"{DOMAIN}/run": order.run_id,
        f"{DOMAIN}/attempt": str(order.attempt),
        f"{DOMAIN}/challenge": order.challenge_id,
        f"{DOMAIN}/team": order.team_id or "none",
        f"{DOMAIN}/submission": order.submission_id,
        SOURCE: order.kind,
    }


def run_job(order: Order, settings: ClusterSettings) -> Manifest:
    """The Job that runs a submission."""
    notebook = order.kind == SubmissionKind.NOTEBOOK.value
    profile = settings.profile(order)
    given, resource, own = order, "", order.image
    if profile is not None:
        given = _within(order, profile)
        resource = profile.accelerator.resource if profile.accelerator is not None else ""
        own = own or settings.catalogue.image(profile) or ""
    main = container(
        "run",
        (own or settings.notebook_image) if notebook else settings.steps_image,
        "run",
        resources=_limits(given, settings, resource),
        gpu=given.gpu,
        writes=True,
    )
    if order.kind == SubmissionKind.CONTAINER.value:
        main = own_program(main, order.image)
    main["volumeMounts"] += [
        {
            "name": f"data-{number}",
            "mountPath": f"{FOLDER}/work/input/{volume['target']}",
            "subPath": volume["path"],
            "readOnly": True,
        }
        for number, volume in enumerate(order.volumes)
    ]
    job = _job("run", order, settings, settings.run_namespace(order.challenge_id), main)
    return job if profile is None else _on(profile, job)


def _within(order: Order, profile: ComputeProfile) -> Order:
    """A run that gets what its challenge allows, and no more than its profile has."""
    return replace(
        order,
        cpu=min(order.cpu, profile.cpu or order.cpu),
        memory=min(order.memory, profile.memory or order.memory),
        gpu=min(order.gpu, profile.accelerator.count) if profile.accelerator is not None else 0,
    )


def _on(profile: ComputeProfile, job: Manifest) -> Manifest:
    """The run Job on a profile's nodes."""
    spec = job["spec"]
    template = spec["template"]
    marked = {PROFILE_LABEL: profile.id}
    pod: dict[str, Any] = {**template["spec"]}
    if profile.labels:
        pod["nodeSelector"] = profile.labels
    if profile.tolerations:
        pod["tolerations"] = tolerations(profile)
    shm = shm_volume(profile)
    if shm is not None:
        (main,) = pod["containers"]
        pod["containers"] = [{**main, "volumeMounts": [*main["volumeMounts"], dict(SHM_MOUNT)]}]
        pod["volumes"] = [*pod["volumes"], shm]
    labelled = {"labels": {**template["metadata"]["labels"], **marked}}
    return {
        **job,
        "metadata": {**job["metadata"], "labels": {**job["metadata"]["labels"], **marked}},
        "spec": {**spec, "template": {**template, "metadata": labelled, "spec": pod}},
    }


def evaluate_job(order: Order, settings: ClusterSettings) -> Manifest:
    """The Job that scores what a run handed in; it sees no network and no token either."""
    without_gpu = Order(**{**order.as_json(), "gpu": 0})
    main = container(
        "evaluate",
        settings.steps_image,
        "evaluate",
        resources=_limits(without_gpu, settings),
        writes=True,
    )
    return _job("evaluate", order, settings, settings.evaluation_namespace, main)


def _job(
    kind: ReceiptKind, order: Order, settings: ClusterSettings, namespace: str, main: Manifest
) -> Manifest:
    name = job_name(kind, order.run_id, order.attempt)
    marked = labels(order, kind)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": marked,
            "annotations": {ORDER: json.dumps(order.as_json(), sort_keys=True)},
        },
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {"labels": marked},
                "spec": _pod(kind, order, settings, main),
            },
        },
    }


def _pod(
    kind: ReceiptKind, order: Order, settings: ClusterSettings, main: Manifest
) -> dict[str, Any]:
    prepare = platform_container(
        PREPARE[kind], settings.steps_image, PROGRAMS[kind][0], settings.gateway_url, order.ids
    )
    upload = platform_container(
        UPLOAD, settings.steps_image, PROGRAMS[kind][1], settings.gateway_url, order.ids
    )
    ours = "command" in main
    if not ours:
        upload["lifecycle"] = {"postStart": {"exec": {"command": READY}}}
        upload["volumeMounts"].append({"name": "tmp", "mountPath": str(TEMPORARY)})
    pod: dict[str, Any] = {
        **hardened(kind, settings),
        "activeDeadlineSeconds": deadline(kind, order, settings),
        "terminationGracePeriodSeconds": grace(order),
        "initContainers": [prepare, {**upload, "restartPolicy": "Always"}],
        "containers": [main],
        "volumes": [
            {"name": "run", "emptyDir": {"sizeLimit": str(order.volume)}},
            {"name": "tmp", "emptyDir": {"sizeLimit": str(order.disk + OWN_VOLUME)}},
            token_volume(kind, settings),
            *(_data_volumes(order) if kind == "run" else []),
        ],
    }
    if settings.runtime_class:
        pod["runtimeClassName"] = settings.runtime_class
    said = order.data_image if kind == "run" else None
    return data_image.added(pod, main, said, order.ids)


def hardened(kind: ReceiptKind, settings: ClusterSettings) -> dict[str, Any]:
    """What every pod of a run has: no rights, no names but the gateway's, no user but ours."""
    return {
        "restartPolicy": "Never",
        "serviceAccountName": kind,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": [NO_RESOLVER]},
        "hostAliases": _aliases(settings),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _data_volumes(order: Order) -> list[dict[str, Any]]:
    """The challenge's data on volumes: the step alone mounts them, and can't write to them."""
    return [
        {
            "name": f"data-{number}",
            "persistentVolumeClaim": {"claimName": volume["claim"], "readOnly": True},
        }
        for number, volume in enumerate(order.volumes)
    ]


def deadline(kind: ReceiptKind, order: Order, settings: ClusterSettings) -> int:
    """Seconds after which the kubelet ends a pod.

    The time limit is that of the step; pulling images and fetching data has time of its own.
    """
    seconds = order.seconds if kind == "run" else max(EVALUATION_AT_LEAST, order.seconds)
    return math.ceil(seconds) + settings.start_seconds


def grace(order: Order) -> int:
    """Seconds that a pod has after its end was asked for: enough to hand in all that it may."""
    return GRACE + math.ceil(order.output / UPLOAD_RATE)


def _aliases(settings: ClusterSettings) -> list[dict[str, Any]]:
    host = urlsplit(settings.gateway_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return [{"ip": settings.gateway_address, "hostnames": [host]}]
    return []


def token_volume(kind: ReceiptKind, settings: ClusterSettings) -> dict[str, Any]:
    """The pod's own token for the gateway, for its platform containers alone."""
    source = {
        "audience": settings.audience(kind),
        "expirationSeconds": TOKEN_SECONDS,
        "path": "token",
    }
    projected = {"defaultMode": 0o440, "sources": [{"serviceAccountToken": source}]}
    return {"name": "token", "projected": projected}


def _limits(order: Order, settings: ClusterSettings, resource: str = "") -> dict[str, Any]:
    gpu = {resource or settings.gpu_resource: str(order.gpu)} if order.gpu else {}
    memory = str(order.memory)
    asked = _cores(order.cpu / settings.cpu_overcommit)
    return {
        "limits": {"cpu": _cores(order.cpu), "memory": memory, **gpu},
        "requests": {"cpu": asked, "memory": memory, **gpu},
    }


def _cores(number: float) -> str:
    return f"{max(1, round(number * 1000))}m"
