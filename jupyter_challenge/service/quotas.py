"""What a team has left, and why it may not submit now: one rule for showing and for refusing."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from jupyter_challenge.core.challenge import Challenge, Phase, SubmissionKind
from jupyter_challenge.core.errors import (
    ChallengeError,
    Conflict,
    InvalidSubmission,
    NotEntered,
    PhaseClosed,
    QuotaExceeded,
    RankedNeedsIsolation,
)
from jupyter_challenge.core.models import ErrorBody, QuotaView
from jupyter_challenge.service.auth import Place
from jupyter_challenge.service.seeing import Seen
from jupyter_challenge.store import challenges, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.submissions import Usage


def day_of(phase: Phase, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the day of `now` in the phase's zone, as UTC."""
    zone = ZoneInfo(phase.zone)
    today = now.astimezone(zone).date()
    begin = datetime.combine(today, time(), zone)
    end = datetime.combine(today + timedelta(days=1), time(), zone)
    return begin.astimezone(timezone.utc), end.astimezone(timezone.utc)


def used(session: Session, team_id: str, phase: Phase, now: datetime) -> Usage:
    """What a team has used in a phase."""
    return submissions.usage(session, team_id, phase.id, day_of(phase, now)[0])


def check_quota(phase: Phase, usage: Usage, now: datetime) -> None:
    """Refuse what is over a quota.

    Raises:
        QuotaExceeded: With `next_at` where waiting helps.
    """
    quota, tomorrow = phase.quota, day_of(phase, now)[1]
    if phase.ends_at is not None and tomorrow >= phase.ends_at:
        later, hint = None, "There is no more room before the phase ends."
    else:
        later, hint = tomorrow, f"There is room again at midnight in the zone {phase.zone}."
    if quota.total is not None and usage.total >= quota.total:
        raise _exceeded(
            f"All {quota.total} submissions of {phase.label} are used.",
            "Choose which of them count, where the phase lets you.",
            None,
            "total",
        )
    if quota.per_day is not None and usage.today >= quota.per_day:
        raise _exceeded(
            f"All {quota.per_day} submissions of today are used.", hint, later, "per_day"
        )
    if quota.failures_per_day is not None and usage.failures_today >= quota.failures_per_day:
        raise _exceeded(
            f"All {quota.failures_per_day} failed runs of today are used.",
            f"{hint} Try runs the notebook on the sample without a quota.",
            later,
            "failures_per_day",
        )
    reserved = usage.failures_today + usage.active_today
    if quota.failures_per_day is not None and reserved >= quota.failures_per_day:
        # Whether a run fails is known at its end: until then each holds the place of a failure.
        raise _exceeded(
            f"{usage.active_today} of your submissions wait or run; should they fail, all "
            f"{quota.failures_per_day} failed runs of today are used.",
            "Wait until one has ended, or cancel one.",
            None,
            "failures_per_day",
        )
    if usage.active >= quota.concurrent:
        raise _exceeded(
            f"{usage.active} of your submissions wait or run; at most {quota.concurrent} may.",
            "Wait until one has ended, or cancel one.",
            None,
            "concurrent",
        )


def check_open(
    seen: Seen, challenge: Challenge, phase: Phase, now: datetime, *, place: Place, is_try: bool
) -> None:
    """Refuse what the challenge, the phase or the place does not allow now, quotas apart.

    Raises:
        Conflict: The challenge is closed, or there is no sample to try on.
        PhaseClosed: The phase is not open.
        RankedNeedsIsolation: It is ranked, and nothing isolates runs here.
    """
    if seen.row.closed:
        raise Conflict("The organiser has closed the challenge.", hint="It takes nothing more.")
    if place == "serve" and phase.ranked:
        raise RankedNeedsIsolation(
            f"{phase.label} is ranked, and nothing keeps runs away from the labels here.",
            hint="Ranked phases need a service that isolates runs; practice phases work.",
        )
    if is_try:
        if challenge.data.sample is None:
            raise Conflict(
                "The challenge has no sample to try on.", hint="Submit instead, or ask for one."
            )
        return
    state = phase.state(now)
    if state == "soon":
        raise PhaseClosed(
            f"{phase.label} has not started.",
            hint="Try works already, if the challenge has a sample.",
            starts_at=_text(phase.starts_at),
        )
    if state == "ended":
        raise PhaseClosed(
            f"{phase.label} has ended.",
            hint="Look whether another phase is open.",
            ended_at=_text(phase.ends_at),
        )


def check_kind(challenge: Challenge, kind: SubmissionKind) -> None:
    """Refuse a kind of submission that the challenge does not take.

    Raises:
        InvalidSubmission: It is not taken.
    """
    if kind not in challenge.submission.kinds:
        kinds = ", ".join(each.value for each in challenge.submission.kinds)
        raise InvalidSubmission(
            f"The challenge takes no {kind.value} submissions.", hint=f"It takes: {kinds}."
        )


def check_entered(session: Session, seen: Seen) -> None:
    """Refuse who has not entered, or has not accepted the terms as they are now.

    Raises:
        NotEntered: With `terms_digest` where there are terms to accept.
    """
    entry = challenges.entry(session, seen.team.id) if seen.team is not None else None
    wanted = seen.version.terms_digest
    if entry is None:
        raise NotEntered(
            "You have not entered the challenge.",
            hint="Enter it first; where there are terms, read and accept them.",
            terms_digest=wanted,
        )
    if wanted is not None and entry.terms_digest != wanted:
        raise NotEntered(
            "The challenge's terms have changed since you entered.",
            hint="Read them and enter again.",
            terms_digest=wanted,
        )


def quota_view(
    session: Session, seen: Seen, phase: Phase, now: datetime, place: Place
) -> QuotaView:
    """What the asker's team has left in a phase, and why it could not submit now."""
    quota = phase.quota
    usage = used(session, seen.team.id, phase, now) if seen.team is not None else Usage()
    blocked: ErrorBody | None = None
    try:
        check_open(seen, seen.challenge, phase, now, place=place, is_try=False)
        check_entered(session, seen)
        check_quota(phase, usage, now)
    except ChallengeError as error:
        blocked = error_body(error)
    return QuotaView(
        per_day=quota.per_day,
        left_today=_left(quota.per_day, usage.today),
        total=quota.total,
        left_total=_left(quota.total, usage.total),
        failures_per_day=quota.failures_per_day,
        failures_left_today=_left(quota.failures_per_day, usage.failures_today),
        concurrent=quota.concurrent,
        active=usage.active,
        resets_at=day_of(phase, now)[1],
        next_at=blocked.details.get("next_at") if blocked is not None else None,
        blocked=blocked,
    )


def error_body(error: ChallengeError) -> ErrorBody:
    """A refusal as it travels."""
    return ErrorBody(code=error.code, message=error.message, hint=error.hint, details=error.details)


def _exceeded(message: str, hint: str, next_at: datetime | None, quota: str) -> QuotaExceeded:
    return QuotaExceeded(message, hint=hint, next_at=_text(next_at), quota=quota)


def _left(limit: int | None, usage: int) -> int | None:
    return None if limit is None else max(0, limit - usage)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(timezone.utc).isoformat()
