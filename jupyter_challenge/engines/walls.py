"""The walls around runs: the pods that try them, and what their reports say. Nothing here calls.

The pods are those of `engines.jobs` with `steps.probe` in the place of their programs: what is
tried is what runs live in.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_challenge.core.walls import Wall, unknown, wall
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.steps.probe import MARK

METADATA = "169.254.169.254:80"
PORT = 8080
PROBE_SECONDS = 180
EVICTION_SECONDS = 150
LONGEST_TOKEN = 7_200
MOST_SKEW = 5.0
Report = Mapping[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What is around a pod: addresses by what they are, names, the cluster's resolver."""

    addresses: Mapping[str, str]
    names: tuple[str, ...]
    resolver: str
    gateway: str


def order() -> Order:
    """An order for pods that try walls: small, without GPU."""
    return Order(
        run_id="doctor", attempt=1, submission_id="doctor", challenge_id="doctor",
        team_id="", kind="notebook", seconds=PROBE_SECONDS, cpu=1.0, memory=512_000_000, gpu=0,
        disk=50_000_000, volume=50_000_000, output=1_000_000,
    )  # fmt: skip


def run_like(namespace: str, settings: ClusterSettings, around: Surroundings) -> Manifest:
    """A run's pod that tries everything."""
    wanted = {
        "addresses": {**around.addresses, "the gateway": around.gateway},
        "names": list(around.names),
        "resolver": around.resolver,
    }
    pod = _pod(namespace, "doctor-run", settings)
    spec = pod["spec"]
    prepare, upload = spec["initContainers"]
    prepare["command"] = _probe("token")
    upload["command"] = _probe("wait")
    spec["containers"][0]["command"] = _probe("look", wanted)
    return pod


def greedy(namespace: str, settings: ClusterSettings, what: str) -> Manifest:
    """A pod that takes more memory, or more disk, than it is given."""
    pod = _alone(_pod(namespace, f"doctor-{what}", settings))
    main = pod["spec"]["containers"][0]
    if what == "memory":
        main["resources"]["limits"]["memory"] = main["resources"]["requests"]["memory"] = "100M"
        main["command"] = _probe("memory", {"megabytes": 300})
    else:
        for volume in pod["spec"]["volumes"]:
            if "emptyDir" in volume:
                volume["emptyDir"]["sizeLimit"] = "10M"
        main["command"] = _probe("disk", {"megabytes": 200, "seconds": EVICTION_SECONDS})
    return pod


def listener(namespace: str, settings: ClusterSettings) -> Manifest:
    """A neighbour that listens, and whose image would ask for all GPUs."""
    pod = _alone(_pod(namespace, "doctor-neighbour", settings))
    main = pod["spec"]["containers"][0]
    main["command"] = _probe("serve", {"port": PORT, "seconds": PROBE_SECONDS})
    return pod


def asking_for_gpus(namespace: str, settings: ClusterSettings) -> Manifest:
    """A pod as of an image that asks for all GPUs, without any by right."""
    pod = _alone(_pod(namespace, "doctor-gpus", settings))
    main = pod["spec"]["containers"][0]
    for each in main["env"]:
        if each["name"] == "NVIDIA_VISIBLE_DEVICES":
            each["value"] = "all"
    main["command"] = _probe("gpus")
    return pod


def weaker(namespace: str, settings: ClusterSettings) -> dict[str, Manifest]:
    """Pods that Pod Security's restricted rules refuse, by what they ask for."""
    made = {}
    for what in ("the node's network", "the node's processes", "the node's files", "root",
                 "privileges"):  # fmt: skip
        pod = _alone(_pod(namespace, "doctor-weaker", settings))
        spec, context = pod["spec"], pod["spec"]["containers"][0]["securityContext"]
        if what == "the node's network":
            spec["hostNetwork"] = True
        elif what == "the node's processes":
            spec["hostPID"] = True
        elif what == "the node's files":
            spec["volumes"][0] = {"name": "run", "hostPath": {"path": "/"}}
        elif what == "root":
            spec["securityContext"].update(runAsNonRoot=False, runAsUser=0)
            context["runAsNonRoot"] = False
        else:
            context.update(privileged=True, allowPrivilegeEscalation=True)
        made[what] = pod
    return made


def report_of(printed: bytes) -> Report | None:
    """The report in what a container printed; None when there is none."""
    for line in printed.decode(errors="replace").splitlines():
        if line.startswith(MARK):
            found: Report = json.loads(line[len(MARK) :])
            return found
    return None


def of_look(found: Report | None, *, by_courier: bool = False) -> list[Wall]:
    """The walls that the pod in the place of a run tried.

    Args:
        found: What it reported.
        by_courier: Whether runs may not reach the gateway either; then nothing is said of that way.
    """
    names = ("gateway_reached", "nothing_else_reached", "no_names", "process_limit", "no_token",
             "no_rights")  # fmt: skip
    if found is None:
        return [unknown(name, "the probe did not report") for name in names[by_courier:]]
    reached = [what for what, yes in found["reached"].items() if yes]
    gateway = "the gateway" in reached
    others = [what for what in reached if by_courier or what != "the gateway"]
    # Nothing reached at all could be a network that does not work.
    shut: bool | None = not others if others or gateway or by_courier else None
    rights = {
        "it is root": found["uid"] == 0,
        "it has capabilities": found["capabilities"] != 0,
        "it may gain privileges": not found["no_new_privileges"],
        "no seccomp": found["seccomp"] != "2",
        "it writes to its system": bool(found["written"]),
    }
    broken = [what for what, yes in rights.items() if yes]
    threads = found["threads"]
    tried = ", ".join(found["reached"])
    way = wall("gateway_reached", gateway, "" if gateway else "no connection")
    return [
        *([] if by_courier else [way]),
        wall(
            "nothing_else_reached",
            shut,
            f"reached: {', '.join(others)}" if others else f"tried: {tried}",
        ),
        wall(
            "no_names",
            not found["resolved"] and not found["answered"],
            ", ".join(found["resolved"]) or ("the resolver answers" if found["answered"] else ""),
        ),
        wall(
            "process_limit",
            threads is not None,
            f"at {threads} threads" if threads is not None else "4,096 threads, and no end",
        ),
        wall(
            "no_token",
            not found["tokens"] and not found["environment"],
            ", ".join([*found["tokens"], *found["environment"]]),
        ),
        wall("no_rights", not broken, ", ".join(broken)),
    ]


def of_token(found: Report | None, audience: str, uid: str) -> Wall:
    """What the platform's token says of itself."""
    if found is None:
        return unknown("token", "the probe did not report")
    wrong = []
    if found["seconds"] > LONGEST_TOKEN:
        wrong.append(f"it lives {found['seconds']:,} s")
    if found["audiences"] != [audience]:
        wrong.append(f"it is for {', '.join(found['audiences'])}")
    if found["pod"] != uid:
        wrong.append("it is not bound to the pod")
    return wall("token", not wrong, ", ".join(wrong) or f"{found['seconds']:,} s")


def of_upload(found: Report | None) -> Wall:
    """Whether anything of the run lived when the sidecar was told that it is over."""
    if found is None:
        return unknown("dead_before_upload", "the probe did not report")
    if not found["before"]:
        return unknown("dead_before_upload", "nothing was left alive to see it die")
    alive = found["after"] > found["before"]
    return wall("dead_before_upload", not alive, "a process went on" if alive else "")


def of_gpus(run: Report | None, asking: Report | None) -> Wall:
    """Whether GPUs were seen by whom they were not given."""
    if run is None or asking is None:
        return unknown("no_gpu", "the probe did not report")
    seen = sorted({*run["gpus"], *asking["gpus"]})
    return wall("no_gpu", not seen, ", ".join(seen))


def of_memory(pod: Mapping[str, Any] | None) -> Wall:
    """How the pod ended that took too much memory."""
    for each in (((pod or {}).get("status") or {}).get("containerStatuses")) or []:
        ended = (each.get("state") or {}).get("terminated") or {}
        if ended:
            reason = str(ended.get("reason", ""))
            return wall("memory_limit", reason == "OOMKilled", reason)
    return unknown("memory_limit", "the pod did not end")


def of_disk(pod: Mapping[str, Any] | None) -> Wall:
    """How the pod ended that took too much disk."""
    status = (pod or {}).get("status") or {}
    if status.get("phase") not in {"Failed", "Succeeded"}:
        return unknown("disk_limit", "the pod did not end")
    said = str(status.get("reason") or status["phase"])
    return wall("disk_limit", said == "Evicted", said)


def of_clocks(
    control_plane: tuple[float, float, float] | None, pod: tuple[float, float, float] | None
) -> Wall:
    """How far the clocks are apart at least, however long anything took.

    Each is what that clock said, between two readings of this machine's, as seconds since 1970.

    Args:
        control_plane: When a pod was made, in whole seconds, as the API server says it.
        pod: When the pod spoke.
    """
    if control_plane is None or pod is None:
        return unknown("clocks", "the probe did not report")
    before, made, after = control_plane
    started, spoke, over = pod
    apart = max(0.0, before - (made + 1), made - after, started - spoke, spoke - over)
    return wall("clocks", apart <= MOST_SKEW, f"{apart:.0f} s apart, or less than can be seen")


def _pod(namespace: str, name: str, settings: ClusterSettings) -> Manifest:
    template = copy.deepcopy(jobs.run_job(order(), settings)["spec"]["template"])
    for each in template["spec"]["containers"]:
        # A node that is nearly full has room for these too; what they may use stays the same.
        each["resources"]["requests"]["cpu"] = "20m"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **template["metadata"]},
        "spec": template["spec"],
    }


def _alone(pod: Manifest) -> Manifest:
    """The same without the platform's containers."""
    pod["spec"]["initContainers"] = []
    pod["spec"]["terminationGracePeriodSeconds"] = 1
    return pod


def _probe(what: str, wanted: Mapping[str, Any] | None = None) -> list[str]:
    told = [json.dumps(wanted)] if wanted is not None else []
    return ["python3", "-I", "-m", "jupyter_challenge.steps.probe", what, *told]
