"""What Jobs and pods of every kind of end are taken for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_challenge.core.run import PodReport, ReceiptKind, RunFailure
from jupyter_challenge.engines.judging import (
    Look,
    Patience,
    Stage,
    ending,
    hopeless,
    overdue,
    overfull,
    settled,
)

BEGAN = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
LATER = BEGAN + timedelta(hours=2)
PATIENCE = Patience(room=3_600, image=120)
JOB: dict[str, Any] = {"metadata": {"creationTimestamp": "2026-07-01T12:00:00Z"}, "status": {}}
WELL = PodReport(ended=True)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ended(code: int = 0, reason: str = "", seconds: float = 10) -> dict[str, Any]:
    """The state of a container that has ended."""
    found = {"exitCode": code, "startedAt": at(0), "finishedAt": at(seconds)}
    return {"terminated": {**found, "reason": reason or ("Error" if code else "Completed")}}


def waits(reason: str, message: str = "so it is") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


RUNS = {"running": {"startedAt": at(0)}}
UNSEEN = {
    "exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": None, "finishedAt": None,
    "message": "The container could not be located when the pod was deleted.  The container used "
    "to be Running",
}  # fmt: skip


def look(
    kind: ReceiptKind = "run",
    prepare: dict[str, Any] | None = None,
    main: dict[str, Any] | None = None,
    **status: Any,
) -> Look:
    """A pod with states of its containers."""
    first, name = {"run": ("prepare", "run"), "evaluate": ("fetch", "evaluate")}[kind]
    found: dict[str, Any] = {"phase": "Running", "startTime": at(0), **status}
    if prepare is not None:
        found["initContainerStatuses"] = [{"name": first, "state": prepare}]
    if main is not None:
        found["containerStatuses"] = [{"name": name, "state": main}]
    return Look(kind, JOB, {"metadata": {}, "status": found})


def copying(state: dict[str, Any], **status: Any) -> Look:
    """A pod with a container that copies the data of an image, before anything else of the run."""
    found = look(prepare=ended(), main=waits("PodInitializing"), **status)
    assert found.pod is not None
    found.pod["status"]["initContainerStatuses"].append({"name": "data", "state": state})
    return found


def of_image(**states: Any) -> Look:
    """The same of a submitted image, whose `upload` waits beside it."""
    found = look(**states)
    assert found.pod is not None
    marked = {"labels": {"challenge.jupyter.org/source": "container"}}
    status = found.pod["status"]
    status["initContainerStatuses"] = [
        *status.get("initContainerStatuses", []), {"name": "upload", "state": RUNS},
    ]  # fmt: skip
    return Look("run", JOB, {"metadata": marked, "status": status})


def lost(found: Look, *containers: str, later: bool = False) -> Look:
    """The same as a kubelet tells it that has removed containers before it looked how they ended.

    So it was seen of pods that a kubelet 1.36 had evicted, of whichever container was dead first;
    and a quarter of a second later of the step's, as if it had ended twice.
    """
    assert found.pod is not None
    status = found.pod["status"]
    for each in (*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])):
        if each["name"] in containers:
            state = {"terminated": UNSEEN} if later else waits("PodInitializing", "")
            each |= {"state": state, "lastState": {"terminated": UNSEEN}}
    return found


def gone(found: Look, end: str) -> Look:
    """The same when the pod is gone and its Job has come to an end."""
    labels = (found.pod or {})["metadata"]
    done = {"conditions": [{"type": end, "status": "True"}]}
    return Look(found.kind, {"metadata": {**JOB["metadata"], **labels}, "status": done})


STAGES = {
    "no pod yet": (Look("run", JOB), Stage.WAITING),
    "pending": (look(phase="Pending"), Stage.WAITING),
    "prepare runs": (look(prepare=RUNS, main=waits("PodInitializing")), Stage.PREPARING),
    "the sidecar starts": (look(prepare=ended(), main=waits("PodInitializing")), Stage.PREPARING),
    "main runs": (look(prepare=ended(), main=RUNS), Stage.WORKING),
    "main has ended": (look(prepare=ended(), main=ended()), Stage.LEAVING),
    "succeeded": (look(prepare=ended(), main=ended(), phase="Succeeded"), Stage.OVER),
    "failed": (look(prepare=ended(1), phase="Failed"), Stage.OVER),
    "main has ended unseen": (lost(look(prepare=ended(), main=RUNS), "run"), Stage.LEAVING),
    "the pod is gone": (
        Look("run", {**JOB, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}),
        Stage.OVER,
    ),
}


@pytest.mark.parametrize("case", STAGES)
def test_how_far_it_is(case: str) -> None:
    found, expected = STAGES[case]
    assert found.stage is expected


OOM = ended(137, "OOMKilled")
DEADLINE = {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active too long"}
FULL = {
    "phase": "Failed",
    "reason": "Evicted",
    "message": 'Usage of EmptyDir volume "run" exceeds the limit "30Mi". ',
}
LOW = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
NODE_FULL = {
    "phase": "Failed",
    "reason": "Evicted",
    "message": "The node was low on resource: ephemeral-storage. Threshold quantity: 1, "
    "available: 0. Container run was using 5Mi, request is 0.",
}
TAKEN = {
    "phase": "Failed",
    "conditions": [
        {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    ],
}
SAID = PodReport(ended=True, failure=RunFailure(failure_class="cell_error", cell=3))
DIED = PodReport(ended=True, failure=RunFailure(failure_class="kernel_died"))
CUT_OFF = PodReport(ended=False)
NO_TABLE = PodReport(ended=True, failure=RunFailure(failure_class="no_predictions", step="run"))
NO_DATA = PodReport(ended=True, failure=RunFailure(failure_class="data_missing", step="prepare"))
ENDS: dict[str, tuple[Look, PodReport | None, str | None]] = {
    "well": (look(prepare=ended(), main=ended()), WELL, None),
    "an image's program, well": (of_image(prepare=ended(), main=ended()), WELL, None),
    "an image's program, and it wrote nothing": (
        of_image(prepare=ended(), main=ended()), NO_TABLE, "no_predictions",
    ),
    "an image's program, badly": (
        of_image(prepare=ended(), main=ended(3)), NO_TABLE, "container_failed",
    ),
    "an image's program that is not there": (
        of_image(prepare=ended(), main=ended(128, "StartError")), NO_TABLE, "container_failed",
    ),
    "an image's program, badly, nothing handed in": (
        of_image(prepare=ended(), main=ended(1)), None, "container_failed",
    ),
    "an image's program, killed for memory": (
        of_image(prepare=ended(), main=OOM), NO_TABLE, "out_of_memory",
    ),
    "an image's program, too long": (
        of_image(prepare=ended(), main=ended(seconds=66)), WELL, "time_limit",
    ),
    "an image that was not there in time": (
        of_image(prepare=ended(), **DEADLINE), NO_TABLE, "image_unavailable",
    ),
    "an image that was not there in time, as its pod says in the end": (
        lost(
            of_image(
                prepare=ended(), main={"terminated": {**UNSEEN, "message": "not located"}},
                **DEADLINE,
            ),
            "upload",
        ),
        NO_TABLE, "image_unavailable",
    ),
    "an image's program that filled its disk": (
        lost(of_image(prepare=ended(), main=ended(137), **FULL), "upload"), NO_TABLE, "disk_full",
    ),
    "an image's program that filled its disk, and was gone before its sidecar": (
        lost(of_image(prepare=ended(), main=RUNS, **FULL), "run"), NO_TABLE, "disk_full",
    ),
    "an image's program that filled its disk, and so was its sidecar": (
        lost(of_image(prepare=ended(), main=RUNS, **FULL), "run", "upload"), NO_TABLE, "disk_full",
    ),
    "an image's program that had predicted and filled its disk": (
        lost(of_image(prepare=ended(), main=RUNS, **FULL), "run", "upload"), WELL, "disk_full",
    ),
    "an image's program that had predicted and filled its disk, a moment later": (
        lost(of_image(prepare=ended(), main=RUNS, **FULL), "run", later=True), WELL, "disk_full",
    ),
    "an image's program that filled its disk and says 0 of it": (
        of_image(prepare=ended(), main=ended(), **FULL), WELL, "disk_full",
    ),
    "an image's program, evicted for its node": (
        lost(of_image(prepare=ended(), main=RUNS, **LOW), "run"), NO_TABLE, "preempted",
    ),
    "an image's program, well, then evicted for its node": (
        of_image(prepare=ended(), main=ended(), **LOW), WELL, None,
    ),
    "an image's program of whose end nothing is known": (
        lost(of_image(prepare=ended(), main=RUNS, phase="Failed"), "run"), NO_TABLE, "output_lost",
    ),
    "an image's program, well, and its pod is gone": (
        gone(of_image(prepare=ended(), main=ended()), "Complete"), WELL, None,
    ),
    "an image's program that was ended, and its pod is gone": (
        gone(of_image(prepare=ended(), main=ended(137)), "Failed"), WELL, "output_lost",
    ),
    "an image's program that was ended without a table, and its pod is gone": (
        gone(of_image(prepare=ended(), main=ended(137)), "Failed"), NO_TABLE, "output_lost",
    ),
    "an image's data was missing, and its pod is gone": (
        gone(of_image(prepare=ended(1)), "Failed"), NO_DATA, "data_missing",
    ),
    "well, and the pod is gone": (Look("run", JOB), WELL, None),
    "well, and the pod was taken away afterwards": (
        look(prepare=ended(), main=ended(), **TAKEN), WELL, None,
    ),
    "its own word of a failure": (look(prepare=ended(), main=ended(1)), SAID, "cell_error"),
    "prepare's word of a failure": (
        look(prepare=ended(1), phase="Failed"), NO_DATA, "data_missing",
    ),
    "says well, was killed for memory": (
        look(prepare=ended(), main=OOM), WELL, "out_of_memory",
    ),
    "says well, ended badly": (look(prepare=ended(), main=ended(1)), WELL, "kernel_died"),
    "says well, took too long": (
        look(prepare=ended(), main=ended(seconds=66)), WELL, "time_limit",
    ),
    "says well, past the deadline": (
        look(prepare=ended(), main=ended(137), **DEADLINE), WELL, "time_limit",
    ),
    "killed for memory": (look(prepare=ended(), main=OOM), CUT_OFF, "out_of_memory"),
    "killed for memory, nothing handed in": (
        look(prepare=ended(), main=OOM, phase="Failed"), None, "out_of_memory",
    ),
    "its kernel killed for memory": (
        look(prepare=ended(), main=ended(1, "OOMKilled")), DIED, "out_of_memory",
    ),
    "a child killed for memory, and it went on": (
        look(prepare=ended(), main=ended(0, "OOMKilled")), WELL, None,
    ),
    "past the deadline": (
        look(prepare=ended(), main=ended(137), **DEADLINE), CUT_OFF, "time_limit",
    ),
    "past the deadline, nothing handed in": (
        look(prepare=ended(), main=ended(137), **DEADLINE), None, "time_limit",
    ),
    "past the deadline before it began": (look(**DEADLINE), None, "platform_error"),
    "filled its disk": (look(prepare=ended(), main=ended(137), **FULL), CUT_OFF, "disk_full"),
    "filled its disk, and was gone before its sidecar": (
        lost(look(prepare=ended(), main=RUNS, **FULL), "run"), CUT_OFF, "disk_full",
    ),
    "filled its disk, and says well": (
        lost(look(prepare=ended(), main=RUNS, **FULL), "run"), WELL, "disk_full",
    ),
    "cut off, and of its end nothing is known": (
        lost(look(prepare=ended(), main=RUNS, phase="Failed"), "run"), CUT_OFF, "output_lost",
    ),
    "evicted for its node": (look(prepare=ended(), main=ended(137), **LOW), None, "preempted"),
    "evicted as its node's disk is full": (
        look(prepare=ended(), main=ended(137), **NODE_FULL), None, "preempted",
    ),
    "preempted": (look(prepare=ended(), main=ended(143), **TAKEN), None, "preempted"),
    "nothing handed in": (
        look(prepare=ended(), main=ended(), phase="Failed"), None, "output_lost",
    ),
    "the pod removed by hand": (Look("run", JOB), None, "output_lost"),
    "prepare could not reach the gateway": (
        look(prepare=ended(1), phase="Failed"), None, "platform_error",
    ),
    "a data image without the data": (
        copying({"terminated": {"exitCode": 1, "message": "there is no test.csv"}}, phase="Failed"),
        None, "data_missing",
    ),
    "a data image that has not come to its end in time": (
        copying({"terminated": {"exitCode": 137}}, **DEADLINE), None, "data_missing",
    ),
    "a data image that writes more than it may": (
        copying({"terminated": {"exitCode": 137}}, **FULL), None, "data_missing",
    ),
    "an evaluation killed for memory": (
        look("evaluate", ended(), OOM), CUT_OFF, "evaluator_error",
    ),
    "an evaluation past its deadline": (
        look("evaluate", ended(), ended(137), **DEADLINE), None, "evaluator_error",
    ),
    "an evaluation's word of wrong predictions": (
        look("evaluate", ended(), ended(1)),
        PodReport(ended=True, failure=RunFailure(failure_class="wrong_ids")),
        "wrong_ids",
    ),
    "an evaluation without result": (
        look("evaluate", ended(), ended(), phase="Failed"), None, "output_lost",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ENDS)
def test_how_it_ended(case: str) -> None:
    found, report, expected = ENDS[case]
    failure = ending(found, report, 60)
    assert (failure.failure_class.value if failure else None) == expected
    if failure is not None and report is None:
        assert failure.detail
        assert failure.step is not None


SETTLED = {
    "nothing handed in yet": (look(main=ended()), None, False),
    "well": (look(main=ended()), WELL, True),
    "its own word": (look(main=ended(1)), SAID, True),
    "cut off": (look(main=ended(137)), CUT_OFF, False),
    "an image's program, well": (of_image(main=ended()), WELL, True),
    "an image's program without predictions": (of_image(main=ended()), NO_TABLE, True),
    "an image's program, killed": (of_image(main=ended(137)), NO_TABLE, False),
    "an image's program, killed, and its pod is over": (
        of_image(main=ended(137), **FULL), NO_TABLE, True,
    ),
    "an image's program that can't be seen any more": (
        lost(of_image(main=RUNS), "run"), WELL, False,
    ),
    "the Job is gone": (Look("run"), WELL, True),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_who_was_ended_is_judged_once_the_kubelet_has_said_why(case: str) -> None:
    found, report, expected = SETTLED[case]
    assert settled(found, report) is expected


NO_NODE = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
         "lastTransitionTime": at(0), "message": "0/1 nodes are available: 1 Insufficient cpu."},
    ],
}  # fmt: skip
NO_CLAIM: dict[str, Any] = {
    "phase": "Pending",
    "conditions": [{**NO_NODE["conditions"][0],  # type: ignore[dict-item]
                    "message": 'persistentvolumeclaim "higgs" not found. not found'}],
}  # fmt: skip
QUOTA = 'pods "run-x" is forbidden: exceeded quota: gpus, requested: 1, used: 4, limited: 4'
POLICY = 'pods "run-x" is forbidden: violates PodSecurity "restricted:latest"'
HOPES: dict[str, tuple[Look, float, str, str | None]] = {
    "no node for a moment": (look(**NO_NODE), 60, "", None),
    "no node for long": (look(**NO_NODE), 3_700, "", "no_capacity"),
    "a claim that is not there yet": (look(**NO_CLAIM), 60, "", None),
    "a claim that is not there": (look(**NO_CLAIM), 130, "", "data_missing"),
    "a folder that is not on the volume": (
        look(prepare=ended(), main=waits("CreateContainerConfigError", "failed to prepare subPath "
        "for volumeMount")), 130, "", "data_missing",
    ),
    "no room in the quota for a moment": (Look("run", JOB), 60, QUOTA, None),
    "no room in the quota for long": (Look("run", JOB), 3_700, QUOTA, "no_capacity"),
    "a policy forbids it": (Look("run", JOB), 10, POLICY, "platform_error"),
    "no pod yet": (Look("run", JOB), 10, "", None),
    "no pod for long": (Look("run", JOB), 3_700, "", "no_capacity"),
    "a notebook's image that is nowhere": (
        look(prepare=ended(), main=waits("ErrImageNeverPull")), 1, "", "platform_error",
    ),
    "a name that is none": (look(prepare=waits("InvalidImageName")), 1, "", "platform_error"),
    "the platform's image before a submitted one": (
        of_image(prepare=waits("ErrImageNeverPull")), 1, "", "platform_error",
    ),
    "an image that is pulled again": (
        look(prepare=ended(), main=waits("ImagePullBackOff")), 60, "", None,
    ),
    "an image that can't be pulled": (
        look(prepare=ended(), main=waits("ImagePullBackOff")), 130, "", "platform_error",
    ),
    "a container that can't be made": (
        look(prepare=waits("CreateContainerConfigError")), 130, "", "platform_error",
    ),
    "an image without a program": (
        of_image(prepare=ended(), main=waits("CreateContainerError", "no command specified")),
        130, "", "container_failed",
    ),
    "a submitted image that can't be pulled": (
        of_image(prepare=ended(), main=waits("ErrImagePull")), 130, "", "image_unavailable",
    ),
    "a data image that is pulled again": (copying(waits("ErrImagePull")), 60, "", None),
    "a data image that can't be pulled": (
        copying(waits("ImagePullBackOff")), 130, "", "data_missing",
    ),
    "being made": (look(prepare=waits("PodInitializing")), 9_000, "", None),
}  # fmt: skip


@pytest.mark.parametrize("case", HOPES)
def test_what_never_will_begin(case: str) -> None:
    found, seconds, refusal, expected = HOPES[case]
    failure = hopeless(found, BEGAN + timedelta(seconds=seconds), PATIENCE, refusal)
    assert (failure.failure_class.value if failure else None) == expected


OVERDUE = {
    "an image's program within its time": (of_image(prepare=ended(), main=RUNS), 59, None),
    "an image's program beyond it": (of_image(prepare=ended(), main=RUNS), 61, "time_limit"),
    "one that has ended": (of_image(prepare=ended(), main=ended()), 61, None),
    "a notebook, which is ended from inside": (look(prepare=ended(), main=RUNS), 61, None),
}


@pytest.mark.parametrize("case", OVERDUE)
def test_who_is_ended_from_outside(case: str) -> None:
    found, seconds, expected = OVERDUE[case]
    failure = overdue(found, BEGAN + timedelta(seconds=seconds), 60)
    assert (failure.failure_class.value if failure else None) == expected


def measured(found: Look, *, again: bool) -> Look:
    """The same once `upload` has ended, as it saw too much written; perhaps it is there again."""
    assert found.pod is not None
    line = '{"level": "info", "submission": "s", "message": "1.2 GB written"}\n'
    state = {"terminated": {"exitCode": 73, "message": line}}
    for each in found.pod["status"]["initContainerStatuses"]:
        if each["name"] == "upload":
            each |= {"state": RUNS, "lastState": state} if again else {"state": state}
    return found


@pytest.mark.parametrize("again", [False, True])
def test_an_image_that_writes_too_much_is_told_so_before_it_is_evicted(again: bool) -> None:
    going_on = measured(of_image(prepare=ended(), main=RUNS), again=again)
    at_its_end = measured(of_image(prepare=ended(), main=ended(), phase="Succeeded"), again=again)

    for failure in (overfull(going_on), ending(at_its_end, None, 60), ending(at_its_end, WELL, 60)):
        assert failure is not None
        assert (failure.failure_class.value, failure.detail) == ("disk_full", "1.2 GB written")


def test_only_beside_an_image_is_the_sidecar_believed_to_have_measured() -> None:
    notebook = look(prepare=ended(), main=RUNS)
    assert notebook.pod is not None
    statuses = notebook.pod["status"]["initContainerStatuses"]
    statuses.append({"name": "upload", "state": {"terminated": {"exitCode": 73}}})

    assert overfull(notebook) is None
    assert overfull(of_image(prepare=ended(), main=RUNS)) is None


def test_what_a_data_image_lacks_is_said_without_the_line_around_it() -> None:
    line = '{"level": "error", "submission": "s", "message": "there is no test.csv"}\n'
    state = {"terminated": {"exitCode": 1, "message": line}}

    found = ending(copying(state, phase="Failed"), None, 60)

    assert found is not None
    assert found.detail == "it ended with status 1: there is no test.csv"
