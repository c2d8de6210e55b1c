"""What a run has more where not even the gateway may be reached from it, as plain values.

Two volumes of its own, and a pod before and one after: couriers, the platform's alone. The first
puts what the run needs on one volume, which the run's pod mounts read-only; its sidecar leaves what
the run made on the other one, which the second courier hands in. The run's pod has no network at
all and no token; its own container mounts neither volume.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

from jupyter_challenge.engines.containers import Manifest, platform_container
from jupyter_challenge.engines.jobs import (
    DOMAIN,
    ORDER,
    PREPARE,
    UPLOAD,
    UPLOAD_RATE,
    ClusterSettings,
    Order,
    hardened,
    job_name,
    labels,
    token_volume,
)
from jupyter_challenge.steps.exchange import EXCHANGE, GIVEN, MADE

Courier = Literal["bring", "take"]
COURIERS: tuple[Courier, ...] = ("bring", "take")
COURIER = "courier"
"""The step that a courier's labels name: no step of a run, and by it the network knows them."""
KEPT_SECONDS = 7 * 86_400
"""As long as a run may wait in a queue at least: its volumes go with its first courier's Job."""

SLACK = 50_000_000
"""Bytes that a file system takes of a volume for itself."""


def courier_name(which: Courier, run_id: str, attempt: int) -> str:
    """The name of a courier's Job: the same for the same attempt, so that none is made twice."""
    return f"{which}-{job_name('run', run_id, attempt).partition('-')[2]}"


def claim_name(volume: str, run_id: str, attempt: int) -> str:
    """The name of the claim for one of an attempt's two volumes."""
    return f"{volume}-{job_name('run', run_id, attempt).partition('-')[2]}"


def claims(order: Order, settings: ClusterSettings, owner: Manifest) -> list[Manifest]:
    """The claims of an attempt; they go with the Job of its first courier.

    Args:
        order: The run.
        settings: What manifests are made with.
        owner: That Job, as the API server made it.
    """
    sizes = {GIVEN: order.volume + order.state, MADE: order.output + order.state}
    meta = owner["metadata"]
    owned = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"]}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": claim_name(volume, order.run_id, order.attempt),
                "namespace": meta["namespace"],
                "labels": meta["labels"],
                "ownerReferences": [owned],
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": settings.exchange_class,
                "resources": {"requests": {"storage": str(size + SLACK)}},
            },
        }
        for volume, size in sizes.items()
    ]


def job(which: Courier, order: Order, settings: ClusterSettings) -> Manifest:
    """The Job of a courier, which alone has a token and a way to the gateway."""
    made = platform_container(which, settings.steps_image, which, settings.gateway_url, order.ids)
    # The first has both, so that both are there, on nodes of one zone, before the run is.
    volumes = (GIVEN, MADE) if which == "bring" else (MADE,)
    mounts = [each for each in made["volumeMounts"] if each["name"] != "run"]
    mounts += [_mount(volume, read_only=volume == MADE) for volume in volumes]
    made["volumeMounts"] = mounts
    name = courier_name(which, order.run_id, order.attempt)
    marked = {**labels(order, "run"), f"{DOMAIN}/step": COURIER}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": settings.run_namespace(order.challenge_id),
            "labels": marked,
            "annotations": {ORDER: json.dumps(order.as_json(), sort_keys=True)},
        },
        "spec": {
            # What it does, it may do again.
            "backoffLimit": 3,
            "activeDeadlineSeconds": settings.start_seconds + carrying(order),
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {"labels": marked},
                "spec": {
                    **hardened("run", settings),
                    "containers": [made],
                    "volumes": [
                        token_volume("run", settings),
                        *(_volume(volume, order) for volume in volumes),
                    ],
                },
            },
        },
    }


def carrying(order: Order) -> int:
    """Seconds that a courier may take for all that it could have to carry, on a bad day."""
    return math.ceil((order.volume + order.state) / UPLOAD_RATE)


def cut_off(run: Manifest, order: Order) -> Manifest:
    """A run's Job without a way to the gateway: its platform containers use the volumes."""
    spec = run["spec"]
    pod: dict[str, Any] = {**spec["template"]["spec"]}
    pod.pop("hostAliases", None)
    pod["initContainers"] = [
        _by_volume(each) if each["name"] in {PREPARE["run"], UPLOAD} else each
        for each in pod["initContainers"]
    ]
    pod["volumes"] = [
        *(each for each in pod["volumes"] if each["name"] != "token"),
        _volume(GIVEN, order),
        _volume(MADE, order),
    ]
    template = {**spec["template"], "spec": pod}
    return {**run, "spec": {**spec, "template": template}}


def _by_volume(made: Manifest) -> Manifest:
    mounts = [each for each in made["volumeMounts"] if each["name"] != "token"]
    return {
        **made,
        "env": [each for each in made["env"] if each["name"] != "CHALLENGE_GATEWAY"],
        "volumeMounts": [*mounts, _mount(GIVEN, read_only=True), _mount(MADE)],
    }


def _mount(volume: str, *, read_only: bool = False) -> dict[str, Any]:
    mount = {"name": volume, "mountPath": f"{EXCHANGE}/{volume}"}
    return {**mount, "readOnly": True} if read_only else mount


def _volume(volume: str, order: Order) -> dict[str, Any]:
    claim = claim_name(volume, order.run_id, order.attempt)
    return {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
