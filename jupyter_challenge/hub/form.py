"""The form in which people choose a compute profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, Template

from jupyter_challenge.core.compute import Catalogue, ComputeProfile
from jupyter_challenge.hub.capacity import Availability
from jupyter_challenge.hub.starting import about


@dataclass(frozen=True)
class Card:
    """A profile as the form shows it.

    Attributes:
        id: Its id.
        name: Its name.
        description: Its description.
        facts: What a server has.
        state: `free`, `busy` or `unknown`: the colour. The words say the same.
        now: How it stands.
        more: What else there is to know.
        checked: Whether it is chosen when the form opens.
    """

    id: str
    name: str
    description: str
    facts: Sequence[str]
    state: str
    now: str
    more: str = ""
    checked: bool = False


@dataclass(frozen=True)
class Form:
    """What the form shows: profiles to choose from, those for others, and what happened before.

    Others are names and sentences.
    """

    cards: Sequence[Card]
    others: Sequence[tuple[str, str]] = ()
    ended: str = ""


def form(
    catalogue: Catalogue,
    usable: Sequence[ComputeProfile],
    availability: Mapping[str, Availability],
    *,
    chosen: str = "",
    ended: str = "",
) -> Form:
    """What somebody's form shows.

    Args:
        catalogue: All profiles. Those for others are told of where it says what to do about it.
        usable: The profiles that they may use.
        availability: How it stands with each of these.
        chosen: What they chose last time.
        ended: Why their last server ended.
    """
    ids = [profile.id for profile in usable]
    first = chosen if chosen in ids else next(iter(ids), "")
    cards = [
        _card(profile, availability[profile.id], checked=profile.id == first) for profile in usable
    ]
    others = [
        (profile.name, profile.denied)
        for profile in catalogue.profiles
        if profile.denied and profile.id not in ids
    ]
    return Form(cards, others, ended)


def rendered(shown: Form) -> str:
    """The form as HTML; everything that anybody wrote is escaped."""
    return _template().render(form=shown)


@cache
def _template() -> Template:
    loader = PackageLoader("jupyter_challenge.hub", "templates")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("form.html")


def _card(profile: ComputeProfile, how: Availability, *, checked: bool) -> Card:
    state, now, more = _availability(how)
    return Card(
        profile.id, profile.name, profile.description, _facts(profile), state, now, more, checked
    )


def _facts(profile: ComputeProfile) -> list[str]:
    facts = []
    if profile.accelerator is not None:
        count = profile.accelerator.count
        one, of = {"mig": ("slice", " of a GPU"), "none": ("GPU", "")}.get(
            profile.accelerator.sharing.value, ("share", " of a GPU")
        )
        facts.append(f"{count} {one}{'s' if count > 1 else ''}{of}")
    if profile.cpu is not None:
        facts.append(f"{profile.cpu:g} core" + ("" if profile.cpu == 1 else "s"))
    if profile.memory is not None:
        facts.append(f"{_size(profile.memory)} memory")
    if profile.max_lifetime is not None:
        facts.append(f"for up to {_long(profile.max_lifetime)}")
    if profile.idle_timeout is not None:
        facts.append(f"ends after {_long(profile.idle_timeout)} of doing nothing")
    return facts


def _availability(how: Availability) -> tuple[str, str, str]:
    if not how.known:
        return "unknown", "What is free is not known at the moment", ""
    if how.free:
        return "free", f"{how.free} free now", f"of {how.whole}" if how.whole > how.free else ""
    if not how.queued:
        if how.whole == 0:
            return "busy", "No machine of this kind", "the cluster may add one when you start"
        return "busy", "None free now", "it starts only if one gets free within minutes"
    if how.waiting == 0:
        return "busy", "None free now", f"you would be the next{_takes(how.wait)}"
    wait = "1 waits" if how.waiting == 1 else f"{how.waiting} wait"
    more = f"you would be number {how.waiting + 1}{_takes(how.wait)}"
    return "busy", f"None free now, {wait}", more


def _takes(wait: float | None) -> str:
    return f", {about(wait)}" if wait is not None else ""


def _size(number: int) -> str:
    for unit, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20)):
        if number >= size:
            return f"{round(number / size, 1):g} {unit}"
    return f"{number} bytes"


def _long(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = round(seconds / length, 1)
            return f"{number:g} {unit}" + ("" if number == 1 else "s")
    return f"{seconds:g} seconds"
