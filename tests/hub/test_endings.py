"""Why a server ended, by the words of Kueue 0.19.2 and of Kubernetes 1.36."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.hub import endings
from jupyter_challenge.hub.queues import read_workload
from tests.hub.test_queues import workload


def evicted(reason: str, status: str = "True") -> str:
    condition = {"type": "Evicted", "status": status, "reason": reason, "message": "The words"}
    return endings.of_workload(read_workload(workload("a", 1, conditions=[condition])))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Preempted", "make way for something of a higher priority in its queue"),
        ("PodsReadyTimeout", "not ready in time, and"),
        ("AdmissionCheck", "Its queue took its place back"),
        ("ClusterQueueStopped", "An admin stopped its queue"),
        ("LocalQueueStopped", "An admin stopped its queue"),
        ("NodeFailures", "The machine that it was on failed"),
        ("Deactivated", "An admin took it out of its queue"),
        ("DeactivatedDueToAdmissionCheck", "Its queue took its place back"),
        ("DeactivatedDueToRequeuingLimitExceeded", "not ready in time too often"),
        ("DeactivatedDueToMaximumExecutionTimeExceeded", "as long as its queue lets anything be"),
        ("FlavorMigration", "Its queue took its place back"),
        ("ReasonOfALaterVersion", "Its queue took its place back"),
    ],
)
def test_why_kueue_took_a_place(reason: str, words: str) -> None:
    said = evicted(reason)

    assert said.startswith("Your server was ended. ")
    assert words in said
    assert said.endswith("What you saved is where it was.")


def test_who_was_not_evicted_did_not_end() -> None:
    assert evicted("Preempted", "False") == ""
    assert endings.of_workload(read_workload(workload("a", 1))) == ""


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "jupyter-ida"}, "status": {"phase": "Running", **status}}


def disrupted(reason: str) -> dict[str, Any]:
    return pod(conditions=[{"type": "DisruptionTarget", "status": "True", "reason": reason}])


def exited(name: str = "notebook", **how: Any) -> list[dict[str, Any]]:
    return [{"name": name, "state": {"terminated": how}}]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (disrupted("PreemptionByScheduler"), "make way for something of a higher priority"),
        (disrupted("DeletionByTaintManager"), "not to be used any more"),
        (disrupted("EvictionByEvictionAPI"), "is being emptied, for maintenance"),
        (disrupted("DeletionByPodGC"), "The machine that it was on is gone"),
        (
            pod(
                phase="Failed", reason="DeadlineExceeded",
                message="Pod was active on the node longer than the specified deadline",
            ),
            "as long as its profile allows",
        ),
        (
            pod(
                phase="Failed", reason="Terminated",
                message="Pod was terminated in response to imminent node shutdown.",
            ),
            "was shut down",
        ),
        (pod(phase="Failed", reason="OutOfcpu"), "taken by something else first"),
        (pod(phase="Failed", reason="Preempting"), "its machine itself needs"),
        (
            pod(containerStatuses=exited(reason="OOMKilled", exitCode=137)),
            "more memory than its profile has",
        ),
        (pod(containerStatuses=exited(reason="Completed", exitCode=0)), "ended by itself"),
        (pod(containerStatuses=exited(reason="Error", exitCode=3)), "failed (exit code 3)"),
    ],
)  # fmt: skip
def test_why_a_pod_ended(found: dict[str, Any], words: str) -> None:
    assert words in endings.of_pod(found)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ",
            "the machine that it was on ran out of memory",
        ),
        (
            "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: "
            "900Mi. Container notebook was using 2Gi, request is 0, has larger consumption of "
            "ephemeral-storage. ",
            "the disk of the machine that it was on was full",
        ),
        ("The node was low on resource: inodes. ", "the disk of the machine that it was on"),
        ("The node was low on resource: pids. ", "too many processes"),
        (
            'Container notebook exceeded its local ephemeral storage limit "1Gi". ',
            "it wrote more to its local disk than it may",
        ),
        (
            "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
            "it wrote more to its local disk than it may",
        ),
        (
            'Usage of EmptyDir volume "shm" exceeds the limit "1Gi". ',
            "it put more into a temporary volume, such as /dev/shm,",
        ),
        ("words that nobody knows", "had no room for it any more"),
    ],
)
def test_why_a_machine_put_a_pod_out(message: str, words: str) -> None:
    kubelet = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}
    put_out = pod(phase="Failed", reason="Evicted", message=message, conditions=[kubelet])

    said = endings.of_pod(put_out)

    assert words in said
    assert "/tmp among them, are gone" in said


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(pod(), id="it runs"),
        pytest.param({"metadata": {"name": "new"}}, id="it has no status yet"),
        pytest.param(pod(containerStatuses=exited("sidecar", exitCode=1)), id="another container"),
        pytest.param(
            pod(containerStatuses=[{"name": "notebook", "state": {"running": {}}}]), id="running"
        ),
    ],
)
def test_what_has_not_ended_has_no_reason(found: dict[str, Any]) -> None:
    assert endings.of_pod(found) == ""


def test_what_a_program_says_to_being_ended_is_no_reason() -> None:
    taken = pod(containerStatuses=exited(reason="Error", exitCode=143))
    taken["metadata"]["deletionTimestamp"] = "2026-11-30T08:00:00Z"

    assert endings.of_pod(taken) == ""
