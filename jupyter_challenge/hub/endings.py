"""Why a server ended that nobody stopped, in a sentence for whoever worked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_challenge.hub.machines import Object

if TYPE_CHECKING:
    from jupyter_challenge.hub.queues import Workload

NOTEBOOK = "notebook"
"""What KubeSpawner calls the container of a server."""
SAVED = "What you saved is where it was."

EVICTIONS = {
    "Preempted": "It had to make way for something of a higher priority in its queue.",
    "ClusterQueueStopped": "An admin stopped its queue.",
    "LocalQueueStopped": "An admin stopped its queue.",
    "AdmissionCheck": "Its queue took its place back.",
    "NodeFailures": "The machine that it was on failed.",
    "PodsReadyTimeout": "It was not ready in time, and its place went to the next in its queue.",
    "MaximumExecutionTimeExceeded": "It was there for as long as its queue lets anything be.",
    "RequeuingLimitExceeded": "It was not ready in time too often.",
    "Deactivated": "An admin took it out of its queue.",
}
"""By Kueue's reasons, or what they contain: DeactivatedDueToAdmissionCheck."""
DISRUPTIONS = {
    "PreemptionByScheduler": "It had to make way for something of a higher priority.",
    "DeletionByTaintManager": "The machine that it was on is not to be used any more.",
    "EvictionByEvictionAPI": "The machine that it was on is being emptied, for maintenance mostly.",
    "DeletionByPodGC": "The machine that it was on is gone.",
}
REFUSALS = {
    "NodeShutdown": "The machine that it was on was shut down.",
    "Terminated": "The machine that it was on was shut down.",
    "Preempting": "It had to make way for something that its machine itself needs.",
    "OutOf": "What it needs of its machine was taken by something else first. Try again.",
    "UnexpectedAdmissionError": "Its machine could not give it what it needs. Try again.",
    "NodeAffinity": "Its machine is of another kind now. Try again.",
}
"""By the kubelet's reasons, or what these begin with: OutOfcpu."""


def of_workload(found: Workload) -> str:
    """Why Kueue took a server's place; nothing if it did not."""
    evicted = found.conditions.get("Evicted")
    if evicted is None or not evicted.true or not found.pod:
        return ""
    why = next(
        (said for reason, said in EVICTIONS.items() if reason in evicted.reason),
        "Its queue took its place back.",
    )
    return f"Your server was ended. {why} {SAVED}"


def of_pod(found: Object) -> str:
    """Why a server's pod ends or ended; nothing while it runs, or if that can't be told."""
    status = found.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            why = DISRUPTIONS.get(condition.get("reason", ""))
            if why is not None:
                return f"Your server was ended. {why} {SAVED}"
    if status.get("phase") == "Failed":
        if status.get("reason") == "DeadlineExceeded":
            return f"Your server was there for as long as its profile allows, and ended. {SAVED}"
        if status.get("reason") == "Evicted":
            return (
                f"Your server was ended: {_evicted(status.get('message', ''))} Files that are not "
                "on a volume, /tmp among them, are gone."
            )
        for reason, why in REFUSALS.items():
            if status.get("reason", "").startswith(reason):
                return f"Your server was ended. {why} {SAVED}"
    if (found.get("metadata") or {}).get("deletionTimestamp"):
        return ""  # what its program says to that is no reason
    for container in status.get("containerStatuses") or ():
        ended = (container.get("state") or {}).get("terminated")
        if container["name"] == NOTEBOOK and ended:
            return _exited(ended)
    return ""


def _exited(ended: Object) -> str:
    if ended.get("reason") == "OOMKilled":
        return (
            "Your server needed more memory than its profile has, and was killed. Choose a profile "
            f"with more, or load less at a time. {SAVED}"
        )
    if ended.get("exitCode") == 0:
        return f"Your server ended by itself: it did nothing for a while, or was told to. {SAVED}"
    return f"Your server failed (exit code {ended.get('exitCode')}). {SAVED}"


def _evicted(message: str) -> str:
    for word, said in (
        ("low on resource: memory", "the machine that it was on ran out of memory."),
        ("low on resource: pids", "the machine that it was on had too many processes."),
        ("low on resource", "the disk of the machine that it was on was full."),
        ("EmptyDir", "it put more into a temporary volume, such as /dev/shm, than fits there."),
        ("ephemeral", "it wrote more to its local disk than it may."),
    ):
        if word in message:
            return said
    return "the machine that it was on had no room for it any more."
