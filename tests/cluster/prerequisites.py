"""What a cluster has to have for tests that need more than a platform: skipped where it is missing.

docs/developers/cluster.md has the same as a table, for who points KUBECONFIG at a cluster.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from tests.cluster.hub_place import HOST
from tests.cluster.kit.inside.kueue import SHARES
from tests.cluster.kubectl import Cluster, probe_pod

OURS = tuple(
    f"docker.io/jupyter-challenge/{part}:test" for part in ("service", "steps", "notebook")
)
ALL = (*OURS, *(f"cluster.test/{name}:1" for name in ("probe", "minio", "postgres")))
"""Images that a platform of the tests is made of, or looked at with."""
SUBMITTED = ("cluster.test/submitted:good",)
DATA = ("cluster.test/data:good", "cluster.test/data:hostile", *SUBMITTED)
STORAGE_CLASS = "test-volumes"
SLICE = "nvidia.com/mig-1g.10gb"
GPU = "nvidia.com/gpu"
PULL_SECONDS = 90.0
"""Within which an image has to be there that no node has yet."""

NO_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
Missing = Callable[[Cluster], str]
"""Says in a few words what a cluster lacks; nothing where it has all."""


def images(*wanted: str) -> Missing:
    """Images that a node has, or can pull."""

    def missing(cluster: Cluster) -> str:
        there = {
            _full(name)
            for node in cluster.list("nodes")
            for image in node["status"].get("images", [])
            for name in image["names"]
        }
        unknown = [image for image in wanted if _full(image) not in there]
        lacking = _not_pulled(cluster, unknown) if unknown else []
        return f"image {', '.join(lacking)}" if lacking else ""

    return missing


def storage_class(cluster: Cluster) -> str:
    """Claims of the tests name their class."""
    there = cluster.try_kubectl("get", "storageclass", STORAGE_CLASS).returncode == 0
    return "" if there else f"storage class {STORAGE_CLASS}"


def default_storage_class(cluster: Cluster) -> str:
    """Claims of the tests that name no class get a volume."""
    default = "storageclass.kubernetes.io/is-default-class"
    marks = [each["metadata"].get("annotations", {}) for each in cluster.list("storageclasses")]
    return "" if any(each.get(default) == "true" for each in marks) else "default storage class"


def resource(name: str) -> Missing:
    """A node that offers a resource; nothing is done with it."""

    def missing(cluster: Cluster) -> str:
        nodes = cluster.list("nodes")
        offered = [node["status"].get("allocatable", {}).get(name, "0") for node in nodes]
        return "" if any(each != "0" for each in offered) else f"node with {name}"

    return missing


def kueue(cluster: Cluster) -> str:
    """Kueue, which looks after Jobs and counts as the tests expect it to."""
    where = ("-n", "kueue-system", "get", "configmap", "kueue-manager-config", "-o", "json")
    said = cluster.try_kubectl(*where)
    if said.returncode:
        return "Kueue in kueue-system"
    for text in json.loads(said.stdout).get("data", {}).values():
        settings = yaml.safe_load(text)
        if isinstance(settings, dict) and settings.get("admissionFairSharing") == SHARES:
            return ""
    return "Kueue set up as tests/cluster/kit/inside/kueue.py does"


def place_for_a_hub(_: Cluster) -> str:
    """An address of this machine at which pods find a hub of the tests."""
    try:
        socket.create_server((HOST, 0)).close()
    except OSError:
        return f"address {HOST} on this machine (HUB_HOST: one that pods reach)"
    return ""


_GPU_QUEUE = (kueue, resource(GPU))
_HUB = (place_for_a_hub,)
NEEDED: Mapping[str, Sequence[Missing]] = {
    "test_attacks": (images("cluster.test/submitted:told"),),
    "test_containers": (images(*SUBMITTED),),
    "test_data_image": (images(*DATA),),
    "test_couriers": (storage_class, images(*DATA), kueue),
    "test_volumes": (default_storage_class,),
    "test_queues": (kueue, resource(SLICE)),
    "test_hub": _HUB,
    "test_hub::test_whoever_waits_knows_their_place_and_whoever_is_preempted_why": _GPU_QUEUE,
    "test_hub_service": _HUB,
    "test_hub_story": (*_HUB, *_GPU_QUEUE, default_storage_class),
    "test_storage": (*_HUB, default_storage_class),
    "test_kfp_runs::test_one_task_follows_the_whole_run_where_that_is_set_and_couriers_carry_it": (
        storage_class,
    ),
}
"""What the tests of a file need, or a single test of it."""


def lacking(kubeconfig: str, module: str, test: str) -> str:
    """What a cluster lacks for a test, as a sentence; empty where it has all of it."""
    needs = [images(*ALL), *NEEDED.get(module, ()), *NEEDED.get(f"{module}::{test}", ())]
    found = [said for each in needs if (said := _asked(kubeconfig, each))]
    return f"The cluster has no {'; no '.join(found)}." if found else ""


@lru_cache(maxsize=64)
def _asked(kubeconfig: str, missing: Missing) -> str:
    """Each thing is asked once: a cluster does not get it while tests run."""
    return missing(Cluster(Path(kubeconfig)))


def _full(image: str) -> str:
    """An image's name as nodes have it."""
    first, _, rest = image.partition("/")
    known = rest and ("." in first or ":" in first or first == "localhost")
    return image if known else f"docker.io/{image if rest else f'library/{image}'}"


def _not_pulled(cluster: Cluster, wanted: Sequence[str]) -> list[str]:
    """Which images a pod does not get."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    pod = probe_pod(namespace, "images", ["true"])
    (one,) = pod["spec"]["containers"]
    names = {f"image-{number}": image for number, image in enumerate(wanted)}
    pod["spec"]["containers"] = [
        {**one, "name": name, "image": image} for name, image in names.items()
    ]
    cluster.kubectl("create", "namespace", namespace)
    try:
        cluster.apply(pod)
        end = time.monotonic() + PULL_SECONDS
        while time.monotonic() < end:
            status = cluster.get("pod", "images", namespace)["status"]
            states = {each["name"]: each for each in status.get("containerStatuses", [])}
            waits = {
                name: each.get("state", {}).get("waiting", {}).get("reason", "")
                for name, each in states.items()
            }
            known = [name for name in names if waits.get(name) in NO_IMAGE or
                     states.get(name, {}).get("imageID")]  # fmt: skip
            if len(known) == len(names):
                return [names[name] for name in names if waits.get(name) in NO_IMAGE]
            time.sleep(1)
        return [names[name] for name in names if name not in known]
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
