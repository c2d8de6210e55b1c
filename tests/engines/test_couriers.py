"""Runs without a way to the gateway: their manifests, and the order in which couriers go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.run import PodReport, Receipt, RunSpec, Stored
from jupyter_challenge.engines import couriers, jobs
from jupyter_challenge.engines.base import RunHandle, RunState
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from jupyter_challenge.engines.namespaces import namespace_objects
from tests.engines.small_challenge import SmallChallenge
from tests.engines.test_jobs import SETTINGS
from tests.small_api_server import Object, SmallApiServer, now, small_api_server

CARRIED = replace(SETTINGS, exchange_class="fast")
NAMESPACE = "challenge-run-small"
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {
    "conditions": [
        {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}
    ]
}


class Sealed:
    """What was handed in."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def hand_in(self, report: PodReport) -> None:
        self.files["report.json"] = report.model_dump_json().encode()

    def get(self, run_id: str, attempt: int, kind: str) -> Receipt | None:
        if kind != "run" or not self.files:
            return None
        files = {name: Stored(digest=name, size=len(each)) for name, each in self.files.items()}
        told = {"run_id": run_id, "attempt": attempt, "kind": "run", "namespace": NAMESPACE}
        at = datetime.now(timezone.utc)
        return Receipt.model_validate(
            {**told, "pod_uid": "uid", "digest": "all", "files": files, "at": at}
        )

    def read(self, digest: str) -> bytes:
        return self.files[digest]


@pytest.fixture
def spec(tmp_path: Path) -> RunSpec:
    return SmallChallenge(tmp_path).spec(b"").model_copy(update={"data_size": 500})


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as api:
        yield api


@pytest.fixture
def sealed() -> Sealed:
    return Sealed()


@pytest.fixture
def engine(api: SmallApiServer, sealed: Sealed, tmp_path: Path) -> KubernetesEngine:
    kubeconfig = api.kubeconfig(tmp_path / "kube")
    return KubernetesEngine(CARRIED, sealed, kubeconfig=kubeconfig)  # type: ignore[arg-type]


def made(api: SmallApiServer, resource: str) -> dict[str, Object]:
    """What there is in the runs' namespace, by how its name begins."""
    return {
        name.partition("-")[0]: found
        for (kind, namespace, name), found in api.objects.items()
        if kind == resource and namespace == NAMESPACE
    }


def test_the_runs_pod_has_neither_way_nor_token_and_its_step_neither_volume(
    spec: RunSpec,
) -> None:
    order = Order.of(spec)
    job = couriers.cut_off(jobs.run_job(order, CARRIED), order)

    pod = job["spec"]["template"]["spec"]
    assert "hostAliases" not in pod
    assert "token" not in json.dumps(pod["volumes"])
    assert "CHALLENGE_GATEWAY" not in json.dumps(pod)
    prepare, upload = pod["initContainers"]
    (main,) = pod["containers"]
    exchanged = {"given", "made"}
    assert not exchanged & {mount["name"] for mount in main["volumeMounts"]}
    for each in (prepare, upload):
        mounts = {mount["name"]: mount for mount in each["volumeMounts"]}
        assert exchanged <= set(mounts) and "token" not in mounts
        assert mounts["given"]["readOnly"] is True
    # All else is as it is where the gateway is reached.
    whole = jobs.run_job(order, CARRIED)["spec"]["template"]["spec"]
    assert pod["containers"] == whole["containers"]
    assert pod["securityContext"] == whole["securityContext"]


@pytest.mark.parametrize("which", couriers.COURIERS)
def test_a_courier_has_a_token_and_no_code_of_anybody(
    which: couriers.Courier, spec: RunSpec
) -> None:
    job = couriers.job(which, Order.of(spec), CARRIED)

    pod = job["spec"]["template"]["spec"]
    (only,) = pod["containers"]
    assert only["image"] == CARRIED.steps_image
    assert only["command"][-1] == which
    mounts = {mount["name"]: mount.get("readOnly", False) for mount in only["volumeMounts"]}
    expected = {"token": True, "given": False, "made": True}
    if which == "take":
        del expected["given"]
    assert mounts == expected
    assert {volume["name"] for volume in pod["volumes"]} == set(expected)
    assert pod["automountServiceAccountToken"] is False
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels[f"{jobs.DOMAIN}/step"] == couriers.COURIER


def test_only_couriers_reach_the_gateway_and_evaluations_do() -> None:
    def egress(account: str) -> dict[str, tuple[Any, int]]:
        return {
            manifest["metadata"]["name"]: (
                manifest["spec"]["podSelector"],
                len(manifest["spec"]["egress"]),
            )
            for resource, manifest in namespace_objects("some", account, CARRIED)
            if resource == "networkpolicies"
        }

    step = {"matchLabels": {f"{jobs.DOMAIN}/step": couriers.COURIER}}
    assert egress("run") == {"nothing": ({}, 0), "gateway-only": (step, 1)}
    assert egress("evaluate") == {"gateway-only": ({}, 1)}


def test_couriers_go_before_and_after_the_run(
    api: SmallApiServer, engine: KubernetesEngine, sealed: Sealed, spec: RunSpec
) -> None:
    handle = engine.start(spec)
    assert engine.find(spec.run_id) == handle
    assert set(made(api, "jobs")) == {"bring"}
    claims = made(api, "persistentvolumeclaims")
    assert set(claims) == {"given", "made"}
    for claim in claims.values():
        assert claim["spec"]["storageClassName"] == "fast"
        (owner,) = claim["metadata"]["ownerReferences"]
        assert owner["uid"] == made(api, "jobs")["bring"]["metadata"]["uid"]
    assert engine.status(handle).state is RunState.PENDING
    assert set(made(api, "jobs")) == {"bring"}

    made(api, "jobs")["bring"]["status"] = COMPLETE
    assert _later(engine, handle).state is RunState.PENDING
    assert set(made(api, "jobs")) == {"bring", "run"}

    ended(api, "run")
    assert _later(engine, handle).state is RunState.RUNNING
    assert set(made(api, "jobs")) == {"bring", "run", "take"}
    assert _later(engine, handle).state is RunState.RUNNING

    made(api, "jobs")["take"]["status"] = COMPLETE
    sealed.hand_in(PodReport(ended=True))
    assert _later(engine, handle).state is RunState.RUNNING
    assert [key for key in api.objects if key[0] == "jobs" and "evaluation" in key[1]]

    engine.cancel(handle)
    assert made(api, "jobs") == {}


def test_what_the_last_courier_found_nothing_of_is_lost(
    api: SmallApiServer, engine: KubernetesEngine, spec: RunSpec
) -> None:
    handle = engine.start(spec)
    made(api, "jobs")["bring"]["status"] = COMPLETE
    _later(engine, handle)
    ended(api, "run")
    _later(engine, handle)
    made(api, "jobs")["take"]["status"] = COMPLETE

    status = _later(engine, handle)

    assert status.state is RunState.FAILED
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.OUTPUT_LOST


def test_a_courier_that_does_not_come_is_the_platforms_fault(
    api: SmallApiServer, engine: KubernetesEngine, spec: RunSpec
) -> None:
    handle = engine.start(spec)
    made(api, "jobs")["bring"]["status"] = FAILED

    status = _later(engine, handle)

    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR
    assert "DeadlineExceeded: too long" in status.failure.detail
    assert set(made(api, "jobs")) == {"bring"}


def test_what_a_courier_hands_in_itself_is_why_the_run_failed(
    api: SmallApiServer, engine: KubernetesEngine, sealed: Sealed, spec: RunSpec
) -> None:
    handle = engine.start(spec)
    made(api, "jobs")["bring"]["status"] = FAILED
    said = {"failure_class": "data_missing", "step": "prepare", "detail": "train is gone"}
    sealed.hand_in(PodReport.model_validate({"ended": True, "failure": said}))

    status = _later(engine, handle)

    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.DATA_MISSING


def _later(engine: KubernetesEngine, handle: RunHandle) -> Any:
    engine._jobs._seen.forget()
    return engine.status(handle)


def ended(api: SmallApiServer, step: str) -> None:
    """Have a Job's pod end well."""
    job = made(api, "jobs")[step]
    labels = {**job["metadata"]["labels"], "batch.kubernetes.io/job-name": job["metadata"]["name"]}
    meta = api.add_pod(NAMESPACE, labels)
    began = {"startedAt": now(), "finishedAt": now(), "exitCode": 0}
    api.objects["pods", NAMESPACE, meta["name"]]["status"] = {
        "phase": "Succeeded",
        "containerStatuses": [{"name": step, "state": {"terminated": began}}],
    }
    job["status"] = COMPLETE
