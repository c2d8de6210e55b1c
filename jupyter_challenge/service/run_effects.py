"""What publishing does to the files that participants get, and to runs and submissions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.comparison import duration_text, size_text
from jupyter_challenge.core.models import Effect, Phrase, say
from jupyter_challenge.service.publication import Publication, effect, listed
from jupyter_challenge.store import scores

_LIMITS = {
    "time": say("time"),
    "cpu": say("cores"),
    "memory": say("memory"),
    "processes": say("processes"),
    "disk": say("disk"),
    "gpu": say("GPUs"),
    "log": say("log"),
    "notebook": say("notebook"),
}
_KINDS = {
    "notebook": say("notebooks"),
    "predictions": say("predictions files"),
    "container": say("container images"),
}


def of_files(it: Publication) -> Iterator[Effect]:
    """What participants get, and whether scores before and after can be compared."""
    places = (it.before.layout["places"], it.after.layout["places"])
    inputs = [_below(each, ("public/input/", "hidden/input/")) for each in places]
    given = [_below(each, ("public/",)) for each in places]
    same = [
        p.id for p in it.new.phases if it.before.evaluators.get(p.id) == it.after.evaluators[p.id]
    ]
    if inputs[0] != inputs[1] and same:
        scored = sum(
            scores.scored_by(it.session, it.row.id, phase, it.after.evaluators[phase])[0]
            for phase in same
        )
        if scored:
            text = say(
                "The data that runs see changed and the labels did not: scores before and after "
                "stand on the same board."
            )
            yield effect("grave", "inputs", text)
    if given[0] != given[1]:
        text = say(
            "Participants are offered other files. Folders that they have stay as they are until "
            "they get them again; what they changed is kept."
        )
        yield effect("notice", "files", text)


def _below(places: dict[str, str], starts: tuple[str, ...]) -> dict[str, str]:
    return {at: digest for at, digest in places.items() if at.startswith(starts)}


def of_runs(it: Publication) -> Iterator[Effect]:
    """What new submissions and their runs may do."""
    old, new = it.old, it.new
    if old.limits != new.limits:
        changed: list[str | Phrase] = [
            _limit_change(name, getattr(old.limits, name), getattr(new.limits, name))
            for name in type(new.limits).model_fields
            if getattr(old.limits, name) != getattr(new.limits, name)
        ]
        text = say(
            "A run may use: %1. This is for new submissions; what waits or runs keeps the old "
            "limits.",
            changed,
        )
        yield effect("notice", "limits", text)
    if _handing_in(old) != _handing_in(new):
        text = say(
            "What a submission may hold changed (files and sizes); this is for new submissions."
        )
        yield effect("notice", "rules", text)
    if [m.bounds for m in old.metrics] != [m.bounds for m in new.metrics]:
        text = say(
            "The bounds of a metric changed; scores that are there stay, new ones are checked."
        )
        yield effect("notice", "bounds", text)
    if old.submission.kinds != new.submission.kinds:
        kinds = [_KINDS[kind.value] for kind in new.submission.kinds]
        yield effect("notice", "kinds", say("Teams can hand in: %1, from now on.", [*kinds]))
    if old.profiles != new.profiles:
        text = (
            say("Compute profiles of new submissions: %1.", listed(new.profiles))
            if new.profiles
            else say("New submissions may use any compute profile.")
        )
        yield effect("notice", "profiles", text)


def _handing_in(challenge: Challenge) -> tuple[Any, ...]:
    rules, output = challenge.submission, challenge.submission.output
    sizes = (rules.max_files, rules.max_size, output.max_size)
    return (*sizes, output.file, output.table_format)


def _limit_change(name: str, before: Any, after: Any) -> Phrase:
    def said(value: Any) -> str:
        if name in {"memory", "disk"}:
            return size_text(value)
        return duration_text(value) if name == "time" else f"{value:g}"

    return say("%1 %2 → %3", _LIMITS.get(name, name), said(before), said(after))
