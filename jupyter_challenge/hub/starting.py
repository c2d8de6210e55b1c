"""A server that starts: what is told of it meanwhile, and what ends it with a sentence.

Everything here is pure: a pod and a workload as they are now, and for how long, give what to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_challenge.hub import endings
from jupyter_challenge.hub.capacity import Turn
from jupyter_challenge.hub.machines import Object
from jupyter_challenge.hub.queues import Condition, Workload

IMAGE_PATIENCE = 45.0
"""Seconds for which a registry may fail before a server does."""
CONFIG_PATIENCE = 45.0
CRASHES = 3
NO_SUCH_IMAGE = ("not found", "manifest unknown", "does not exist", "unauthorized", "denied")
NO_IMAGE = frozenset({"ErrImageNeverPull", "InvalidImageName"})
IMAGE_TROUBLE = frozenset(
    {
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
CANNOT_RUN = frozenset({"ContainerCannotRun", "StartError"})
LONGEST = 300


@dataclass(frozen=True)
class Told:
    """What a page is told: how far it is in percent, and a sentence."""

    progress: int
    message: str


@dataclass(frozen=True)
class Failed:
    """Why a server won't start: a sentence, and a word for the metrics."""

    message: str
    reason: str


def gated(pod: Object | None) -> bool:
    """Whether a pod waits for its turn in a queue."""
    return bool(pod and (pod.get("spec") or {}).get("schedulingGates"))


def state(pod: Object) -> str:
    """What of a pod has to change for its patience to begin anew.

    A registry that fails in turns is one state; an image that is still being fetched is another.
    """
    waiting = _waiting(pod)[1].get("reason", "")
    phase = (pod.get("status") or {}).get("phase")
    return f"{phase} {gated(pod)} {'image' if waiting in IMAGE_TROUBLE else waiting}"


def told(
    pod: Object | None, workload: Workload | None, turn: Turn | None, events: Iterable[Object] = ()
) -> Told:
    """What there is to say of a server that starts.

    Args:
        pod: Its pod, if it is there yet.
        workload: What of it waits in a queue.
        turn: Where in the queue.
        events: What Kubernetes said of the pod, the latest last.
    """
    if pod is None:
        return Told(0, "Your server is being made.")
    if gated(pod):
        return Told(5, _queued(workload, turn))
    conditions = _conditions(pod)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") != "True":
        if scheduled.get("reason") == "Unschedulable":
            return Told(20, f"Waiting for a machine: {unschedulable(scheduled)}.")
        return Told(15, "Looking for a machine.")
    _, waiting = _waiting(pod)
    if waiting.get("reason") in IMAGE_TROUBLE:
        return Told(40, "The image can't be fetched yet; trying again.")
    last = next((each for each in reversed(list(events)) if each.get("reason") in _EVENTS), None)
    if last is not None and waiting:
        return Told(*_EVENTS[last["reason"]])
    return Told(80, "Your server is starting on its machine.")


_EVENTS: Mapping[str, tuple[int, str]] = {
    "FailedMount": (35, "Waiting for a volume to be attached."),
    "FailedAttachVolume": (35, "Waiting for a volume to be attached."),
    "SuccessfulAttachVolume": (40, "A volume is attached."),
    "Pulling": (50, "Fetching the image to the machine; a large one takes minutes."),
    "Pulled": (70, "The image is on the machine."),
}


def _queued(workload: Workload | None, turn: Turn | None) -> str:
    if workload is None:
        return "Your server is being put into its queue."
    why = _why_not_yet(workload.conditions.get("QuotaReserved"))
    if turn is None:
        return f"Your server waits in its queue. {why}"
    where = (
        "You are next in the queue"
        if turn.place == 1
        else f"You are number {turn.place} of {turn.among} in the queue"
    )
    wait = f"; it takes {about(turn.wait)}" if turn.wait is not None else ""
    return f"{where}{wait}. {why}"


def _why_not_yet(reserved: Condition | None) -> str:
    """Why a turn has not come, from Kueue's words; these are the same since 0.9."""
    if reserved is not None and reserved.true:
        return "Your place is reserved; what it needs is being made ready."
    message = reserved.message if reserved is not None else ""
    for words, said in (
        ("is stopped", "An admin has stopped the queue; it goes on once they start it again."),
        ("is inactive", "The queue is closed; it goes on once an admin opens it again."),
        ("Pending the preemption", "Something of a lower priority is about to make way for it."),
        ("insufficient unused quota", "All that the queue may use is in use."),
        ("no longer fits after", "All that the queue may use is in use."),
        ("PodsReady condition", "The queue waits until those before you have started."),
    ):
        if words in message:
            return said
    return "You can leave this page; your place is kept."


def about(seconds: float) -> str:
    """A time in words, no more exact than it can be known."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 10:
        return f"about {_many(round(minutes), 'minute')}"
    if minutes < 55:
        return f"about {round(minutes / 5) * 5} minutes"
    hours = minutes / 60
    if hours < 10:
        half = round(hours * 2) / 2
        return "about an hour" if half <= 1 else f"about {half:g} hours"
    return "more than 10 hours"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def unschedulable(condition: Mapping[str, Any]) -> str:
    """Why no machine takes a server, from the scheduler's words."""
    message = condition.get("message", "").lower()
    for word, said in (
        ("readwriteoncepod", "one of its volumes is in use by something else"),
        ("unbound immediate", "one of its volumes has not been made yet"),
        ("persistentvolumeclaim", "one of its volumes is not there"),
        ("non-existent pv", "one of its volumes is not there"),
        ("free storage", "none has the storage for one of its volumes"),
        ("volume", "one of its volumes can't be used on any that has room"),
        ("insufficient", "all that fit are taken"),
        ("too many pods", "all that fit are taken"),
        ("untolerated taint", "those with room are kept for others"),
        ("were unschedulable", "those of this kind are closed at the moment"),
        ("node affinity/selector", "there is none of this kind"),
    ):
        if word in message:
            return said
    return "none can take it"


def failed(
    pod: Object, workload: Workload | None, *, since: float, ended: str = ""
) -> Failed | None:
    """Why a server won't start, whatever one waits for.

    Args:
        pod: Its pod.
        workload: What of it waits in a queue.
        since: For how many seconds the pod has been as it is.
        ended: What else was heard of its end.
    """
    status = pod.get("status") or {}
    if gated(pod):
        return _never_admitted(workload)
    if status.get("phase") == "Failed":
        return Failed(ended or endings.of_pod(pod) or "Your server failed.", "failed")
    container, waiting = _waiting(pod)
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in NO_IMAGE:
        return Failed(_no_image(pod, container), "image")
    if reason in IMAGE_TROUBLE and (
        since > IMAGE_PATIENCE or any(word in message for word in NO_SUCH_IMAGE)
    ):
        return Failed(_no_image(pod, container), "image")
    if reason.startswith("Create") and reason.endswith("Error") and since > CONFIG_PATIENCE:
        return Failed(
            "The machine can't make your server as it is configured. Tell an admin: "
            f"{(message or reason)[:LONGEST]}.",
            "config",
        )
    return _crashed(_notebook(pod))


def _crashed(container: Mapping[str, Any]) -> Failed | None:
    last = (container.get("lastState") or {}).get("terminated") or {}
    last = (container.get("state") or {}).get("terminated") or last
    often = container.get("restartCount", 0) >= CRASHES
    message = last.get("message", "")
    if last.get("reason") in CANNOT_RUN and (often or "executable file not found" in message):
        return Failed(
            "The image of your server can't start it. Choose another profile, or tell an admin: "
            f"{(message or last['reason'])[:LONGEST]}.",
            "image",
        )
    if not often:
        return None
    if last.get("reason") == "OOMKilled":
        return Failed("Your server needs more memory than its profile has.", "memory")
    return Failed(
        "The server's program ends as soon as it has started "
        f"(exit code {last.get('exitCode')}). Tell an admin.",
        "crash",
    )


def too_late(pod: Object | None, seconds: float) -> Failed:
    """A server that had its turn and did not start in time."""
    within = about(seconds).removeprefix("about ")
    scheduled = _conditions(pod or {}).get("PodScheduled", {})
    if scheduled.get("reason") == "Unschedulable":
        return Failed(
            f"No machine took your server within {within}: {unschedulable(scheduled)}. Try again "
            "later, or choose another profile.",
            "unschedulable",
        )
    if _waiting(pod or {})[1].get("reason") in {"ContainerCreating", "PodInitializing"}:
        return Failed(
            f"Your server was not made within {within}: its image is large, or a volume does not "
            "come. Try again; what was fetched by then is there.",
            "timeout",
        )
    return Failed(f"Your server did not start within {within}.", "timeout")


def waited_in_vain(seconds: float) -> Failed:
    """A server whose turn did not come."""
    return Failed(
        f"Your server waited in its queue for {about(seconds).removeprefix('about ')} and its turn "
        "did not come. Try again, or choose another profile.",
        "queue",
    )


def _never_admitted(workload: Workload | None) -> Failed | None:
    """Why a turn will not come, from Kueue's words."""
    if workload is None:
        return None
    if not workload.active:
        return Failed(_taken_out(workload), "queue")
    reserved = workload.conditions.get("QuotaReserved")
    why = _hopeless(workload.queue, reserved.message) if reserved and not reserved.true else ""
    return Failed(why, "queue") if why else None


def _hopeless(queue: str, message: str) -> str:
    missing = re.search(
        r"(LocalQueue|ClusterQueue) (\S*) (?:doesn't exist|.* missing|not f)", message
    )
    if missing is not None and missing[1] == "LocalQueue":
        return (
            f'Its queue "{queue}" is not there. Tell an admin: it is named in profiles.yaml and '
            "has to be made in Kueue."
        )
    if missing is not None:
        return (
            f'Its queue "{queue}" leads nowhere. Tell an admin: the ClusterQueue "{missing[2]}" '
            "has to be made in Kueue."
        )
    if "namespace doesn't match" in message:
        return (
            f'Its queue "{queue}" is not for servers of this hub. Tell an admin: the '
            "namespaceSelector of its ClusterQueue leaves them out."
        )
    unknown = re.search(r"resource (\S+) unavailable in ClusterQueue", message)
    if unknown is not None:
        return (
            f'Its queue "{queue}" knows no {unknown[1]}. Choose another profile, or tell an admin: '
            "it has to be in the quota of its ClusterQueue."
        )
    # Kueue tells of each kind of nodes that it tried. A single one that is merely in use is enough.
    full = set(re.findall(r"insufficient quota for \S+ in flavor (\S+?),", message))
    if set(re.findall(r"insufficient unused quota for \S+ in flavor (\S+?),", message)) - full:
        return ""
    if full:
        return "It asks for more than its queue ever has. Choose another profile, or tell an admin."
    if "doesn't match node affinity" in message or "untolerated taint" in message:
        return (
            f'Its queue "{queue}" has no machines of this kind. Choose another profile, or tell an '
            "admin."
        )
    return ""


def _taken_out(workload: Workload) -> str:
    evicted = workload.conditions.get("Evicted")
    _, _, why = (evicted.message if evicted is not None else "").partition("deactivated due to ")
    return (
        f"Your server was taken out of its queue{': ' + why[:LONGEST] if why else ''}. Try again, "
        "choose another profile, or ask an admin."
    )


def _no_image(pod: Object, container: str) -> str:
    spec = pod["spec"]
    image = next(
        (
            each["image"]
            for each in (*spec["containers"], *(spec.get("initContainers") or ()))
            if each["name"] == container
        ),
        "",
    )
    return (
        f'The image of your server can\'t be had: "{image}". Choose another profile, or tell an '
        "admin: it is named in profiles.yaml."
    )


def _conditions(pod: Object) -> dict[str, Mapping[str, Any]]:
    return {each["type"]: each for each in (pod.get("status") or {}).get("conditions") or ()}


def _notebook(pod: Object) -> Mapping[str, Any]:
    found: Iterable[Mapping[str, Any]] = (pod.get("status") or {}).get("containerStatuses") or ()
    return next((each for each in found if each["name"] == endings.NOTEBOOK), {})


def _waiting(pod: Object) -> tuple[str, Mapping[str, Any]]:
    """The container for which a server waits, and what it waits for: those before it come first."""
    before = (pod.get("status") or {}).get("initContainerStatuses") or ()
    for each in (*before, _notebook(pod)):
        waiting = (each.get("state") or {}).get("waiting") or {}
        if waiting.get("reason", "PodInitializing") != "PodInitializing":
            return each["name"], waiting
    return endings.NOTEBOOK, (_notebook(pod).get("state") or {}).get("waiting") or {}
