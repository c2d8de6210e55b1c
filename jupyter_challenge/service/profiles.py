"""The kinds of machine that runs are offered here, with their queues and their environments.

Where one machine does everything there is one profile, made from what that machine has.
"""

from __future__ import annotations

import glob
import math
import os
from concurrent.futures import ThreadPoolExecutor

from jupyter_challenge.core import environment
from jupyter_challenge.core.challenge import Challenge, Feedback, Limits
from jupyter_challenge.core.compute import Arch, Catalogue, ComputeProfile
from jupyter_challenge.core.errors import Forbidden, InvalidSubmission
from jupyter_challenge.core.models import EnvironmentView, Page, ProfileView
from jupyter_challenge.core.models.phrases import say
from jupyter_challenge.service import waiting
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import Seen, see
from jupyter_challenge.service.state import Service
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
        lines = waiting.Lines(session, service)
        found = _local(service, seen)
        challenge = seen.challenge if seen is not None else None
        named = [
            _view(found, profile, challenge)
            for profile in _offered(service, challenge)
            if profile.usable_by(identity.groups)
        ]
        for view in (found, *named):
            view.waiting = len(lines.waiting(view.id))
            view.running = len(lines.at_work(view.id))
            view.wait_seconds = _wait(session, lines, seen, view.id)
    if service.place != "cluster":  # there the kernels are in an image, not on this machine
        found.environments = environments(kernel)
    if _may_be_anywhere(service, challenge):
        return Page[ProfileView](items=[found, *named], total=1 + len(named))
    if named:
        named[0].default = True
    return Page[ProfileView](items=named, total=len(named))


def chosen(
    service: Service,
    identity: Identity,
    challenge: Challenge,
    profile: str | None,
    *,
    is_try: bool,
) -> str:
    """The id of the profile that a submission runs on.

    Raises:
        Forbidden: It is for groups that the submitter is not in.
        InvalidSubmission: There is no such profile here, or it takes no ranked runs.
    """
    offered = _offered(service, challenge)
    mine = [each for each in offered if each.usable_by(identity.groups)]
    fitting = [each for each in mine if is_try or not each.shared]
    names = [each.id for each in fitting]
    if _may_be_anywhere(service, challenge):
        names.insert(0, LOCAL)
    if profile in names or (profile is None and names):
        return profile or names[0]
    hint = f"Choose one of: {', '.join(names)}." if names else ""
    named = next((each for each in offered if each.id == profile), None)
    if named is None and profile is None and offered:
        named = (mine or offered)[0]
    if named is not None and named not in mine:
        raise Forbidden(
            f'The compute profile "{named.name}" is not open to you. {named.refusal}',
            hint=hint,
            profiles=names,
        )
    if named is not None:
        raise InvalidSubmission(
            f'"{named.name}" is a share of an accelerator that others are on too: it takes tries '
            "and no ranked runs.",
            hint=hint or "Ask the organiser to allow a profile that takes ranked runs.",
            profiles=names,
        )
    if profile is None:
        raise InvalidSubmission(
            "There is no compute profile here that the challenge allows.",
            hint="Tell its organiser: `profiles` and `limits.gpu` in challenge.yaml say which.",
            profiles=names,
        )
    raise InvalidSubmission(
        f'There is no compute profile "{profile}" here.', hint=hint, profiles=names
    )


def arch(service: Service, chosen: str) -> Arch | None:
    """The architecture of a profile's machines, where it says one."""
    found = _catalogue(service).get(chosen)
    return found.arch if found is not None else None


def gpus(service: Service, chosen: str | None, limits: Limits) -> int:
    """How many GPUs a run holds: what its challenge allows, and no more than its profile has."""
    found = _catalogue(service).get(chosen or "")
    if found is None:
        return limits.gpu
    return min(limits.gpu, found.accelerator.count) if found.accelerator is not None else 0


def _catalogue(service: Service) -> Catalogue:
    return service.engine.catalogue


def _offered(service: Service, challenge: Challenge | None) -> list[ComputeProfile]:
    """The profiles that a challenge's runs may choose from."""
    catalogue = _catalogue(service)
    if challenge is None:
        return list(catalogue.profiles)
    allowed = challenge.profiles or [profile.id for profile in catalogue.profiles]
    offered = [profile for profile in catalogue.profiles if profile.id in allowed]
    if challenge.limits.gpu:
        return [profile for profile in offered if profile.accelerator is not None]
    # Who needs no GPU keeps none from others, unless the organiser says so.
    return [p for p in offered if p.accelerator is None or challenge.profiles]


def _may_be_anywhere(service: Service, challenge: Challenge | None) -> bool:
    """Whether a run may be left without a profile.

    Where there are none, one machine stands in for every profile that a challenge names.
    """
    catalogue = _catalogue(service)
    if not catalogue.profiles:
        return True
    named = challenge is not None and bool(challenge.profiles)
    return catalogue.first_free and not (named and _offered(service, challenge))


def _view(
    anywhere: ProfileView, profile: ComputeProfile, challenge: Challenge | None
) -> ProfileView:
    """A profile as a run of the challenge would have it."""
    accelerator, limits = profile.accelerator, challenge.limits if challenge is not None else None
    # What a profile does not bound is what the challenge allows.
    bounds = limits or anywhere
    cores, memory = profile.cpu or bounds.cpu, profile.memory or bounds.memory
    gpus = accelerator.count if accelerator is not None else 0
    said = [profile.description] if profile.description else []
    if limits is not None:
        said += _less(limits, cores, memory, gpus if limits.gpu else 0)
        cores, memory = min(cores, limits.cpu), min(memory, limits.memory)
        gpus = min(gpus, limits.gpu)
    if profile.shared:
        said.append("For tries: on a share of an accelerator there are no ranked runs.")
    return anywhere.model_copy(
        update={
            "id": profile.id,
            "title": profile.name,
            "cpu": cores,
            "memory": memory,
            "gpu": gpus,
            "accelerator": profile.name if gpus else "",
            "default": False,
            "sentence": " ".join(said),
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


def _local(service: Service, seen: Seen | None) -> ProfileView:
    limits = seen.challenge.limits if seen is not None else None
    cores, memory, gpus = _cores(), _memory(), _gpus()
    if service.place == "cluster":
        cores, memory, gpus = _of_a_node(limits)
    return ProfileView(
        id=LOCAL,
        title=str(TITLES.get(service.place, say("The service's machine"))),
        cpu=min(cores, limits.cpu) if limits else cores,
        memory=min(memory, limits.memory) if limits else memory,
        gpu=min(gpus, limits.gpu) if limits else gpus,
        default=True,
        slots=None if service.engine.queues else service.config.parallel_runs,
        sentence=" ".join(_shortfalls(seen, cores, memory, gpus)),
    )


def _wait(session: Session, lines: waiting.Lines, seen: Seen | None, profile: str) -> float | None:
    """How long one more submission of the asker's would wait for a profile."""
    team = seen.team.id if seen is not None and seen.team is not None else ""
    ends = lines.ahead(team, profile)
    if ends <= 0:
        return 0.0
    if seen is None:
        return None
    phases = seen.challenge.phases
    hidden = any(seen.challenge.feedback(phase) is Feedback.CLASS_ONLY for phase in phases)
    return waiting.Estimates(session).seconds(
        seen.row.id, ends, lines.slots(profile), hidden=hidden
    )


def _shortfalls(seen: Seen | None, cores: int, memory: int, gpus: int) -> list[str]:
    """Say where this machine has less than the challenge allows, and stands in for others."""
    if seen is None:
        return []
    said = _less(seen.challenge.limits, cores, memory, gpus)
    others = [name for name in seen.challenge.profiles if name != LOCAL]
    if others:
        said.append(f"It stands in for what the challenge names: {', '.join(others)}.")
    return said


def _less(limits: Limits, cores: float, memory: int, gpus: int) -> list[str]:
    """Say where there is less than a challenge allows."""
    said = []
    if limits.cpu > cores:
        said.append(f"The challenge allows {limits.cpu:g} cores; there are {cores:g}.")
    if limits.memory > memory:
        said.append(
            f"The challenge allows {limits.memory / 1e9:.3g} GB of memory; "
            f"there are {memory / 1e9:.3g} GB."
        )
    if limits.gpu > gpus:
        said.append(f"The challenge allows {limits.gpu} GPU; there are {gpus}.")
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
