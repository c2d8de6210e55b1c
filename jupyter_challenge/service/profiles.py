"""The kinds of machine that runs are offered here, with their queues and their environments.

Where one machine does everything there is one profile, made from what that machine has.
"""

from __future__ import annotations

import glob
import math
import os
import statistics
from concurrent.futures import ThreadPoolExecutor

from jupyter_challenge.core import environment, fairness
from jupyter_challenge.core.challenge import Challenge, Feedback, Limits
from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.models import EnvironmentView, Page, ProfileView
from jupyter_challenge.core.models.phrases import say
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import Seen, see
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import runs
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import utc_now

LOCAL = "local"
TITLES = {"embedded": say("This machine"), "cluster": say("The cluster")}
LAST_RUNS = 20
_ROUNDED_TO = 10
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
    if service.place != "cluster":  # there the kernels are in an image, not on this machine
        found.environments = environments(kernel)
    return Page[ProfileView](items=[found], total=1)


def chosen(challenge: Challenge, profile: str | None) -> str:
    """The id of the profile that a submission runs on.

    Raises:
        InvalidSubmission: There is no such profile here.
    """
    # One machine stands in for every profile that the challenge names.
    if profile is None or profile == LOCAL:
        return LOCAL
    raise InvalidSubmission(
        f'There is no compute profile "{profile}" here.',
        hint=f"Choose one of: {LOCAL}.",
        profiles=[LOCAL],
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
    slots = service.config.parallel_runs
    queue = runs.queue(session)
    running = [team for team, number in runs.active_by_team(session).items() for _ in range(number)]
    return ProfileView(
        id=LOCAL,
        title=str(TITLES.get(service.place, say("The service's machine"))),
        cpu=min(cores, limits.cpu) if limits else cores,
        memory=min(memory, limits.memory) if limits else memory,
        gpu=min(gpus, limits.gpu) if limits else gpus,
        default=True,
        waiting=len(queue),
        running=len(running),
        slots=slots,
        wait_seconds=_wait(session, service, seen, running, slots),
        sentence=" ".join(_shortfalls(seen, cores, memory, gpus)),
    )


def _wait(
    session: Session, service: Service, seen: Seen | None, running: list[str], slots: int
) -> float | None:
    """How long one more submission of the asker's would wait."""
    mine = fairness.Waiting("", seen.team.id if seen and seen.team else "", utc_now())
    queue = [fairness.Waiting(row.id, row.team_id, row.created_at) for row in runs.queue(session)]
    order = fairness.next_order([*queue, mine], running)
    # So many must end before it can begin.
    ends = order.index(mine) + len(running) - slots + 1
    if ends <= 0:
        return 0.0
    if seen is None:
        return None
    last = runs.last_durations(session, seen.row.id, LAST_RUNS)
    if not last:
        return None
    seconds = ends / slots * statistics.median(last)
    # Of hidden data not even a duration is told exactly.
    hidden = any(seen.challenge.feedback(p) is Feedback.CLASS_ONLY for p in seen.challenge.phases)
    step = 6 * _ROUNDED_TO if hidden else _ROUNDED_TO
    return float(step * max(1, math.ceil(seconds / step)))


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
