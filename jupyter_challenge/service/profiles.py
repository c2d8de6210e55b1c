"""The kinds of machine that runs are offered here, with their queues and their environments.

Where one machine does everything there is one profile, made from what that machine has.
"""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from jupyter_challenge.core import environment
from jupyter_challenge.core.challenge import Challenge, Feedback, Limits
from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.models import EnvironmentView, Page, ProfileView
from jupyter_challenge.core.models.phrases import say
from jupyter_challenge.engines.queue_settings import NodeKind
from jupyter_challenge.service import waiting
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import Seen, see
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import runs
from jupyter_challenge.store.database import Session

LOCAL = "local"
TITLES = {"embedded": say("This machine"), "cluster": say("The cluster")}
_AT_ONCE = 4


def page(
    service: Service, identity: Identity, challenge_id: str | None, kernel: str | None
) -> Page[ProfileView]:
    """The profiles that somebody may choose from, for a challenge or at all.

    Args:
        service: The service.
        identity: Who asks.
        challenge_id: Whose limits and last runs count.
        kernel: Read the packages of this kernel alone; of all of them when left out.
    """
    with service.db.read() as session:
        seen = see(session, identity, challenge_id) if challenge_id is not None else None
        found = _local(session, service, seen)
        offered = _kinds(service, seen.challenge if seen is not None else None)
    if service.place != "cluster":  # there the kernels are in an image, not on this machine
        found.environments = environments(kernel)
    named = [_of_a_kind(found, kind) for kind in offered]
    if offered and seen is not None and seen.challenge.profiles:
        named[0].default = True
        return Page[ProfileView](items=named, total=len(named))
    return Page[ProfileView](items=[found, *named], total=1 + len(named))


def chosen(service: Service, challenge: Challenge, profile: str | None) -> str:
    """The id of the profile that a submission runs on.

    Raises:
        InvalidSubmission: There is no such profile here.
    """
    names = [kind.name for kind in _kinds(service, challenge)]
    # Where there are no kinds, one machine stands in for every profile that the challenge names.
    if not (names and challenge.profiles):
        names.insert(0, LOCAL)
    if profile is None:
        return names[0]
    if profile in names:
        return profile
    raise InvalidSubmission(
        f'There is no compute profile "{profile}" here.',
        hint=f"Choose one of: {', '.join(names)}.",
        profiles=names,
    )


def _kinds(service: Service, challenge: Challenge | None) -> list[NodeKind]:
    """The kinds of nodes that a challenge's runs may choose from, if there are several."""
    kinds: Sequence[NodeKind] = getattr(service.engine, "kinds", ())
    if challenge is None:
        return list(kinds)
    allowed = challenge.profiles or [kind.name for kind in kinds]
    gpu = challenge.limits.gpu
    return [k for k in kinds if k.name in allowed and (not gpu or k.quota.get(k.gpu, "0") != "0")]


def _of_a_kind(any_kind: ProfileView, kind: NodeKind) -> ProfileView:
    return any_kind.model_copy(
        update={
            "id": kind.name,
            "title": kind.title or kind.name,
            "accelerator": (kind.title or kind.name) if any_kind.gpu else "",
            "default": False,
            "sentence": "",
        }
    )


def environments(kernel: str | None) -> dict[str, EnvironmentView]:
    """What the kernels have that runs are given: those of this process's machine."""
    installed = environment.installed()
    asked = [name for name in installed if kernel is None or name == kernel]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = dict(zip(asked, pool.map(environment.capture, asked), strict=True))
    return {
        name: EnvironmentView.model_validate({**known, **told.get(name, {})})
        for name, known in installed.items()
    }


def _local(session: Session, service: Service, seen: Seen | None) -> ProfileView:
    limits = seen.challenge.limits if seen is not None else None
    cores, memory, gpus = _cores(), _memory(), _gpus()
    if service.place == "cluster":
        cores, memory, gpus = _of_a_node(limits)
    queue, running = runs.queue(session), waiting.running(session)
    return ProfileView(
        id=LOCAL,
        title=str(TITLES.get(service.place, say("The service's machine"))),
        cpu=min(cores, limits.cpu) if limits else cores,
        memory=min(memory, limits.memory) if limits else memory,
        gpu=min(gpus, limits.gpu) if limits else gpus,
        default=True,
        waiting=len(queue),
        running=len(running),
        slots=None if waiting.has_queues(service) else service.config.parallel_runs,
        wait_seconds=_wait(session, service, seen),
        sentence=" ".join(_shortfalls(seen, cores, memory, gpus)),
    )


def _wait(session: Session, service: Service, seen: Seen | None) -> float | None:
    """How long one more submission of the asker's would wait."""
    team = seen.team.id if seen is not None and seen.team is not None else ""
    ends, at_once = waiting.ahead(session, service, team)
    if ends <= 0:
        return 0.0
    if seen is None:
        return None
    phases = seen.challenge.phases
    hidden = any(seen.challenge.feedback(phase) is Feedback.CLASS_ONLY for phase in phases)
    return waiting.Estimates(session).seconds(seen.row.id, ends, at_once, hidden=hidden)


def _shortfalls(seen: Seen | None, cores: int, memory: int, gpus: int) -> list[str]:
    """Say where this machine has less than the challenge allows, and stands in for others."""
    if seen is None:
        return []
    challenge, said = seen.challenge, []
    limits = challenge.limits
    if limits.cpu > cores:
        said.append(f"The challenge allows {limits.cpu:g} cores; there are {cores}.")
    if limits.memory > memory:
        said.append(
            f"The challenge allows {limits.memory / 1e9:.3g} GB of memory; "
            f"there are {memory / 1e9:.3g} GB."
        )
    if limits.gpu > gpus:
        said.append(f"The challenge allows {limits.gpu} GPU; there are {gpus}.")
    others = [name for name in challenge.profiles if name != LOCAL]
    if others:
        said.append(f"It stands in for what the challenge names: {', '.join(others)}.")
    return said


def _of_a_node(limits: Limits | None) -> tuple[int, int, int]:
    """What a run gets on a cluster: what the challenge allows, as some node must have it."""
    given = limits or Limits()
    return math.ceil(given.cpu), given.memory, given.gpu


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _gpus() -> int:
    return len(glob.glob("/dev/nvidia[0-9]*"))
