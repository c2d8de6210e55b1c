"""Run a submission again for its organisers, and say whether it scores the same.

A verification is a submission of its own that counts nowhere: it takes no quota, its scores reach
no board, its team does not see it. It is run as the submission was (its bundle, its version, its
parameters, its image, its profile), with the hidden data, and before everything else that waits.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Literal

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.errors import Conflict
from jupyter_challenge.core.metrics import title_of
from jupyter_challenge.core.models import (
    Page,
    SubmissionState,
    VerificationView,
    VerifiedScore,
)
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import SeenSubmission, managed, see_submission
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import audit, challenges, runs, scores, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import ScoreRow, SubmissionRow, utc_now

SAME_AS_BEFORE = (
    "challenge_id", "team_id", "version", "phase", "kind", "entry", "bundle", "files",
    "parameters", "environment", "profile", "image",
)  # fmt: skip


def verify(
    service: Service, identity: Identity, submission_id: str
) -> tuple[VerificationView, bool]:
    """Have a submission run again.

    Returns:
        The verification, and whether it is new: one that waits or runs is found again.

    Raises:
        NotFound: There is no such submission, or they do not organise its challenge.
        Conflict: It has no score that could be compared.
    """
    with service.db.write() as session:
        found = _organised(session, identity, submission_id)
        row = found.row
        # Two who ask at the same time are answered one after the other.
        challenges.entry(session, row.team_id, lock=True)
        before = submissions.verifications(session, row.id)
        made = next((each for each in before if each.state in submissions.ACTIVE), None)
        new = made is None
        if made is None:
            if row.state != SubmissionState.SCORED.value or row.is_try:
                raise Conflict(
                    "Only a submission with a score can be verified.",
                    hint="Wait for its score; tries count nowhere, so there is nothing to verify.",
                )
            made = SubmissionRow(
                **{name: getattr(row, name) for name in SAME_AS_BEFORE},
                id=str(uuid.uuid4()),
                verifies=row.id,
                user=identity.name,
                # Counted on the other side of zero: the team's own numbers stay as they are.
                number=-1 - submissions.verifications_of(session, row.team_id),
                is_try=True,
                note="",
                state=SubmissionState.QUEUED.value,
                created_at=utc_now(),
            )
            submissions.add(session, made, None, "")
            runs.add(session, made.id, 1, made.created_at)
            audit.note(
                session, identity.name, "verify", row.challenge_id, row.id, verification=made.id
            )
            session.flush()
        view = _views(session, found, [made])[0]
    if new:
        service.observer.accepted(made)
    return view, new


def page(service: Service, identity: Identity, submission_id: str) -> Page[VerificationView]:
    """The verifications of a submission, the newest first."""
    with service.db.read() as session:
        found = _organised(session, identity, submission_id)
        items = _views(session, found, submissions.verifications(session, found.row.id))
    return Page[VerificationView](items=items, total=len(items))


def _organised(session: Session, identity: Identity, submission_id: str) -> SeenSubmission:
    found = see_submission(session, identity, submission_id)
    managed(found.seen)
    return found


def _views(
    session: Session, found: SeenSubmission, rows: Sequence[SubmissionRow]
) -> list[VerificationView]:
    scored = scores.of_submissions(session, [found.row.id, *(row.id for row in rows)])
    before = scored.get(found.row.id, [])
    views = []
    for row in rows:
        again = scored.get(row.id, [])
        compared = _compared(found.challenge, before, again)
        whole = _names(before) == _names(again) != set()
        views.append(
            VerificationView(
                id=row.id,
                submission=found.row.id,
                challenge=row.challenge_id,
                by=row.user,
                state=SubmissionState(row.state),
                created_at=row.created_at,
                ended_at=row.ended_at,
                verdict=_verdict(SubmissionState(row.state), compared, whole=whole),
                scores=compared,
            )
        )
    return views


def _names(rows: Sequence[ScoreRow]) -> set[tuple[str, str]]:
    return {(row.board, row.metric) for row in rows}


def _compared(
    challenge: Challenge, before: Sequence[ScoreRow], again: Sequence[ScoreRow]
) -> list[VerifiedScore]:
    """Each score beside that of the run again, in the order of boards and metrics."""
    found = {(score.board, score.metric): score.value for score in again}
    values = {(score.board, score.metric): score.value for score in before}
    boards: tuple[Literal["public", "private"], ...] = ("public", "private")
    compared = []
    for board in boards:
        for spec in challenge.metrics:
            key = (board, spec.name)
            if key not in values or key not in found:
                continue
            one, other = values[key], found[key]
            compared.append(
                VerifiedScore(
                    board=board,
                    metric=spec.name,
                    label=title_of(spec),
                    before=ranking.display(one, spec.precision),
                    again=ranking.display(other, spec.precision),
                    difference=other - one,
                    same=ranking.rounded(one, spec.precision)
                    == ranking.rounded(other, spec.precision),
                )
            )
    return compared


def _verdict(
    state: SubmissionState, compared: Sequence[VerifiedScore], *, whole: bool
) -> Literal["same", "different", "failed", "cancelled"] | None:
    """What came of it; the same only where each score has its counterpart."""
    if state is SubmissionState.SCORED:
        return "same" if whole and all(score.same for score in compared) else "different"
    if state is SubmissionState.FAILED:
        return "failed"
    return "cancelled" if state is SubmissionState.CANCELLED else None
