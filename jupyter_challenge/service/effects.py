"""What publishing a version does to those who take part, said before it is done.

Each sentence is about a rule that is somewhere else; the tests publish and look whether it came
so. Scores belong to an evaluation (`Layout.evaluation`), a board shows those of the current one;
submissions are scored by the version that they were made for; dates, quotas, counting, ties,
precision, terms and access are those of the current version.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_challenge.core.challenge import Challenge, Direction, Feedback, Phase
from jupyter_challenge.core.models import Effect, Phrase, say, say_n
from jupyter_challenge.service import scoring
from jupyter_challenge.service.auth import manages, role_in
from jupyter_challenge.service.layout import Layout
from jupyter_challenge.service.publication import Publication, effect, listed, moment
from jupyter_challenge.service.run_effects import of_files, of_runs
from jupyter_challenge.store import challenges, scores, submissions

_DECIDE = {
    "labels": say("the labels"),
    "evaluator": say("the evaluator's code"),
    "function": say("the function that evaluates"),
    "metrics": say("the metrics"),
    "output": say("what predictions have to look like"),
    "split": say("the split into public and private rows"),
}
_WEIGHTS = {"grave": 0, "notice": 1, "calm": 2}


def of_first(challenge: Challenge) -> list[Effect]:
    """What publishing a challenge for the first time does."""
    access = challenge.access
    who = {
        "open": say("A new challenge begins. Everybody who can sign in sees it at once."),
        "group": say(
            "A new challenge begins. Members of %1 see it at once.", listed(access.groups)
        ),
        "invitation": say(
            "A new challenge begins. Whoever is invited sees it at once: %1.",
            listed(access.invited),
        ),
    }[access.mode]
    return [effect("notice", "new_challenge", who)]


def effects(it: Publication) -> list[Effect]:
    """What publishing does, the gravest first."""
    if it.after.digest == it.before.digest:
        return [
            effect(
                "calm",
                "nothing",
                say("Nothing changes: this version is the current one already."),
            )
        ]
    found = [*_again(it)]
    for phase in it.new.phases:
        found += _phase(it, phase)
    found += _gone(it)
    found += _people(it)
    found += of_files(it)
    found += of_runs(it)
    if not any(each.code != "again" for each in found):
        found.append(
            effect(
                "calm",
                "texts",
                say("Only texts and the like changed: boards, ranks, quotas and dates go on."),
            )
        )
    return sorted(found, key=lambda each: _WEIGHTS[each.weight])


def _again(it: Publication) -> Iterator[Effect]:
    known = challenges.version(it.session, it.after.digest)
    if known is not None:
        text = say("Version %1 becomes the current one again.", known.number)
        yield effect("notice", "again", text)


def _phase(it: Publication, phase: Phase) -> Iterator[Effect]:
    old = it.old.phase(phase.id)
    if old is None:
        evaluator = it.after.evaluators[phase.id]
        count, _ = scores.scored_by(it.session, it.row.id, phase.id, evaluator)
        text = (
            say("%1 is a new phase: its board comes back.", phase.label)
            if count
            else say("%1 is a new phase: its board begins empty.", phase.label)
        )
        yield effect("notice", "phase_added", text)
        return
    yield from _evaluation(it, phase)
    yield from _dates(it, old, phase)
    yield from _quota(old, phase)
    feedback = it.new.feedback(phase)
    if it.old.feedback(old) is not feedback:
        text = (
            say("%1: runs of new submissions tell everything; earlier ones as before.", phase.label)
            if feedback is Feedback.FULL
            else say(
                "%1: runs of new submissions tell only the kind of a failure; earlier ones as "
                "before.",
                phase.label,
            )
        )
        yield effect("notice", "feedback", text)
    if old.zone != phase.zone:
        text = say("%1: the day of the quotas is that of %2 now.", phase.label, phase.zone)
        yield effect("notice", "zone", text)


def _evaluation(it: Publication, phase: Phase) -> Iterator[Effect]:
    """Whether a board goes on, is counted again, or another one takes its place."""
    old = it.before.evaluators[phase.id]
    new = it.after.evaluators[phase.id]
    label = phase.label
    if old == new:
        yield from _rules(it, phase)
        return
    why = _reasons(it, phase)
    count, teams = scores.scored_by(it.session, it.row.id, phase.id, old)
    back, _ = scores.scored_by(it.session, it.row.id, phase.id, new)
    if back:
        text = say(
            "Changed: %1. The board of %2 is again that of an earlier version, with %3; those of "
            "the present board (%4) are not on it.",
            why,
            label,
            _scored(back),
            count,
        )
        yield effect("grave", "old_board", text)
    elif count:
        text = say(
            "Changed: %1. A new board begins in %2; %3 of %4 stay on the old one, which is not "
            "shown any more. Nothing is scored again by itself.",
            why,
            label,
            _scored(count),
            say_n("1 team", "%1 teams", teams),
        )
        yield effect("grave", "new_board", text)
    else:
        text = say("Changed: %1. Nothing is scored in %2 yet, so no board is lost.", why, label)
        yield effect("calm", "new_board", text)
    active = submissions.active_in(it.session, it.row.id, phase.id)
    if active:
        text = say_n(
            "1 submission in %2 waits or runs and will be scored by the old evaluation, so not on "
            "the new board.",
            "%1 submissions in %2 wait or run and will be scored by the old evaluation, so not on "
            "the new board.",
            active,
            label,
        )
        yield effect("notice", "active", text)


def _reasons(it: Publication, phase: Phase) -> list[str | Phrase]:
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
    return [_DECIDE[name] for name in changed] or [say("what decides a score")]


def _scored(number: int) -> Phrase:
    return say_n("1 scored submission", "%1 scored submissions", number)


def _rules(it: Publication, phase: Phase) -> Iterator[Effect]:
    """What is decided anew from the same scores."""
    label, old = phase.label, it.old.phase(phase.id)
    assert old is not None
    before, after = scoring.ranked_by(it.old), scoring.ranked_by(it.new)
    if before.metric != after.metric:
        text = say(
            "%1 decides the rank instead of %2: the ranks in %3 are counted again from the same "
            "scores.",
            after.metric,
            before.metric,
            label,
        )
        yield effect("grave", "ranked_metric", text)
    elif before.direction != after.direction:
        text = (
            say(
                "More is better from now on in %1: the ranks in %2 are counted again from the "
                "same scores.",
                after.metric,
                label,
            )
            if after.direction is Direction.MAXIMIZE
            else say(
                "Less is better from now on in %1: the ranks in %2 are counted again from the "
                "same scores.",
                after.metric,
                label,
            )
        )
        yield effect("grave", "direction", text)
    elif before.precision != after.precision:
        text = say_n(
            "%3 ranks by 1 decimal instead of %2: the ranks in %4 are counted again from the same "
            "scores.",
            "%3 ranks by %1 decimals instead of %2: the ranks in %4 are counted again from the "
            "same scores.",
            after.precision,
            before.precision,
            after.metric,
            label,
        )
        yield effect("notice", "precision", text)
    if old.counting != phase.counting:
        text = say(
            "What counts is %1 instead of %2: the ranks in %3 are counted again from the same "
            "scores.",
            _counting(phase),
            _counting(old),
            label,
        )
        yield effect("grave", "counting", text)
    if old.ties is not phase.ties:
        text = (
            say("Tied ranks in %1 are shared from now on.", label)
            if phase.ties.value == "shared"
            else say("Tied ranks in %1 go to who was first from now on.", label)
        )
        yield effect("notice", "ties", text)
    digits = {metric.name: metric.precision for metric in it.old.metrics}
    changed = [
        metric.name
        for metric in it.new.metrics
        if metric.name != after.metric and digits.get(metric.name) != metric.precision
    ]
    if changed:
        text = say("Shown with other decimals in %1: %2.", label, listed(changed))
        yield effect("calm", "shown", text)


def _counting(phase: Phase) -> Phrase:
    rule = phase.counting
    return {
        "best_public": say("the best public score"),
        "last": say("the last submission"),
        "selected": say("what teams select, up to %1", rule.max_selected),
    }[rule.rule.value]


def _dates(it: Publication, old: Phase, phase: Phase) -> Iterator[Effect]:
    label, before, after = phase.label, old.state(it.now), phase.state(it.now)
    if before != after:
        text = {
            "open": say("%1 opens at once: teams can submit.", label),
            "soon": say("%1 is not open any more, until %2.", label, moment(phase.starts_at)),
            "ended": say("%1 is over at once: nobody can submit any more.", label),
        }[after]
        yield effect("grave", f"phase_{after}", text)
    elif old.ends_at != phase.ends_at:
        if phase.ends_at is None:
            text = say("%1 has no end any more.", label)
        elif old.ends_at is None:
            text = say("%1 ends on %2; it had no end.", label, moment(phase.ends_at))
        else:
            ends = moment(phase.ends_at)
            text = say("%1 ends on %2 instead of %3.", label, ends, moment(old.ends_at))
        yield effect("notice", "end", text)
    if before == after == "soon" and old.starts_at != phase.starts_at:
        text = say("%1 starts on %2.", label, moment(phase.starts_at))
        yield effect("notice", "start", text)
    if phase.split is None:
        return
    shown, was = phase.revealed(it.now), old.revealed(it.now)
    if shown and not was:
        text = say(
            "The private board of %1 opens at once: everybody sees the private scores, and that "
            "cannot be taken back.",
            label,
        )
        yield effect("grave", "revealed", text)
    elif was and not shown:
        text = say("The private board of %1 is hidden again; people may have seen it.", label)
        yield effect("grave", "hidden", text)
    elif not shown and old.reveals_at != phase.reveals_at:
        text = (
            say("The private board of %1 never opens.", label)
            if phase.reveals_at is None
            else say("The private board of %1 opens on %2.", label, moment(phase.reveals_at))
        )
        yield effect("notice", "reveal", text)


def _quota(old: Phase, phase: Phase) -> Iterator[Effect]:
    names = {
        "per_day": say("submissions a day"),
        "total": say("submissions in all"),
        "failures_per_day": say("failed runs a day"),
        "concurrent": say("waiting or running at a time"),
    }
    for name, words in names.items():
        before, after = getattr(old.quota, name), getattr(phase.quota, name)
        if before == after:
            continue
        text = say(
            "%1, %2: %3 instead of %4, at once. What teams have used already counts.",
            phase.label,
            words,
            _limit(after),
            _limit(before),
        )
        yield effect("notice", "quota", text)


def _limit(value: int | None) -> int | Phrase:
    return say("no limit") if value is None else value


def _gone(it: Publication) -> Iterator[Effect]:
    for phase in it.old.phases:
        if it.new.phase(phase.id) is None:
            count = submissions.handed_in(it.session, it.row.id, phase.id)
            text = (
                say_n(
                    "%2 is gone: its board is not shown any more; its 1 submission is kept.",
                    "%2 is gone: its board is not shown any more; its %1 submissions are kept.",
                    count,
                    phase.label,
                )
                if count
                else say("%1 is gone: its board is not shown any more.", phase.label)
            )
            yield effect("grave" if count else "notice", "phase_removed", text)


def _people(it: Publication) -> Iterator[Effect]:
    if it.before.terms_digest != it.after.terms_digest:
        yield effect(
            "notice",
            "terms",
            say("The terms changed: every team has to accept them before it submits again.")
            if it.after.terms_digest
            else say("There are no terms to accept any more."),
        )
    old, new = it.old.access, it.new.access
    if (old.mode, old.groups, old.invited) != (new.mode, new.groups, new.invited):
        text = {
            "open": say(
                "Everybody who can sign in may see and enter it now. Teams that entered stay."
            ),
            "group": say(
                "Members of %1 may see and enter it now, others not. Teams that entered stay.",
                listed(new.groups),
            ),
            "invitation": say(
                "Whoever is invited may see and enter it now (%1), others not. Teams that entered "
                "stay.",
                listed(new.invited),
            ),
        }[new.mode]
        yield effect("notice", "access", text)
    if old.organisers != new.organisers:
        text = (
            say("Besides %1 it is organised by %2.", it.row.owner, listed(new.organisers))
            if new.organisers
            else say("Besides %1 nobody organises it.", it.row.owner)
        )
        yield effect("notice", "organisers", text)
    if not manages(role_in(it.identity, it.new, it.row.owner, entered=False)):
        text = say("You will not organise this challenge any more, and cannot take that back.")
        yield effect("grave", "locked_out", text)
