"""Have a pod of the platform's plant words for the doctor, and take them back: see `planted_world`.

It is a Job made of the gateway's own Deployment: its image, its configuration, its keys, its
account and its network. It is never ready, so no Service leads to it. Whatever becomes of the
doctor, the Job's deadline ends it, and what ends it has it clean up.
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jupyter_challenge.core.canary import fresh, sought
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import OWN, ClusterSettings
from jupyter_challenge.engines.namespaces import GATEWAY_LABELS
from jupyter_challenge.engines.walls import report_of

START_SECONDS = 180
LIFE_SECONDS = 1_800
"""After so long it takes back what it planted, though nobody asks for it."""

GONE_SECONDS = 90
LOOK_EVERY = 0.5
SECRET_FOLDER = "/secrets/canary"


@dataclass(frozen=True)
class Planted:
    """What was planted, or why nothing was.

    Attributes:
        sought: Places by the digests of their words.
        address: Of the gateway that knows the doctor's pods.
        store: Address of the object store, empty where it has none.
        url: Its bucket.
        open: What the store lets anybody do; None where it knows no keys.
        why: Why nothing was planted.
    """

    sought: dict[str, str]
    address: str = ""
    store: str = ""
    url: str = ""
    open: list[str] | None = None
    why: str = ""


class Planting:
    """A pod that was asked to plant."""

    def __init__(self, api: ClusterApi, settings: ClusterSettings) -> None:
        """Prepare; nothing is made yet."""
        self._api = api
        self._settings = settings
        self._namespace = settings.platform_namespace
        self._name = f"challenge-doctor-{uuid.uuid4().hex[:8]}"
        self._secret = fresh()
        self._why = ""

    def begin(self, runs_in: str, evaluations_in: str) -> None:
        """Have it made; that it can't be is said by `wait`."""
        try:
            labels = ",".join(f"{key}={value}" for key, value in GATEWAY_LABELS.items())
            found = self._api.all("deployments", self._namespace, labels=labels)
            if not found:
                self._why = f"no Deployment of the gateway's in the namespace {self._namespace}"
                return
            job = self._api.create("jobs", self._job(found[0], runs_in, evaluations_in))
            self._api.create("secrets", self._word(job))
        except ApiRefused as refused:
            self._why = f"nothing could be planted: {refused}"

    def wait(self) -> Planted:
        """Wait until it has planted."""
        pod: dict[str, Any] | None = None
        end = time.monotonic() + START_SECONDS
        while not self._why and time.monotonic() < end:
            pod = self._pod()
            name = pod["metadata"]["name"] if pod is not None else ""
            printed = self._api.log(self._namespace, name, "doctor", 100_000) if name else b""
            told = report_of(printed)
            if told is not None and pod is not None:
                address = pod["status"]["podIP"]
                host = f"[{address}]" if ":" in address else address
                return Planted(
                    sought(self._secret), f"{host}:{self._settings.gateway_port}", **told
                )
            if pod is not None and pod["status"].get("phase") in {"Failed", "Succeeded"}:
                last = printed.decode(errors="replace").strip().splitlines()[-1:]
                self._why = f"the pod that plants ended: {' '.join(last) or 'without a word'}"
            time.sleep(LOOK_EVERY)
        return Planted({}, why=self._why or "the pod that plants does not start")

    def take_back(self) -> bool:
        """End it, and wait until it has taken back what it planted; whether it has."""
        for kind in ("jobs", "secrets"):
            self._api.delete(kind, self._name, self._namespace)
        end = time.monotonic() + GONE_SECONDS
        while self._pod() is not None:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_EVERY)
        return True

    def _pod(self) -> dict[str, Any] | None:
        found = self._api.all("pods", self._namespace, labels=f"job-name={self._name}")
        return found[0] if found else None

    def _word(self, job: Manifest) -> Manifest:
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": self._name}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self._name,
                "namespace": self._namespace,
                "labels": OWN,
                "ownerReferences": [{**owner, "uid": job["metadata"]["uid"]}],
            },
            "stringData": {"word": self._secret},
        }

    def _job(self, gateway: Manifest, runs_in: str, evaluations_in: str) -> Manifest:
        template = gateway["spec"]["template"]
        pod = copy.deepcopy(template["spec"])
        container = _container_at(pod["containers"], self._settings.gateway_port)
        command = ["jupyter-challenge", "doctor", "--keep", f"{SECRET_FOLDER}/word"]
        command += ["--namespace", runs_in, "--evaluation-namespace", evaluations_in]
        for name in ("args", "livenessProbe", "startupProbe", "lifecycle"):
            container.pop(name, None)
        container.update(name="doctor", command=command)
        container["readinessProbe"] = {"exec": {"command": ["false"]}, "periodSeconds": 3_600}
        mount = {"name": "canary", "mountPath": SECRET_FOLDER, "readOnly": True}
        container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
        canary = {"name": "canary", "secret": {"secretName": self._name, "defaultMode": 0o440}}
        pod.update(
            containers=[container],
            restartPolicy="Never",
            terminationGracePeriodSeconds=60,
            volumes=[*(pod.get("volumes") or []), canary],
        )
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": self._name, "namespace": self._namespace, "labels": OWN},
            "spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": LIFE_SECONDS,
                "ttlSecondsAfterFinished": 60,
                "template": {
                    "metadata": {"labels": (template.get("metadata") or {}).get("labels") or {}},
                    "spec": pod,
                },
            },
        }


@contextmanager
def planting(
    api: ClusterApi, settings: ClusterSettings, tell: Callable[[str], None]
) -> Iterator[Planting]:
    """A pod that plants for the time of a block, however that ends."""
    made = Planting(api, settings)
    try:
        yield made
    finally:
        if not made.take_back():
            tell("What was planted is not taken back yet; its pod does that when it ends.")


def _container_at(containers: list[Manifest], port: int) -> Manifest:
    """The container that listens on a port; the first where none says so."""
    for each in containers:
        if any(said.get("containerPort") == port for said in each.get("ports") or []):
            return each
    return containers[0]
