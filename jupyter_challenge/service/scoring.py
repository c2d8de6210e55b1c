"""How a run's result becomes scores, a standing and the submission's one terminal state.

Everything here happens in the caller's transaction, and happening twice changes nothing.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Phase
from jupyter_challenge.core.errors import FAILURES, FailureClass, Fault
from jupyter_challenge.core.metrics import bounds_of, direction_of
from jupyter_challenge.core.models import StepName, StepState, StepView, SubmissionState
from jupyter_challenge.engines.base import EvaluationResult, EvaluationSpec, RunFailure
from jupyter_challenge.store import audit, challenges, runs, scores, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import RunRow, ScoreRow, SubmissionRow, VersionRow

MAX_ATTEMPTS = 2
Board = Literal["public", "private"]


def ranked_by(challenge: Challenge) -> ranking.RankedBy:
    """What decides the rank in a challenge."""
    spec = challenge.ranked_metric
    return ranking.RankedBy(spec.name, direction_of(spec), spec.precision)


def secondary(challenge: Challenge) -> list[ranking.RankedBy]:
    """What orders rows, or breaks ties, after the ranked metric."""
    return [
        ranking.RankedBy(each.name, direction_of(each), each.precision)
        for each in challenge.metrics
        if each.name != challenge.ranked_metric.name
    ]


def check_result(
    result: EvaluationResult | None, spec: EvaluationSpec, *, own_evaluator: bool
) -> RunFailure | None:
    """Say why a result cannot be scored: it is missing, of another evaluator, or not finite."""

    def failed(kind: FailureClass, detail: str) -> RunFailure:
        return RunFailure(failure_class=kind, step=StepName.EVALUATE, detail=detail)

    if result is None:
        return failed(FailureClass.PLATFORM_ERROR, "The evaluation left no result.")
    if result.digest != spec.digest:
        return failed(FailureClass.PLATFORM_ERROR, "The result is of another evaluator version.")
    for board in spec.boards:
        found = result.boards.get(board, {})
        for metric in spec.metrics:
            one = found.get(metric.name)
            if one is None:
                return failed(
                    FailureClass.EVALUATOR_ERROR, f"{metric.name} is missing on the {board} board."
                )
            low, high = bounds_of(metric, built_in=not own_evaluator)
            if not math.isfinite(one.value):
                return failed(FailureClass.INVALID_SCORE, f"{metric.name} is {one.value}.")
            if (low is not None and one.value < low) or (high is not None and one.value > high):
                return failed(
                    FailureClass.INVALID_SCORE,
                    f"{metric.name} is {one.value}, outside [{low}, {high}].",
                )
            if one.stderr is not None and not math.isfinite(one.stderr):
                return failed(FailureClass.INVALID_SCORE, f"{metric.name} has no finite stderr.")
    return None


def end_scored(
    session: Session,
    submission: SubmissionRow,
    run: RunRow,
    result: EvaluationResult,
    spec: EvaluationSpec,
    now: datetime,
) -> None:
    """Store the scores of a run, count them, and end its submission."""
    if SubmissionState(submission.state).terminal:
        return
    by = ranked_by(_challenge(session, submission.version))
    team, evaluator = submission.team_id, spec.digest
    key = (submission.challenge_id, submission.phase, "public", evaluator)
    before = None if submission.is_try else scores.standing(session, key, team)
    if before is not None:
        submission.best_before = _best_public(session, submission, evaluator, by)
    scores.add(
        session,
        [
            ScoreRow(
                run_id=run.id,
                submission_id=submission.id,
                board=board,
                metric=metric.name,
                evaluator=evaluator,
                value=float(result.boards[board][metric.name].value),
                stderr=result.boards[board][metric.name].stderr,
                n=result.boards[board][metric.name].n,
                created_at=now,
            )
            for board in spec.boards
            for metric in spec.metrics
        ],
    )
    submission.score = float(result.boards["public"][by.metric].value)
    _end(session, submission, run, SubmissionState.SCORED, now)
    session.flush()
    if not submission.is_try:
        recount(session, submission.challenge_id, submission.version, submission.phase, team)


def end_failed(
    session: Session, submission: SubmissionRow, run: RunRow, failure: RunFailure, now: datetime
) -> None:
    """End a run that failed; a first failure of the platform's is tried again, free of quota."""
    if SubmissionState(submission.state).terminal:
        return
    run.failure = failure.model_dump(mode="json")
    fault = FAILURES[failure.failure_class].fault
    if fault is Fault.PLATFORM and run.attempt < MAX_ATTEMPTS and submission.cancel is None:
        run.state, run.ended_at = "failed", now
        submission.state = SubmissionState.QUEUED.value
        submission.started_at = None
        again = runs.add(session, submission.id, run.attempt + 1, now)
        if failure.failure_class is FailureClass.PREEMPTED:
            again.kept = run.kept  # what its pod handed in when it was told to end
        submissions.note_change(session, submission)
        return
    submission.fault, submission.failure = fault.value, failure.failure_class.value
    _end(session, submission, run, SubmissionState.FAILED, now)


def end_cancelled(session: Session, submission: SubmissionRow, run: RunRow, now: datetime) -> None:
    """End a run that somebody cancelled."""
    if SubmissionState(submission.state).terminal:
        return
    steps = [StepView.model_validate(step) for step in run.steps]
    run.steps = [
        step.model_copy(
            update={
                "state": StepState.CANCELLED
                if step.state is StepState.RUNNING
                else StepState.SKIPPED
            }
            if step.state in {StepState.PENDING, StepState.RUNNING}
            else {}
        ).model_dump(mode="json")
        for step in steps
    ]
    _end(session, submission, run, SubmissionState.CANCELLED, now)


def _end(
    session: Session, submission: SubmissionRow, run: RunRow, state: SubmissionState, now: datetime
) -> None:
    submission.state, submission.ended_at = state.value, now
    run.state = "succeeded" if state is SubmissionState.SCORED else state.value
    run.ended_at = now
    submissions.note_change(session, submission)
    audit.note(session, "service", state.value, submission.challenge_id, submission.id)


def recount(session: Session, challenge_id: str, version: str, phase_id: str, team: str) -> None:
    """Write the team's standings of a phase anew from its scores.

    The rules are those of the challenge's current version; the scores are those of the
    evaluator that `version` has in the phase.
    """
    made_for = challenges.version(session, version)
    current = challenges.challenge(session, challenge_id)
    if made_for is None or current is None:
        return
    evaluator = made_for.evaluators.get(phase_id)
    challenge = challenges.spec(current[1])
    phase = challenge.phase(phase_id) or challenges.spec(made_for).phase(phase_id)
    if evaluator is None or phase is None:
        return
    counted = _count(session, challenge, phase, challenge_id, evaluator, team)
    for board in ("public", "private"):
        key = (challenge_id, phase_id, board, evaluator)
        row = counted.get(board)
        if row is None:
            continue
        submission, values, entries, last_at = row
        scores.put_standing(
            session,
            key,
            team,
            submission=submission.id,
            value=values[challenge.ranked_metric.name],
            metrics=dict(values),
            entries=entries,
            reached_at=submission.created_at,
            last_at=last_at,
        )
    session.flush()


def recount_all(session: Session, challenge_id: str, before: VersionRow) -> None:
    """Write all standings anew where the current version's rules are others than `before`.

    Scores stay what they are; which of them count, and which metric ranks, are rules. Standings
    of an evaluation that comes back were counted by the rules of its own time.
    """
    current = challenges.challenge(session, challenge_id)
    if current is None:
        return
    version = current[1]
    now, then = challenges.spec(version), challenges.spec(before)
    for phase in now.phases:
        old = then.phase(phase.id)
        same_evaluation = before.evaluators.get(phase.id) == version.evaluators[phase.id]
        rules = (phase.counting, ranked_by(now))
        if old is not None and same_evaluation and (old.counting, ranked_by(then)) == rules:
            continue
        for team in scores.teams_on(session, challenge_id, phase.id, version.evaluators[phase.id]):
            recount(session, challenge_id, version.digest, phase.id, team)


Counted = tuple[SubmissionRow, dict[str, float], int, datetime]


def _count(
    session: Session, challenge: Challenge, phase: Phase, challenge_id: str, evaluator: str,
    team: str,
) -> dict[str, Counted]:  # fmt: skip
    scored = scores.of_team(session, challenge_id, phase.id, evaluator, team)
    if not scored:
        return {}
    by = ranked_by(challenge)
    chosen = submissions.selected(session, team, phase.id)
    rows = {submission.id: (submission, boards) for submission, boards in scored}
    last_at = max(submission.created_at for submission, _ in scored)

    def entries(board: str, ids: list[str]) -> list[ranking.Entry]:
        return [
            ranking.Entry(
                id=each,
                values=rows[each][1].get(board, {}),
                submitted_at=rows[each][0].created_at,
                selected=each in chosen,
            )
            for each in ids
        ]

    public = entries("public", list(rows))
    found: dict[str, Counted] = {}
    shown = ranking.counting_public(public, phase.counting, by)
    if shown is not None:
        row = rows[shown.id]
        found["public"] = (row[0], row[1]["public"], len(scored), last_at)
    if phase.split is not None:
        counting = ranking.counting(public, phase.counting, by)
        best = ranking.best(entries("private", [each.id for each in counting]), by)
        if best is not None:
            row = rows[best.id]
            found["private"] = (row[0], row[1]["private"], len(scored), last_at)
    return found


def _best_public(
    session: Session, submission: SubmissionRow, evaluator: str, by: ranking.RankedBy
) -> float | None:
    scored = scores.of_team(
        session, submission.challenge_id, submission.phase, evaluator, submission.team_id
    )
    best = ranking.best(
        [
            ranking.Entry(row.id, boards.get("public", {}), row.created_at)
            for row, boards in scored
            if row.id != submission.id
        ],
        by,
    )
    return best.values[by.metric] if best is not None else None


def _challenge(session: Session, version: str) -> Challenge:
    row = challenges.version(session, version)
    assert row is not None
    return challenges.spec(row)
