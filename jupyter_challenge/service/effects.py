"""What publishing a version does to those who take part, said before it is done.

Each sentence is about a rule that is somewhere else; the tests publish and look whether it came
so. Scores belong to an evaluation (`Layout.evaluation`), a board shows those of the current one;
submissions are scored by the version that they were made for; dates, quotas, counting, ties,
precision, terms and access are those of the current version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from jupyter_challenge.core.challenge import Challenge, Feedback, Phase
from jupyter_challenge.core.comparison import duration_text, size_text
from jupyter_challenge.core.models import Effect
from jupyter_challenge.service import scoring
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.service.layout import Layout
from jupyter_challenge.store import challenges, scores, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import ChallengeRow, VersionRow

Weight = Literal["calm", "notice", "grave"]

_DECIDE = {
    "labels": "The labels changed",
    "evaluator": "The evaluator's code changed",
    "function": "Another function evaluates",
    "metrics": "The metrics changed",
    "output": "What predictions have to look like changed",
    "split": "The split into public and private rows changed",
}
_WEIGHTS = {"grave": 0, "notice": 1, "calm": 2}


@dataclass(frozen=True)
class Publication:
    """A version that takes the place of another."""

    session: Session
    identity: Identity
    row: ChallengeRow
    before: VersionRow
    after: VersionRow
    now: datetime

    @property
    def old(self) -> Challenge:
        """What the challenge says."""
        return challenges.spec(self.before)

    @property
    def new(self) -> Challenge:
        """What it would say."""
        return Challenge.model_validate(self.after.spec)


def of_first(challenge: Challenge) -> list[Effect]:
    """What publishing a challenge for the first time does."""
    access = challenge.access
    who = {
        "open": "Everybody who can sign in sees it",
        "group": f"Members of {', '.join(access.groups)} see it",
        "invitation": f"Whoever is invited sees it: {', '.join(access.invited)}",
    }[access.mode]
    return [_effect("notice", "new_challenge", f"A new challenge begins. {who} at once.")]


def effects(it: Publication) -> list[Effect]:
    """What publishing does, the gravest first."""
    if it.after.digest == it.before.digest:
        return [
            _effect("calm", "nothing", "Nothing changes: this version is the current one already.")
        ]
    found = [*_again(it)]
    for phase in it.new.phases:
        found += _phase(it, phase)
    found += _gone(it)
    found += _people(it)
    found += _files(it)
    found += _runs(it)
    if not any(each.code != "again" for each in found):
        found.append(
            _effect(
                "calm",
                "texts",
                "Only texts and the like changed: boards, ranks, quotas and dates go on.",
            )
        )
    return sorted(found, key=lambda each: _WEIGHTS[each.weight])


def _again(it: Publication) -> Iterator[Effect]:
    known = challenges.version(it.session, it.after.digest)
    if known is not None:
        yield _effect("notice", "again", f"Version {known.number} becomes the current one again.")


def _phase(it: Publication, phase: Phase) -> Iterator[Effect]:
    old = it.old.phase(phase.id)
    if old is None:
        evaluator = it.after.evaluators[phase.id]
        count, _ = scores.scored_by(it.session, it.row.id, phase.id, evaluator)
        begins = "its board comes back" if count else "its board begins empty"
        yield _effect("notice", "phase_added", f"{phase.label} is a new phase: {begins}.")
        return
    yield from _evaluation(it, phase)
    yield from _dates(it, old, phase)
    yield from _quota(old, phase)
    feedback = it.new.feedback(phase)
    if it.old.feedback(old) is not feedback:
        shown = "everything" if feedback is Feedback.FULL else "only the kind of a failure"
        text = f"{phase.label}: runs of new submissions tell {shown}; earlier ones as before."
        yield _effect("notice", "feedback", text)
    if old.zone != phase.zone:
        yield _effect(
            "notice", "zone", f"{phase.label}: the day of the quotas is that of {phase.zone} now."
        )


def _evaluation(it: Publication, phase: Phase) -> Iterator[Effect]:
    """Whether a board goes on, is counted again, or another one takes its place."""
    old = it.before.evaluators[phase.id]
    new = it.after.evaluators[phase.id]
    label = phase.label
    if old == new:
        yield from _rules(it, phase)
        return
    why = " and ".join(_reasons(it, phase))
    count, teams = scores.scored_by(it.session, it.row.id, phase.id, old)
    back, _ = scores.scored_by(it.session, it.row.id, phase.id, new)
    if back:
        text = (
            f"{why}: the board of {label} is again that of an earlier version, with its "
            f"{_n(back, 'scored submission')}; the {_n(count, 'scored submission')} of now "
            f"{'is' if count == 1 else 'are'} not on it."
        )
        yield _effect("grave", "old_board", text)
    elif count:
        text = (
            f"{why}: a new board begins in {label}; the {_n(count, 'scored submission')} of "
            f"{_n(teams, 'team')} {'stays' if count == 1 else 'stay'} on the old one, which is "
            "not shown any more. Nothing is scored again by itself."
        )
        yield _effect("grave", "new_board", text)
    else:
        text = f"{why}: nothing is scored in {label} yet, so no board is lost."
        yield _effect("calm", "new_board", text)
    active = submissions.active_in(it.session, it.row.id, phase.id)
    if active:
        verb = "waits or runs" if active == 1 else "wait or run"
        text = (
            f"{_n(active, 'submission')} in {label} {verb} and will be scored by the old "
            "evaluation, so not on the new board."
        )
        yield _effect("notice", "active", text)


def _reasons(it: Publication, phase: Phase) -> list[str]:
    parts = []
    for version, challenge in ((it.before, it.old), (it.after, it.new)):
        layout = Layout(challenge, version.manifest)
        ids = version.splits.get(phase.id, {}).get("ids")
        parts.append(layout.evaluation("labels", ids))
    changed = [name for name in _DECIDE if parts[0][name] != parts[1][name]]
    if "labels" in changed and "split" in changed:
        old = it.old.phase(phase.id)
        if old is not None and old.split == phase.split:
            changed.remove("split")  # other labels are split otherwise; that is no news
    words = [_DECIDE[name] for name in changed] or ["What decides a score changed"]
    return [words[0], *(word[0].lower() + word[1:] for word in words[1:])]


def _rules(it: Publication, phase: Phase) -> Iterator[Effect]:
    """What is decided anew from the same scores."""
    label, old = phase.label, it.old.phase(phase.id)
    assert old is not None
    before, after = scoring.ranked_by(it.old), scoring.ranked_by(it.new)
    again = f"the ranks in {label} are counted again from the same scores."
    if before.metric != after.metric:
        text = f"{after.metric} decides the rank instead of {before.metric}: {again}"
        yield _effect("grave", "ranked_metric", text)
    elif before.direction != after.direction:
        text = f"{after.metric} is now to {after.direction.value}: {again}"
        yield _effect("grave", "direction", text)
    elif before.precision != after.precision:
        text = (
            f"{after.metric} ranks by {_n(after.precision, 'decimal')} instead of "
            f"{before.precision}: {again}"
        )
        yield _effect("notice", "precision", text)
    if old.counting != phase.counting:
        text = f"What counts is {_counting(phase)} instead of {_counting(old)}: {again}"
        yield _effect("grave", "counting", text)
    if old.ties is not phase.ties:
        shown = "are shared" if phase.ties.value == "shared" else "go to who was first"
        yield _effect("notice", "ties", f"Tied ranks in {label} {shown} from now on.")
    digits = {metric.name: metric.precision for metric in it.old.metrics}
    changed = [
        metric.name
        for metric in it.new.metrics
        if metric.name != after.metric and digits.get(metric.name) != metric.precision
    ]
    if changed:
        text = f"{', '.join(changed)}: shown with other decimals in {label}."
        yield _effect("calm", "shown", text)


def _counting(phase: Phase) -> str:
    rule = phase.counting
    return {
        "best_public": "the best public score",
        "last": "the last submission",
        "selected": f"what teams select, up to {rule.max_selected}",
    }[rule.rule.value]


def _dates(it: Publication, old: Phase, phase: Phase) -> Iterator[Effect]:
    label, before, after = phase.label, old.state(it.now), phase.state(it.now)
    if before != after:
        text = {
            "open": f"{label} opens at once: teams can submit.",
            "soon": f"{label} is not open any more, until {_time(phase.starts_at)}.",
            "ended": f"{label} is over at once: nobody can submit any more.",
        }[after]
        yield _effect("grave", f"phase_{after}", text)
    elif old.ends_at != phase.ends_at:
        text = (
            f"{label} ends on {_time(phase.ends_at)} instead of {_time(old.ends_at)}."
            if phase.ends_at is not None and old.ends_at is not None
            else f"{label} has no end any more."
            if phase.ends_at is None
            else f"{label} ends on {_time(phase.ends_at)}; it had no end."
        )
        yield _effect("notice", "end", text)
    if before == after == "soon" and old.starts_at != phase.starts_at:
        yield _effect("notice", "start", f"{label} starts on {_time(phase.starts_at)}.")
    if phase.split is None:
        return
    shown, was = phase.revealed(it.now), old.revealed(it.now)
    if shown and not was:
        text = (
            f"The private board of {label} opens at once: everybody sees the private scores, "
            "and that cannot be taken back."
        )
        yield _effect("grave", "revealed", text)
    elif was and not shown:
        text = f"The private board of {label} is hidden again; people may have seen it."
        yield _effect("grave", "hidden", text)
    elif not shown and old.reveals_at != phase.reveals_at:
        when = _time(phase.reveals_at) if phase.reveals_at is not None else "never"
        yield _effect("notice", "reveal", f"The private board of {label} opens: {when}.")


def _quota(old: Phase, phase: Phase) -> Iterator[Effect]:
    names = {
        "per_day": "submissions a day",
        "total": "submissions in all",
        "failures_per_day": "failed runs a day",
        "concurrent": "waiting or running at a time",
    }
    for name, words in names.items():
        before, after = getattr(old.quota, name), getattr(phase.quota, name)
        if before == after:
            continue
        text = (
            f"{phase.label}: {_limit(after)} {words} instead of {_limit(before)}, at once. "
            "What teams have used already counts."
        )
        yield _effect("notice", "quota", text)


def _limit(value: int | None) -> str:
    return "no limit on" if value is None else str(value)


def _gone(it: Publication) -> Iterator[Effect]:
    for phase in it.old.phases:
        if it.new.phase(phase.id) is None:
            count = submissions.handed_in(it.session, it.row.id, phase.id)
            kept = f"; its {_n(count, 'submission')} {'is' if count == 1 else 'are'} kept"
            text = f"{phase.label} is gone: its board is not shown any more{kept if count else ''}."
            yield _effect("grave" if count else "notice", "phase_removed", text)


def _people(it: Publication) -> Iterator[Effect]:
    if it.before.terms_digest != it.after.terms_digest:
        yield _effect(
            "notice",
            "terms",
            "The terms changed: every team has to accept them before it submits again."
            if it.after.terms_digest
            else "There are no terms to accept any more.",
        )
    old, new = it.old.access, it.new.access
    if (old.mode, old.groups, old.invited) != (new.mode, new.groups, new.invited):
        who = {
            "open": "everybody who can sign in",
            "group": f"members of {', '.join(new.groups)}",
            "invitation": f"whoever is invited ({', '.join(new.invited)})",
        }[new.mode]
        text = f"Who may see and enter it: {who}. Teams that entered stay."
        yield _effect("notice", "access", text)
    if old.organisers != new.organisers:
        named = ", ".join(new.organisers) or "nobody else"
        text = f"Besides {it.row.owner} it is organised by {named}."
        yield _effect("notice", "organisers", text)
    if not manages(role_in(it.identity, it.new, it.row.owner, entered=False)):
        text = "You will not organise this challenge any more, and cannot take that back."
        yield _effect("grave", "locked_out", text)


def _files(it: Publication) -> Iterator[Effect]:
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
            text = (
                "The data that runs see changed and the labels did not: scores before and after "
                "stand on the same board."
            )
            yield _effect("grave", "inputs", text)
    if given[0] != given[1]:
        text = (
            "Participants are offered other files. Folders that they have stay as they are until "
            "they get them again; what they changed is kept."
        )
        yield _effect("notice", "files", text)


def _below(places: dict[str, str], starts: tuple[str, ...]) -> dict[str, str]:
    return {at: digest for at, digest in places.items() if at.startswith(starts)}


def _runs(it: Publication) -> Iterator[Effect]:
    old, new = it.old, it.new
    if old.limits != new.limits:
        changed = [
            _limit_change(name, getattr(old.limits, name), getattr(new.limits, name))
            for name in type(new.limits).model_fields
            if getattr(old.limits, name) != getattr(new.limits, name)
        ]
        text = (
            f"A run may use: {', '.join(changed)}. This is for new submissions; what waits or "
            "runs keeps the old limits."
        )
        yield _effect("notice", "limits", text)
    if _handing_in(old) != _handing_in(new):
        text = "What a submission may hold changed (files and sizes); this is for new submissions."
        yield _effect("notice", "rules", text)
    if [m.bounds for m in old.metrics] != [m.bounds for m in new.metrics]:
        text = "The bounds of a metric changed; scores that are there stay, new ones are checked."
        yield _effect("notice", "bounds", text)
    if old.submission.kinds != new.submission.kinds:
        kinds = ", ".join(kind.value for kind in new.submission.kinds)
        yield _effect("notice", "kinds", f"Teams can hand in: {kinds}, from now on.")
    if old.profiles != new.profiles:
        named = ", ".join(new.profiles) or "any"
        yield _effect("notice", "profiles", f"Compute profiles of new submissions: {named}.")


def _handing_in(challenge: Challenge) -> tuple[Any, ...]:
    rules, output = challenge.submission, challenge.submission.output
    sizes = (rules.max_files, rules.max_size, output.max_size)
    return (*sizes, output.file, output.table_format)


def _limit_change(name: str, before: Any, after: Any) -> str:
    def said(value: Any) -> str:
        if name in {"memory", "disk"}:
            return size_text(value)
        return duration_text(value) if name == "time" else f"{value:g}"

    return f"{name} {said(before)} → {said(after)}"


def _effect(weight: Weight, code: str, text: str) -> Effect:
    return Effect(weight=weight, code=code, text=text)


def _n(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _time(at: datetime | None) -> str:
    return "the beginning" if at is None else f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".strip()
