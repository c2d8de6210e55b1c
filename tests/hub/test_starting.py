"""What is said of a server that starts, or does not: by the words of Kueue, scheduler and kubelet.

The words are those of Kueue 0.19.2 (pkg/scheduler, pkg/controller/core), and of Kubernetes 1.36
(pkg/scheduler/framework/plugins, pkg/kubelet) with containerd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jupyter_challenge.hub import starting
from jupyter_challenge.hub.capacity import Turn
from jupyter_challenge.hub.queues import Workload, read_workload
from tests.hub.test_queues import workload

GPU = "nvidia.com/gpu"
PULL = 'failed to pull and unpack image "docker.io/lab/gpu:1": failed to resolve reference '


def queued(message: str = "", *, reserved: str = "False", **more: Any) -> Workload:
    said = {"type": "QuotaReserved", "status": reserved, "reason": "Pending", "message": message}
    conditions = [said, *more.pop("conditions", ())]
    return read_workload(workload("ida", 0, conditions=conditions, **more))


def pod(*, gated: bool = False, scheduled: Any = True, **more: Any) -> dict[str, Any]:
    """A pod; `scheduled` is True, or the scheduler's words of why it is not."""
    if scheduled is True:
        condition = {"type": "PodScheduled", "status": "True"}
    else:
        condition = {
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": scheduled,
        }  # fmt: skip
    status: dict[str, Any] = {"phase": "Pending", "conditions": [condition]}
    for name in ("containerStatuses", "initContainerStatuses", "phase", "reason", "message"):
        if name in more:
            status[name] = more[name]
    return {
        "metadata": {"name": "jupyter-ida", "namespace": "hub", "uid": "uid-ida"},
        "spec": {
            "schedulingGates": [{"name": "kueue.x-k8s.io/admission"}] if gated else None,
            "containers": [{"name": "notebook", "image": "lab/gpu:1"}],
            "initContainers": [{"name": "prepare", "image": "lab/prepare:1"}],
        },
        "status": status,
    }


def waiting(reason: str, message: str = "", name: str = "notebook") -> list[dict[str, Any]]:
    state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return [{"name": name, "restartCount": 0, "state": state}]


def crashed(times: int, **last: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": "notebook",
            "restartCount": times,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": last},
        }
    ]


FLAVORS = "couldn't assign flavors to pod set main: "
IN_USE = f"insufficient unused quota for {GPU} in flavor h100, 1 more needed"
TOO_MUCH = (
    f"insufficient quota for {GPU} in flavor t4, previously considered podsets requests (0) "
    "+ current podset request (8) > maximum capacity (4)"
)
MISMATCH = "flavor cpus doesn't match node affinity"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (FLAVORS + IN_USE, "All that the queue may use is in use."),
        (FLAVORS + f"{MISMATCH}, {IN_USE}", "All that the queue may use is in use."),
        ("Workload no longer fits after processing another workload", "All that the queue may"),
        (FLAVORS + IN_USE + ". Pending the preemption of 1 workload(s)", "about to make way"),
        ("LocalQueue notebooks is stopped", "An admin has stopped the queue"),
        ("ClusterQueue gpus is stopped", "An admin has stopped the queue"),
        ("ClusterQueue gpus is inactive", "The queue is closed"),
        ("LocalQueue notebooks is inactive", "The queue is closed"),
        (
            "waiting for all admitted workloads to be in PodsReady condition",
            "until those before you have started",
        ),
        ("", "your place is kept"),
        ("words that nobody knows", "your place is kept"),
    ],
)
def test_why_a_turn_has_not_come_yet(message: str, words: str) -> None:
    waits = pod(gated=True)
    told = starting.told(waits, queued(message), Turn(1, 1, None))

    assert told.message.startswith("You are next in the queue. ")
    assert words in told.message
    assert starting.failed(waits, queued(message), since=10_000) is None


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (None, "Your server waits in its queue. All"),
        (Turn(1, 3, 20), "You are next in the queue; it takes less than a minute. All"),
        (Turn(2, 3, 600), "You are number 2 of 3 in the queue; it takes about 10 minutes. All"),
        (Turn(3, 3, None), "You are number 3 of 3 in the queue. All"),
    ],
)
def test_a_place_in_the_queue(turn: Turn | None, words: str) -> None:
    assert starting.told(pod(gated=True), queued(IN_USE), turn).message.startswith(words)


def test_before_kueue_has_seen_it() -> None:
    assert starting.told(None, None, None).message == "Your server is being made."
    told = starting.told(pod(gated=True), None, None)
    assert told.message == "Your server is being put into its queue."
    assert starting.failed(pod(gated=True), None, since=10_000) is None


def test_a_place_that_is_reserved_while_machines_are_made() -> None:
    reserved = queued("Quota reserved in ClusterQueue gpus", reserved="True")

    told = starting.told(pod(gated=True), reserved, Turn(1, 1, None))

    assert "Your place is reserved" in told.message


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("LocalQueue notebooks doesn't exist", 'Its queue "notebooks" is not there.'),
        ("LocalQueue notebooks is terminating or missing", 'Its queue "notebooks" is not there.'),
        (
            "ClusterQueue gpus doesn't exist",
            'leads nowhere. Tell an admin: the ClusterQueue "gpus"',
        ),
        ("ClusterQueue gpus is terminating or missing", "leads nowhere"),
        ("ClusterQueue gpus not found", "leads nowhere"),
        ("workload namespace doesn't match ClusterQueue selector", "not for servers of this hub"),
        (FLAVORS + f"resource {GPU} unavailable in ClusterQueue", f"knows no {GPU}."),
        (FLAVORS + TOO_MUCH, "more than its queue ever has"),
        (FLAVORS + f"{MISMATCH}, {TOO_MUCH}", "more than its queue ever has"),
        (FLAVORS + MISMATCH, "has no machines of this kind"),
        (
            FLAVORS + "untolerated taint {gpu h100 NoSchedule <nil>} in flavor h100",
            "has no machines of this kind",
        ),
        (  # of the same kind of nodes: what is in use would be enough, what is not there never
            FLAVORS + f"{TOO_MUCH}, insufficient unused quota for cpu in flavor t4, 1 more needed",
            "more than its queue ever has",
        ),
    ],
)
def test_why_a_turn_will_never_come(message: str, words: str) -> None:
    failed = starting.failed(pod(gated=True), queued(message), since=0)

    assert failed is not None
    assert words in failed.message
    assert failed.reason == "queue"


def test_one_kind_of_nodes_that_is_merely_in_use_is_enough() -> None:
    mixed = queued(FLAVORS + f"{TOO_MUCH}, {IN_USE}")

    assert starting.failed(pod(gated=True), mixed, since=10_000) is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("The workload is deactivated", "Your server was taken out of its queue. Try again"),
        (
            "The workload is deactivated due to AdmissionCheck in Rejected state: "
            '"make-nodes" (no more machines)',
            'queue: AdmissionCheck in Rejected state: "make-nodes" (no more machines).',
        ),
    ],
)
def test_a_server_that_was_taken_out_of_its_queue(message: str, words: str) -> None:
    evicted = {"type": "Evicted", "status": "True", "reason": "Deactivated", "message": message}
    gone = queued("", conditions=[evicted], active=False)

    failed = starting.failed(pod(gated=True), gone, since=0)

    assert failed is not None
    assert words in failed.message


BOUND = "pod has unbound immediate PersistentVolumeClaims"
HELP = " preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("1 Insufficient nvidia.com/gpu, 2 node(s) didn't match Pod's node affinity/selector.",
         "all that fit are taken"),
        ("3 Insufficient cpu, 2 Insufficient memory.", "all that fit are taken"),
        ("3 Too many pods.", "all that fit are taken"),
        ("3 node(s) didn't match Pod's node affinity/selector.", "there is none of this kind"),
        ("1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector.",
         "those with room are kept for others"),
        ("1 node(s) had untolerated taint {nvidia.com/gpu: present}.",
         "those with room are kept for others"),
        ("1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
         "those of this kind are closed at the moment"),
        ('persistentvolumeclaim "claim-ida" not found.', "one of its volumes is not there"),
        ('persistentvolumeclaim "claim-ida" is being deleted.', "one of its volumes is not there"),
        (f"{BOUND}.", "one of its volumes has not been made yet"),
        ("3 node(s) didn't find available persistent volumes to bind.",
         "one of its volumes can't be used on any that has room"),
        ("1 Insufficient cpu, 2 node(s) didn't match PersistentVolume's node affinity.",
         "one of its volumes can't be used on any that has room"),
        ("3 node(s) exceed max volume count.", "one of its volumes can't be used"),
        ("3 node(s) did not have enough free storage.", "none has the storage"),
        ("3 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode "
         "already in-use by another pod.", "one of its volumes is in use by something else"),
        ("3 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).",
         "one of its volumes is not there"),
        ("3 node(s) didn't match pod topology spread constraints.", "none can take it"),
    ],
)  # fmt: skip
def test_why_no_machine_takes_a_server(message: str, words: str) -> None:
    stuck = pod(scheduled=f"0/3 nodes are available: {message}{HELP}")

    told = starting.told(stuck, None, None)
    late = starting.too_late(stuck, 300)

    assert told.message.startswith(f"Waiting for a machine: {words}")
    assert late.message.startswith(f"No machine took your server within 5 minutes: {words}")
    assert late.reason == "unschedulable"


@pytest.mark.parametrize(
    ("reason", "message", "since", "fails"),
    [
        ("ErrImagePull", PULL + '"docker.io/lab/gpu:1": docker.io/lab/gpu:1: not found', 0, True),
        ("ErrImagePull", PULL + '"lab/gpu:1": pull access denied, repository does not exist or may '
         "require authorization: server message: insufficient_scope: failed", 0, True),
        ("ErrImagePull", PULL + "unexpected status from HEAD request: 401 Unauthorized: "
         "unauthorized: authentication required", 0, True),
        ("ImagePullBackOff", 'Back-off pulling image "lab/gpu:1": ErrImagePull: ' + PULL
         + "manifest unknown", 0, True),
        ("ErrImagePull", PULL + "dial tcp 10.0.0.7:443: connect: connection refused", 0, False),
        ("ErrImagePull", PULL + "dial tcp 10.0.0.7:443: connect: connection refused", 60, True),
        ("ImagePullBackOff", 'Back-off pulling image "lab/gpu:1"', 10, False),
        ("ImagePullBackOff", 'Back-off pulling image "lab/gpu:1"', 60, True),
        ("RegistryUnavailable", "", 60, True),
        ("SignatureValidationFailed", "image pull failed as the signature validation failed", 60,
         True),
        ("ErrImageNeverPull", 'Container image "lab/gpu:1" is not present with pull policy of '
         "Never", 0, True),
        ("InvalidImageName", 'Failed to apply default image tag "lab/gpu:1:1": couldn\'t parse', 0,
         True),
    ],
)  # fmt: skip
def test_an_image_that_can_not_be_had(reason: str, message: str, since: float, fails: bool) -> None:
    stuck = pod(containerStatuses=waiting(reason, message))

    failed = starting.failed(stuck, None, since=since)

    if not fails:
        assert failed is None
        assert "trying again" in starting.told(stuck, None, None).message
        return
    assert failed is not None and failed.reason == "image"
    assert failed.message.startswith('The image of your server can\'t be had: "lab/gpu:1". ')


def test_an_image_of_a_container_before_the_server() -> None:
    stuck = pod(
        initContainerStatuses=waiting("ErrImagePull", "not found", "prepare"),
        containerStatuses=waiting("PodInitializing"),
    )

    failed = starting.failed(stuck, None, since=0)

    assert failed is not None and '"lab/prepare:1"' in failed.message


@pytest.mark.parametrize(
    ("statuses", "since", "words", "reason"),
    [
        pytest.param(
            waiting("CreateContainerConfigError", 'secret "hub-keys" not found'), 60,
            'Tell an admin: secret "hub-keys" not found.', "config", id="configuration",
        ),
        pytest.param(
            waiting("CreateContainerError", "context deadline exceeded"), 10, "", "", id="not yet",
        ),
        pytest.param(
            crashed(3, reason="Error", exitCode=1), 0,
            "ends as soon as it has started (exit code 1)", "crash", id="crash",
        ),
        pytest.param(crashed(2, reason="Error", exitCode=1), 0, "", "", id="may start yet"),
        pytest.param(
            crashed(3, reason="OOMKilled", exitCode=137), 0, "needs more memory", "memory",
            id="memory",
        ),
        pytest.param(
            crashed(
                1, reason="StartError", exitCode=128,
                message="failed to create containerd task: failed to create shim task: OCI runtime "
                'create failed: runc create failed: exec: "jupyterhub-singleuser": executable file '
                "not found in $PATH: unknown",
            ), 0, '"jupyterhub-singleuser": executable file not found', "image", id="no program",
        ),
        pytest.param(
            crashed(1, reason="StartError", exitCode=128, message="context deadline exceeded"), 0,
            "", "", id="a bad moment of the machine",
        ),
        pytest.param(waiting("ContainerCreating"), 10_000, "", "", id="being made"),
    ],
)  # fmt: skip
def test_a_program_that_does_not_start(
    statuses: Any, since: float, words: str, reason: str
) -> None:
    failed = starting.failed(pod(containerStatuses=statuses), None, since=since)

    if not words:
        assert failed is None
    else:
        assert failed is not None
        assert words in failed.message
        assert failed.reason == reason


def test_a_pod_that_failed_says_what_was_heard_of_its_end() -> None:
    ended = pod(phase="Failed", reason="OutOfnvidia.com/gpu", message="Pod was rejected: …")

    told = [starting.failed(ended, None, since=0, ended=said) for said in ("It was so.", "")]

    assert [each.message if each else "" for each in told] == [
        "It was so.",
        "Your server was ended. What it needs of its machine was taken by something else first. "
        "Try again. What you saved is where it was.",
    ]


def events(*reasons: str) -> Sequence[dict[str, Any]]:
    return [{"reason": reason} for reason in reasons]


@pytest.mark.parametrize(
    ("heard", "message", "progress"),
    [
        (events("Scheduled", "Pulling"), "Fetching the image to the machine", 50),
        (events("Scheduled", "Pulling", "Pulled", "Created"), "The image is on the machine.", 70),
        (events("FailedMount"), "Waiting for a volume to be attached.", 35),
        (events("SuccessfulAttachVolume"), "A volume is attached.", 40),
        (events("Scheduled", "Preempted"), "Your server is starting on its machine.", 80),
    ],
)
def test_what_a_machine_does_meanwhile(heard: Any, message: str, progress: int) -> None:
    told = starting.told(pod(containerStatuses=waiting("ContainerCreating")), None, None, heard)

    assert told.message.startswith(message)
    assert told.progress == progress


def test_what_was_before_it_runs_is_not_told_again() -> None:
    running = [{"name": "notebook", "state": {"running": {}}}]

    told = starting.told(pod(containerStatuses=running), None, None, events("Pulling"))

    assert told.message == "Your server is starting on its machine."


def test_a_pod_that_the_scheduler_has_not_seen() -> None:
    unseen = pod()
    unseen["status"]["conditions"] = []

    assert starting.told(unseen, None, None).message == "Looking for a machine."


def test_progress_only_grows() -> None:
    statuses = [waiting("ContainerCreating"), [{"name": "notebook", "state": {"running": {}}}]]
    told = [
        starting.told(None, None, None),
        starting.told(pod(gated=True), queued(IN_USE), None),
        starting.told(pod(scheduled="0/1 nodes are available: 1 Insufficient cpu."), None, None),
        *(starting.told(pod(containerStatuses=each), None, None) for each in statuses),
    ]

    progress = [each.progress for each in told]
    assert progress == sorted(progress)


def test_a_server_that_was_too_late() -> None:
    making = pod(containerStatuses=waiting("ContainerCreating"))

    assert "its image is large" in starting.too_late(making, 300).message
    assert starting.too_late(None, 300).message == "Your server did not start within 5 minutes."
    assert "for 4 hours and" in starting.waited_in_vain(4 * 3600).message


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "about 1 minute"),
        (100, "about 2 minutes"),
        (9 * 60, "about 9 minutes"),
        (12 * 60, "about 10 minutes"),
        (13 * 60, "about 15 minutes"),
        (54 * 60, "about 55 minutes"),
        (55 * 60, "about an hour"),
        (80 * 60, "about 1.5 hours"),
        (2 * 3600, "about 2 hours"),
        (9.9 * 3600, "about 10 hours"),
        (11 * 3600, "more than 10 hours"),
    ],
)
def test_a_time_in_words(seconds: float, said: str) -> None:
    assert starting.about(seconds) == said


def test_patience_with_a_registry_begins_when_it_fails() -> None:
    fetched, failing, again = (
        starting.state(pod(containerStatuses=waiting(reason)))
        for reason in ("ContainerCreating", "ErrImagePull", "ImagePullBackOff")
    )

    assert fetched != failing
    assert failing == again, "a registry that fails in turns is one wait"
