"""What the reports of pods that try walls say of these. Nothing here calls.

The pods are in `engines.probes`, the walls' words in `core.walls`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jupyter_challenge.core.canary import PLACES
from jupyter_challenge.core.walls import Group, Wall, unknown, wall
from jupyter_challenge.engines.probes import GATEWAY, KEEPER, MARK

LONGEST_TOKEN = 7_200
MOST_SKEW = 5.0
MOST_NAMED = 5
SILENT = "the probe did not report"
Report = Mapping[str, Any]


def report_of(printed: bytes) -> Report | None:
    """The report in what a container printed; None when there is none."""
    for line in printed.decode(errors="replace").splitlines():
        if line.startswith(MARK):
            found: Report = json.loads(line[len(MARK) :])
            return found
    return None


def of_look(
    found: Report | None,
    *,
    carrier: Report | None = None,
    by_courier: bool = False,
    group: Group = "runs",
) -> list[Wall]:
    """The walls that the pod in the place of a run, or of an evaluation, tried.

    Args:
        found: What it reported.
        carrier: What was reported by who holds the token.
        by_courier: Whether such pods may not reach the gateway either, and couriers alone do: that
            one of these does shows that it is a policy that keeps the others from it.
        group: Whose walls these are.
    """
    way = "courier_reaches" if by_courier else "gateway_reached"
    names = (way, "nothing_else_reached", "no_names", "process_limit", "no_token", "no_rights")
    if found is None:
        return [unknown(name, SILENT, group) for name in names]
    reached = [what for what, yes in found["reached"].items() if yes]
    control = bool(carrier and carrier["reached"]) if by_courier else GATEWAY in reached
    others = [what for what in reached if by_courier or what not in (GATEWAY, KEEPER)]
    # Nothing reached at all could be a network that does not work.
    shut: bool | None = not others if others or control else None
    detail = f"tried: {', '.join(found['reached'])}"
    if others:
        detail = f"reached: {', '.join(others)}"
    elif shut is None:
        who = "a courier, which may," if by_courier else "it"
        detail = f"{who} does not reach the gateway either: that can be a network that is broken"
    rights = {
        "it is root": found["uid"] == 0,
        "it has capabilities": found["capabilities"] != 0,
        "it may gain privileges": not found["no_new_privileges"],
        "no seccomp": found["seccomp"] != "2",
        "it writes to its system": bool(found["written"]),
    }
    broken = [what for what, yes in rights.items() if yes]
    threads = found["threads"]
    resolved = ", ".join(found["resolved"]) or ("the resolver answers" if found["answered"] else "")
    tokens = [*found["tokens"], *found["environment"]]
    known: bool | None = None if by_courier and carrier is None else control
    return [
        wall(way, known, "" if control else "no connection", group),
        wall("nothing_else_reached", shut, detail, group),
        wall("no_names", not resolved, resolved, group),
        wall(
            "process_limit",
            threads is not None,
            f"at {threads} threads" if threads is not None else "4,096 threads, and no end",
            group,
        ),
        wall("no_token", not tokens, ", ".join(tokens), group),
        wall("no_rights", not broken, ", ".join(broken), group),
    ]


def of_canary(
    reports: Sequence[Report | None], may: Collection[str], control: str, group: Group
) -> Wall:
    """Whether a planted word was found where it must not be.

    Args:
        reports: Of all that looked.
        may: Places whose words these pods are given by right.
        control: One of them that has to be found, or nobody looked well.
        group: Whose wall it is.
    """
    searches = [each["search"] for each in reports if each is not None]
    found = [(place, where) for each in searches for place, where in each["found"]]
    stolen = [f"{PLACES[place]} at {where}" for place, where in found if place not in may]
    if stolen:
        more = f"; {len(stolen) - MOST_NAMED} more" if len(stolen) > MOST_NAMED else ""
        return wall("no_canary", False, "; ".join(stolen[:MOST_NAMED]) + more, group)
    if len(searches) < len(reports):
        return unknown("no_canary", SILENT, group)
    if any(each["blind"] for each in searches) or control not in {place for place, _ in found}:
        return unknown("no_canary", f"{PLACES[control]}, which it may see, was not found", group)
    asked = sum(each["asked"] for each in searches)
    return wall("no_canary", True, f"all files, all processes, {asked} answers", group)


def of_store(opened: Sequence[str] | None) -> Wall:
    """What the store lets anybody do; None where there are no keys, as of a folder."""
    if opened is None:
        return unknown("store_shut", "ChallengeConfig.blob_url is no S3 store", "platform")
    return wall("store_shut", not opened, ", ".join(opened), "platform")


def of_token(found: Report | None, audience: str, uid: str, group: Group = "runs") -> Wall:
    """What the platform's token says of itself."""
    if found is None:
        return unknown("token", SILENT, group)
    wrong = []
    if found["seconds"] > LONGEST_TOKEN:
        wrong.append(f"it lives {found['seconds']:,} s")
    if found["audiences"] != [audience]:
        wrong.append(f"it is for {', '.join(found['audiences'])}")
    if found["pod"] != uid:
        wrong.append("it is not bound to the pod")
    return wall("token", not wrong, ", ".join(wrong) or f"{found['seconds']:,} s", group)


def of_upload(found: Report | None, group: Group = "runs") -> Wall:
    """Whether anything of the run lived when the sidecar was told that it is over."""
    if found is None:
        return unknown("dead_before_upload", SILENT, group)
    if not found["before"]:
        return unknown("dead_before_upload", "nothing was left alive to see it die", group)
    alive = found["after"] > found["before"]
    return wall("dead_before_upload", not alive, "a process went on" if alive else "", group)


def of_gpus(*reports: Report | None, group: Group = "runs") -> Wall:
    """Whether GPUs were seen by whom they were not given."""
    known = [each for each in reports if each is not None]
    if len(known) < len(reports):
        return unknown("no_gpu", SILENT, group)
    seen = sorted({gpu for each in known for gpu in each["gpus"]})
    return wall("no_gpu", not seen, ", ".join(seen), group)


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


def of_files(found: Report | None, pod: Mapping[str, Any] | None) -> Wall:
    """How the run ended that made very many files: by its own first process, or by the kubelet."""
    if str(((pod or {}).get("status") or {}).get("reason")) == "Evicted":
        return wall("files_limit", True, "Evicted")
    if found is None:
        return unknown("files_limit", SILENT)
    said = str(found["failure"])
    return wall("files_limit", said == "disk_full", said or "it was let go on")


def of_inodes(kubelets: Mapping[str, Mapping[str, Any]]) -> Wall:
    """Which nodes end whoever uses most of their inodes, when these run out.

    Args:
        kubelets: The configuration of each by its node's name; empty where it could not be read.
    """
    if not kubelets or not all(kubelets.values()):
        return unknown("inodes", "the kubelet does not say how it is configured", "platform")
    without = [
        node
        for node, said in sorted(kubelets.items())
        if not any(
            str(value).strip("%") not in ("", "0")
            for signal, value in (said.get("evictionHard") or {}).items()
            if signal == "nodefs.inodesFree"
        )
    ]
    return wall("inodes", not without, ", ".join(without[:MOST_NAMED]), "platform")


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
        return unknown("clocks", SILENT, "platform")
    before, made, after = control_plane
    started, spoke, over = pod
    apart = max(0.0, before - (made + 1), made - after, started - spoke, spoke - over)
    said = f"{apart:.0f} s apart, or less than can be seen"
    return wall("clocks", apart <= MOST_SKEW, said, "platform")
