"""What a Job and its pod say of a step: how far it is, and why it failed. Nothing here calls.

Of a step only what the kubelet and the platform's own containers say is believed: a step that
says itself that it went well is still held to its exit status and to its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.images import behind
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import PodReport, ReceiptKind, RunFailure
from jupyter_challenge.engines.data_image import NAME as DATA
from jupyter_challenge.engines.jobs import PREPARE, SOURCE, UPLOAD, main_of
from jupyter_challenge.engines.queues import held, in_a_queue
from jupyter_challenge.steps.disk_use import OVERFULL
from jupyter_challenge.steps.lines import messages

Object = Mapping[str, Any]

TIME_SLACK = 5.0
"""Seconds that a step may take beyond its limit: its own end, as the kubelet sees it."""

_NEVER = {"ErrImageNeverPull", "InvalidImageName"}
_NOT_YET = {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"}
_BROKEN = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_OF_THE_DISK = ("emptydir", "ephemeral")
_OF_THE_NODE = "the node was low on"
_UNSEEN = "ContainerStatusUnknown"
"""The kubelet's reason where it does not know how a container ended; the status with it is made up.

It removes the containers of a pod that it evicts once they are dead, one by one, and does not find
them any more when it looks how they ended.
"""


class Stage(Enum):
    """How far a Job is."""

    WAITING = 0
    PREPARING = 1
    WORKING = 2
    LEAVING = 3
    OVER = 4


@dataclass(frozen=True)
class Look:
    """A Job and its pod, as the API server showed them; None where there is none."""

    kind: ReceiptKind
    job: Object | None = None
    pod: Object | None = None

    @property
    def step(self) -> StepName:
        """The step that the Job does."""
        return StepName(main_of(self.kind))

    @property
    def own_program(self) -> bool:
        """Whether the step is the program of a submitted image."""
        meta = (self.pod or self.job or {}).get("metadata") or {}
        source = (meta.get("labels") or {}).get(SOURCE)
        return self.kind == "run" and source == SubmissionKind.CONTAINER.value

    @property
    def image(self) -> str | None:
        """What the name of a notebook's image stood for when this pod was made; None of others."""
        meta = (self.job or {}).get("metadata") or {}
        source = (meta.get("labels") or {}).get(SOURCE)
        if self.job is None or self.pod is None or source != SubmissionKind.NOTEBOOK.value:
            return None
        name = main_of(self.kind)
        for asked in self.job["spec"]["template"]["spec"]["containers"]:
            for told in _containers(self.pod):
                if asked["name"] == told.get("name") == name:
                    return behind(asked["image"], str(told.get("imageID") or ""))
        return None

    @property
    def stage(self) -> Stage:
        """How far it is."""
        if self.pod is None:
            return Stage.OVER if self.job is not None and _finished(self.job) else Stage.WAITING
        if _status(self.pod).get("phase") in {"Succeeded", "Failed"}:
            return Stage.OVER
        if self.ended_main is not None:
            return Stage.LEAVING
        if "running" in self.state(main_of(self.kind)):
            return Stage.WORKING
        if self.state(PREPARE[self.kind]).keys() & {"running", "terminated"}:
            return Stage.PREPARING
        return Stage.WAITING

    @property
    def over(self) -> bool:
        """Whether the Job itself is, whatever became of its pods."""
        return self.job is not None and _finished(self.job)

    @property
    def pod_is_behind(self) -> bool:
        """Whether the Job is over and its pod, as it is seen here, is not."""
        if not self.over:
            return False
        return self.pod is None or _status(self.pod).get("phase") not in {"Succeeded", "Failed"}

    @property
    def ended_main(self) -> Object | None:
        """How the step's container ended, if it has."""
        found: Object | None = self.state(main_of(self.kind)).get("terminated")
        return found

    @property
    def end_unseen(self) -> bool:
        """Whether nobody knows how the step ended; of its own program the kubelet alone does."""
        if self.ended_main is not None:
            return self.ended_main.get("reason") == _UNSEEN
        return self.own_program and not _told_of(self.job or {}, "Complete")

    def state(self, container: str) -> Object:
        """The state of a container; empty when there is none.

        One that the kubelet could not find any more is said to wait, as if it had never been, with
        its end as the last one. No step is ever started twice.
        """
        told = self._told(container)
        state: Object = told.get("state") or {}
        last: Object = told.get("lastState") or {}
        return last if "waiting" in state and "terminated" in last else state

    def has_begun(self, container: str) -> bool:
        """Whether a container has ever run."""
        # Of a pod that is over even one that has never been is said to have ended.
        known = self.times(container)[0] is not None
        return known or "terminated" in (self._told(container).get("lastState") or {})

    def end_of(self, container: str) -> Object:
        """How a container ended, also one that was started again; empty where it did not."""
        told = self._told(container)
        states = (told.get("state") or {}, told.get("lastState") or {})
        return next((each["terminated"] for each in states if "terminated" in each), {})

    def _told(self, container: str) -> Object:
        """What the pod says of a container."""
        return next((each for each in _containers(self.pod or {}) if each["name"] == container), {})

    def times(self, container: str) -> tuple[datetime | None, datetime | None]:
        """When a container began and ended."""
        state = self.state(container)
        ended = state.get("terminated") or {}
        began = ended.get("startedAt") or (state.get("running") or {}).get("startedAt")
        return moment(began), moment(ended.get("finishedAt"))


@dataclass(frozen=True)
class Patience:
    """How many seconds a run may wait: for a node or a quota, and for an image."""

    room: float
    image: float


def hopeless(look: Look, now: datetime, patience: Patience, refusal: str = "") -> RunFailure | None:
    """Say why a Job that has not begun never will, as far as anybody can know.

    Args:
        look: The Job.
        now: The time.
        patience: How long it may wait.
        refusal: What the cluster said when no pod could be made.
    """
    if look.pod is None:
        return _refused(look, now, patience, refusal)
    names = (PREPARE[look.kind], DATA, UPLOAD, main_of(look.kind))
    found = hopeless_pod(look.pod, names, now, patience)
    if found is None:
        return None
    waiting = look.state(DATA).get("waiting") or {}
    if waiting.get("reason") in _NEVER | _NOT_YET | _BROKEN:
        return _failure(look, FailureClass.DATA_MISSING, found[1])
    waiting = look.state(main_of(look.kind)).get("waiting") or {}
    if look.own_program and waiting.get("reason") in _BROKEN:
        return _failure(look, FailureClass.CONTAINER_FAILED, found[1])
    kind, detail = found
    if kind is FailureClass.IMAGE_UNAVAILABLE and not (look.own_program and waiting):
        kind = FailureClass.PLATFORM_ERROR  # the admin chose that image, not who submitted
    return _failure(look, kind, detail)


def uncarried(courier: Look, now: datetime, patience: Patience) -> RunFailure | None:
    """Say why a run will not get what it needs by its courier; None while it may.

    Args:
        courier: The courier's Job.
        now: The time.
        patience: How long it may wait.
    """
    for condition in _status(courier.job or {}).get("conditions") or []:
        if condition.get("type") == "Failed" and condition.get("status") == "True":
            why = f"{condition.get('reason', '')}: {condition.get('message', '')}"
            return _not_carried(FailureClass.PLATFORM_ERROR, why)
    found = None
    if courier.pod is not None and not courier.over:
        found = hopeless_pod(courier.pod, None, now, patience)
    return _not_carried(*found) if found is not None else None


def _not_carried(kind: FailureClass, why: str) -> RunFailure:
    if kind is not FailureClass.NO_CAPACITY:
        kind = FailureClass.PLATFORM_ERROR  # its image and its volume are the admin's
    detail = f"what the run needs could not be brought: {why}"[:1_000]
    return RunFailure(failure_class=kind, step=StepName.PREPARE, detail=detail)


def overdue(look: Look, now: datetime, limit: float) -> RunFailure | None:
    """Say so when the program of an image goes on beyond its time; steps of ours end themselves.

    Args:
        look: The Job.
        now: The time.
        limit: Seconds that it may take.
    """
    began = look.times(main_of(look.kind))[0]
    if look.own_program and look.stage is Stage.WORKING and _longer(began, now, limit):
        return _of_step(look, FailureClass.TIME_LIMIT, f"{limit:g} s are allowed")
    return None


def overfull(look: Look) -> RunFailure | None:
    """Say so when the program of an image wrote too much; steps of ours are measured by ours.

    The sidecar ends with a status of its own then: that the kubelet tells at once, also where the
    run may not reach the gateway. Who waits for the kubelet's eviction loses the log.
    """
    ended = look.end_of(UPLOAD) if look.own_program else {}
    if ended.get("exitCode") != OVERFULL:
        return None
    said = messages(str(ended.get("message") or "").encode()).decode().strip()
    return _of_step(look, FailureClass.DISK_FULL, said.rpartition("\n")[2])


def hopeless_pod(
    pod: Object, names: Collection[str] | None, now: datetime, patience: Patience
) -> tuple[FailureClass, str] | None:
    """Say what a pod waits for in vain: a node, an image, or what its containers are made of.

    Args:
        pod: The pod.
        names: Containers that are looked at; all of them when left out.
        now: The time.
        patience: How long it may wait.
    """
    status = _status(pod)
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            since = moment(condition.get("lastTransitionTime"))
            message = str(condition.get("message", ""))
            if "persistentvolumeclaim" in message and _longer(since, now, patience.image):
                return FailureClass.DATA_MISSING, message
            if _longer(since, now, patience.room):
                return FailureClass.NO_CAPACITY, message
    since = moment(status.get("startTime"))
    for each in _containers(pod):
        if names is not None and each.get("name") not in names:
            continue
        waiting = (each.get("state") or {}).get("waiting") or {}
        reason, message = str(waiting.get("reason", "")), str(waiting.get("message", ""))
        if reason in _NEVER or (reason in _NOT_YET and _longer(since, now, patience.image)):
            return FailureClass.IMAGE_UNAVAILABLE, f"{reason}: {message}"
        if reason in _BROKEN and _longer(since, now, patience.image):
            if "subpath" in message.lower():
                return FailureClass.DATA_MISSING, message
            return FailureClass.PLATFORM_ERROR, f"{reason}: {message}"
    return None


def settled(look: Look, report: PodReport | None) -> bool:
    """Say whether a step that has ended can be judged now.

    A kubelet that ends a pod says why once all of its containers are dead; until then a step that
    it killed is one that ended badly, like any other.

    Args:
        look: The Job.
        report: What was handed in with its receipt, if there is one.
    """
    if look.job is None or look.stage is not Stage.LEAVING:
        return True
    if report is None:
        return False
    own_word = report.failure is not None and not look.own_program
    return own_word or (look.ended_main or {}).get("exitCode") == 0


def ending(look: Look, report: PodReport | None, limit: float) -> RunFailure | None:
    """Say why a step failed that is over; None when it went well.

    Args:
        look: The Job, at the stage of leaving or over.
        report: What was handed in with its receipt, if there is one.
        limit: Seconds that the step may take.
    """
    main = look.ended_main
    code = main.get("exitCode") if main is not None else None
    said = report.failure if report is not None else None
    if said is not None and said.step is StepName.PREPARE:
        return said  # the step has never been
    found = overfull(look) or _from_outside(look)
    if report is not None and report.ended and said is None and code in {0, None}:
        # Of its own program the sidecar knows nothing, and one that is told to end may well say 0.
        full = found is not None and found.failure_class is FailureClass.DISK_FULL
        if not look.own_program or not (full or look.end_unseen):
            return _too_long(look, limit)
    if found is not None:
        return found
    if main is not None and main.get("reason") == "OOMKilled" and code != 0:
        return _of_step(look, FailureClass.OUT_OF_MEMORY, "it used more memory than its limit")
    if main is not None and code != 0 and look.own_program and not look.end_unseen:
        # Before what became of its output: it may have written none because of this.
        return _of_step(look, FailureClass.CONTAINER_FAILED, _last_words(main))
    if report is None:
        return _lost(look)
    if look.end_unseen and (said is None or look.own_program):
        return _failure(look, FailureClass.OUTPUT_LOST, "nobody saw how it ended")
    if said is not None:
        return said
    if main is not None:
        return _of_step(look, FailureClass.KERNEL_DIED, f"it ended with status {code}")
    return _failure(look, FailureClass.OUTPUT_LOST, "the step did not come to its end")


def _last_words(main: Object) -> str:
    """How a container ended, in the kubelet's words."""
    said = str(main.get("message") or "").strip()
    if main.get("reason") in {"StartError", "ContainerCannotRun"}:
        return f"its program could not be started: {said}"
    return f"it ended with status {main.get('exitCode')}" + (f": {said}" if said else "")


def _too_long(look: Look, limit: float) -> RunFailure | None:
    began, ended = look.times(main_of(look.kind))
    if began is None or ended is None or ended - began <= timedelta(seconds=limit + TIME_SLACK):
        return None
    seconds = (ended - began).total_seconds()
    return _of_step(
        look, FailureClass.TIME_LIMIT, f"it took {seconds:.0f} s; {limit:g} s are allowed"
    )


def _from_outside(look: Look) -> RunFailure | None:
    """What the kubelet or the scheduler did to the pod."""
    status = _status(look.pod or {})
    reason, message = str(status.get("reason", "")), str(status.get("message", ""))
    if reason == "DeadlineExceeded":
        if not look.has_begun(main_of(look.kind)):
            kind = FailureClass.PLATFORM_ERROR
            if look.own_program and look.has_begun(UPLOAD):
                kind = FailureClass.IMAGE_UNAVAILABLE  # all before it was there
            if _uncopied(look):
                kind = FailureClass.DATA_MISSING
            return _failure(look, kind, "it could not begin in time")
        return _of_step(look, FailureClass.TIME_LIMIT, "the pod's deadline has passed")
    said = message.lower()
    beyond = any(word in said for word in _OF_THE_DISK) and not said.startswith(_OF_THE_NODE)
    if reason == "Evicted" and beyond and look.kind == "run" and not look.has_begun("run"):
        return _failure(look, FailureClass.DATA_MISSING, message)
    if reason == "Evicted" and beyond:
        return _of_step(look, FailureClass.DISK_FULL, message)
    for condition in status.get("conditions") or []:
        if condition.get("type") == "DisruptionTarget" and condition.get("status") == "True":
            why = str(condition.get("message") or condition.get("reason", ""))
            return _failure(look, FailureClass.PREEMPTED, why)
    if reason in {"Evicted", "Preempting", "NodeShutdown", "Terminated"}:
        return _failure(look, FailureClass.PREEMPTED, message or reason)
    if reason in {"NodeLost", "UnexpectedAdmissionError", "NodeAffinity"}:
        return _failure(look, FailureClass.PLATFORM_ERROR, message or reason)
    return None


def _lost(look: Look) -> RunFailure:
    prepare = PREPARE[look.kind]
    ended = look.state(prepare).get("terminated") or {}
    if ended.get("exitCode", 0) != 0:
        said = str(ended.get("message", "")).strip()
        return RunFailure(
            failure_class=FailureClass.PLATFORM_ERROR,
            step=StepName.PREPARE if look.kind == "run" else StepName.EVALUATE,
            detail=f"{prepare} ended with status {ended['exitCode']}: {said}"[:1_000],
        )
    copied = _uncopied(look)
    if copied:
        # Its last line is one of the platform's, with what there is to say inside.
        said = messages(str(copied.get("message") or "").encode()).decode()
        return _failure(look, FailureClass.DATA_MISSING, _last_words({**copied, "message": said}))
    return _failure(look, FailureClass.OUTPUT_LOST, "nothing was handed in")


def _uncopied(look: Look) -> Object:
    """How the copying of a data image ended, where it went wrong."""
    copied: Object = look.state(DATA).get("terminated") or {}
    return copied if copied.get("exitCode", 0) != 0 else {}


def _refused(look: Look, now: datetime, patience: Patience, refusal: str) -> RunFailure | None:
    if held(look.job):
        return _failure(look, FailureClass.NO_CAPACITY, refusal) if refusal else None
    if not refusal or "quota" in refusal or "limitrange" in refusal.lower():
        since = moment(_status(look.job or {}).get("startTime"))
        if since is None and not in_a_queue(look.job):
            since = moment(((look.job or {}).get("metadata") or {}).get("creationTimestamp"))
        if not _longer(since, now, patience.room):
            return None
        return _failure(look, FailureClass.NO_CAPACITY, refusal or "no pod was made")
    return _failure(look, FailureClass.PLATFORM_ERROR, refusal)


def _of_step(look: Look, kind: FailureClass, detail: str) -> RunFailure:
    """A failure of the step itself; an evaluation's is the organiser's, whatever it was."""
    if look.kind == "evaluate":
        kind = FailureClass.EVALUATOR_ERROR
    return _failure(look, kind, detail)


def _failure(look: Look, kind: FailureClass, detail: str) -> RunFailure:
    return RunFailure(failure_class=kind, step=look.step, detail=detail[:1_000])


def _finished(job: Object) -> bool:
    return _told_of(job, "Complete", "Failed")


def _told_of(job: Object, *conditions: str) -> bool:
    return any(
        condition.get("type") in conditions and condition.get("status") == "True"
        for condition in _status(job).get("conditions") or []
    )


def _containers(pod: Object) -> list[Object]:
    """The states of a pod's containers, in the order in which they begin."""
    status = _status(pod)
    return [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]


def _status(found: Object) -> Object:
    status: Object = found.get("status") or {}
    return status


def moment(text: Any) -> datetime | None:
    """A time as Kubernetes writes it."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def _longer(since: datetime | None, now: datetime, seconds: float) -> bool:
    return since is not None and now - since > timedelta(seconds=seconds)
