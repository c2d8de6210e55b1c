"""What Kubernetes is told of a profile, as plain values: nothing here talks to a cluster.

The parts (node selector, tolerations, resources, shared memory) are the same wherever a pod is
made: by KubeSpawner for a server, by the cluster engines for a run, by Kubeflow Trainer for a
training job.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_challenge.core.compute.catalogue import Catalogue
from jupyter_challenge.core.compute.profile import ComputeProfile, Toleration, Vendor

Manifest = dict[str, Any]

PROFILE_LABEL = "challenge.jupyter.org/profile"
PATCHES_BY = "challenge.jupyter.org/profiles"
"""Who is named as the owner of what a profile changes in a training runtime."""

QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"
TOPOLOGY = "kueue.x-k8s.io/podset-{}-topology"
NETWORKS = "k8s.v1.cni.cncf.io/networks"
JOBSET_NAME = "jobset.sigs.k8s.io/jobset-name"
NO_GPU = {"NVIDIA_VISIBLE_DEVICES": "void"}
"""An image may ask for all of a node's GPUs; only the pod's own word takes that back."""

SHM = "shm"
SHM_MOUNT: Manifest = {"name": SHM, "mountPath": "/dev/shm"}
RUNTIME = "torch-distributed"
_BINARY = ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20)
_DECIMAL = ("T", 10**12), ("G", 10**9), ("M", 10**6)


def cores_text(number: float) -> str:
    """Write a number of cores as a quantity, one thousandth at least."""
    thousandths = max(1, round(number * 1000))
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def bytes_text(number: int) -> str:
    """Write a number of bytes as a quantity."""
    for unit, size in (*_BINARY, *_DECIMAL):
        if number % size == 0:
            return f"{number // size}{unit}"
    return str(number)


def toleration(said: Toleration) -> dict[str, str]:
    """A toleration as pods have it."""
    return said.model_dump(mode="json", exclude_none=True)


def tolerations(profile: ComputeProfile) -> list[dict[str, str]]:
    """The tolerations of a profile's pods."""
    return [toleration(each) for each in profile.tolerations]


def devices(profile: ComputeProfile, *, fabric: bool = False) -> dict[str, str]:
    """What a pod asks for of what device plugins offer, by resource."""
    asked: dict[str, str] = {}
    if profile.accelerator is not None:
        asked[profile.accelerator.resource] = str(profile.accelerator.count)
    if fabric and profile.fabric is not None:
        asked[profile.fabric.resource] = str(profile.fabric.count)
    return asked


def environment(profile: ComputeProfile) -> dict[str, str]:
    """The environment variables of a profile's containers."""
    accelerator = profile.accelerator
    nvidia = accelerator is not None and accelerator.vendor is Vendor.NVIDIA
    return {} if nvidia else dict(NO_GPU)


def shm_volume(profile: ComputeProfile) -> Manifest | None:
    """The volume of /dev/shm, where a profile says how large it is; it counts as memory."""
    if profile.shm is None:
        return None
    return {"name": SHM, "emptyDir": {"medium": "Memory", "sizeLimit": bytes_text(profile.shm)}}


def as_kubespawner(catalogue: Catalogue, profile: ComputeProfile) -> Manifest:
    """An entry of KubeSpawner's `profile_list` (7.1 or newer).

    What is a dictionary there is merged with the hub's own settings, what is none replaces them:
    so volumes and tolerations are dictionaries, which KubeSpawner sorts by their keys. It ignores
    `allowed_groups` and `denied`; a `profile_list` that is a function can enforce them. It hands
    `args` on only where its `cmd` is set, as the Helm chart of JupyterHub does.
    """
    override: Manifest = {}
    image = catalogue.image(profile)
    if image is not None:
        override["image"] = image
    if profile.cpu is not None:
        override |= {"cpu_limit": profile.cpu, "cpu_guarantee": profile.cpu}
    if profile.memory is not None:
        override |= {"mem_limit": profile.memory, "mem_guarantee": profile.memory}
    asked = devices(profile)
    if asked:
        override |= {"extra_resource_limits": asked, "extra_resource_guarantees": dict(asked)}
    if profile.labels:
        override["node_selector"] = profile.labels
    if profile.tolerations:
        keyed = {f"{profile.id}-{at}": each for at, each in enumerate(tolerations(profile))}
        override["tolerations"] = keyed
    override["extra_labels"] = {PROFILE_LABEL: profile.id, **_queue_labels(profile)}
    if profile.priority is not None and profile.queue is None:
        override["priority_class_name"] = profile.priority
    if environment(profile):
        override["environment"] = environment(profile)
    shm = shm_volume(profile)
    if shm is not None:
        override |= {"volumes": {SHM: shm}, "volume_mounts": {SHM: dict(SHM_MOUNT)}}
    if profile.max_lifetime is not None:
        seconds = math.ceil(profile.max_lifetime)
        override["extra_pod_config"] = {"activeDeadlineSeconds": seconds}
    if profile.idle_timeout is not None:
        override["args"] = idle_arguments(profile.idle_timeout)
    entry: Manifest = {"display_name": html.escape(profile.name), "slug": profile.id}
    if profile.description:
        entry["description"] = html.escape(profile.description)
    if catalogue.profiles[0].id == profile.id:
        entry["default"] = True
    entry["kubespawner_override"] = override
    if profile.groups:
        entry |= {"allowed_groups": list(profile.groups), "denied": profile.refusal}
    return entry


def idle_arguments(seconds: float) -> list[str]:
    """Arguments by which a Jupyter server ends itself; a tab that is left open keeps nothing.

    Our server extension does it. In an image without it Jupyter's own limits end kernels and
    terminals, and the server once no tab of it is in sight.
    """
    limit = math.ceil(seconds)
    return [
        f"--ChallengeExtension.idle_timeout={limit}",
        f"--MappingKernelManager.cull_idle_timeout={limit}",
        "--MappingKernelManager.cull_connected=True",
        f"--TerminalManager.cull_inactive_timeout={limit}",
        f"--ServerApp.shutdown_no_activity_timeout={limit}",
    ]


def as_job(catalogue: Catalogue, profile: ComputeProfile) -> Manifest:
    """A Job on a profile, with all that the profile says of its pod."""
    asked = _requirements(profile, devices(profile))
    container: Manifest = {"name": "main", **_image(catalogue, profile)}
    container |= {"env": _variables(profile)} if environment(profile) else {}
    container |= {"resources": asked} if asked else {}
    pod: Manifest = {"restartPolicy": "Never", **_placement(profile)}
    if profile.priority is not None and profile.queue is None:
        pod["priorityClassName"] = profile.priority
    if profile.max_lifetime is not None:
        pod["activeDeadlineSeconds"] = math.ceil(profile.max_lifetime)
    shm = shm_volume(profile)
    if shm is not None:
        container["volumeMounts"] = [dict(SHM_MOUNT)]
        pod["volumes"] = [shm]
    pod["containers"] = [container]
    labels = {PROFILE_LABEL: profile.id}
    spec: Manifest = {"backoffLimit": 0}
    if profile.queue is not None:
        spec["suspend"] = True
    spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": profile.id, "labels": {**labels, **_queue_labels(profile)}},
        "spec": spec,
    }


def as_trainjob(
    catalogue: Catalogue, profile: ComputeProfile, *, nodes: int = 1, runtime: str = RUNTIME
) -> Manifest:
    """A TrainJob of Kubeflow Trainer (2.2 or newer) on a profile.

    Args:
        catalogue: Where the profile is from.
        profile: The profile.
        nodes: How many nodes train together.
        runtime: The ClusterTrainingRuntime; its nodes are the replicated job `node`.
    """
    trainer: Manifest = {**_image(catalogue, profile), "numNodes": nodes}
    asked = _requirements(profile, devices(profile, fabric=True))
    trainer |= {"resourcesPerNode": asked} if asked else {}
    trainer |= {"env": _variables(profile)} if environment(profile) else {}
    spec: Manifest = {"runtimeRef": {"name": runtime}, "trainer": trainer}
    if profile.queue is not None:
        spec["suspend"] = True
    if profile.max_lifetime is not None:
        spec["activeDeadlineSeconds"] = math.ceil(profile.max_lifetime)
    patch = _training_pod(profile)
    if patch:
        node = {"name": "node", "template": {"spec": {"template": patch}}}
        jobs = {"template": {"spec": {"replicatedJobs": [node]}}}
        spec["runtimePatches"] = [{"manager": PATCHES_BY, "trainingRuntimeSpec": jobs}]
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {
            "name": profile.id,
            "labels": {PROFILE_LABEL: profile.id, **_queue_labels(profile)},
        },
        "spec": spec,
    }


RENDERERS: dict[str, Callable[[Catalogue, ComputeProfile], Manifest]] = {
    "kubespawner": as_kubespawner,
    "job": as_job,
    "trainjob": as_trainjob,
}


def _training_pod(profile: ComputeProfile) -> Manifest:
    """What a profile changes in the pods of a training job."""
    container: Manifest = {"name": "node"}
    pod = _placement(profile)
    annotations: dict[str, str] = {}
    topology, fabric = profile.topology, profile.fabric
    if topology is not None and topology.by == "kueue":
        annotations[TOPOLOGY.format("required" if topology.required else "preferred")] = (
            topology.label
        )
    elif topology is not None:
        pod["affinity"] = _near(profile.id, topology.label, required=topology.required)
    if fabric is not None:
        # RDMA pins memory.
        container["securityContext"] = {"capabilities": {"add": ["IPC_LOCK"]}}
        if fabric.networks:
            annotations[NETWORKS] = ", ".join(fabric.networks)
    shm = shm_volume(profile)
    if shm is not None:
        pod["volumes"] = [shm]
        container["volumeMounts"] = [dict(SHM_MOUNT)]
    if len(container) > 1:
        pod["containers"] = [container]
    patch: Manifest = {"metadata": {"annotations": annotations}} if annotations else {}
    return {**patch, "spec": pod} if pod else patch


def _near(name: str, label: str, *, required: bool) -> Manifest:
    """Pods of a training job go where its others are; its name is that of its JobSet."""
    term = {"labelSelector": {"matchLabels": {JOBSET_NAME: name}}, "topologyKey": label}
    kind = "DuringSchedulingIgnoredDuringExecution"
    if required:
        return {"podAffinity": {f"required{kind}": [term]}}
    return {"podAffinity": {f"preferred{kind}": [{"weight": 100, "podAffinityTerm": term}]}}


def _placement(profile: ComputeProfile) -> Manifest:
    placed: Manifest = {"nodeSelector": profile.labels} if profile.labels else {}
    return placed | ({"tolerations": tolerations(profile)} if profile.tolerations else {})


def _requirements(profile: ComputeProfile, asked: dict[str, str]) -> Manifest:
    amounts: dict[str, str] = {}
    if profile.cpu is not None:
        amounts["cpu"] = cores_text(profile.cpu)
    if profile.memory is not None:
        amounts["memory"] = bytes_text(profile.memory)
    amounts |= asked
    return {"limits": amounts, "requests": dict(amounts)} if amounts else {}


def _image(catalogue: Catalogue, profile: ComputeProfile) -> Manifest:
    image = catalogue.image(profile)
    return {} if image is None else {"image": image}


def _variables(profile: ComputeProfile) -> list[Manifest]:
    return [{"name": name, "value": value} for name, value in environment(profile).items()]


def _queue_labels(profile: ComputeProfile) -> dict[str, str]:
    if profile.queue is None:
        return {}
    priority = {PRIORITY: profile.priority} if profile.priority is not None else {}
    return {QUEUE: profile.queue, **priority}


def rendered(
    catalogue: Catalogue, kind: str, ids: Sequence[str] = (), **options: Any
) -> list[Manifest]:
    """The profiles as one of `RENDERERS` writes them; all of them when none is named.

    Raises:
        KeyError: There is no profile with one of the ids.
    """
    chosen = list(catalogue.profiles)
    if ids:
        known = {profile.id: profile for profile in catalogue.profiles}
        chosen = [known[id] for id in ids]
    return [RENDERERS[kind](catalogue, profile, **options) for profile in chosen]
