"""A submission as it travels: what the asker may see of it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_challenge.core import ranking
from jupyter_challenge.core.challenge import Challenge, Feedback, SubmissionKind
from jupyter_challenge.core.errors import FAILURES, FailureClass
from jupyter_challenge.core.imports import import_hint
from jupyter_challenge.core.metrics import direction_of, title_of
from jupyter_challenge.core.models import (
    FailureView,
    FileView,
    ScoreView,
    StepView,
    SubmissionState,
    SubmissionView,
    TeamRef,
)
from jupyter_challenge.engines.base import RunFailure
from jupyter_challenge.service import waiting
from jupyter_challenge.service.scoring import ranked_by
from jupyter_challenge.service.seeing import Seen, SeenSubmission
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import challenges, runs, scores, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import RunRow, ScoreRow, SubmissionRow, TeamRow, utc_now


def feedback_of(found: SeenSubmission) -> Feedback:
    """What the asker may see of a submission; tries and organisers always see everything."""
    if found.seen.manages or found.row.is_try:
        return Feedback.FULL
    phase = found.challenge.phase(found.row.phase)
    return Feedback.FULL if phase is None else found.challenge.feedback(phase)


def view_one(session: Session, service: Service, found: SeenSubmission) -> SubmissionView:
    """One submission with its latest run."""
    return view_many(session, service, {found.seen.row.id: found.seen}, [found.row])[0]


def view_many(
    session: Session, service: Service, seen: Mapping[str, Seen], rows: Sequence[SubmissionRow]
) -> list[SubmissionView]:
    """Submissions with their latest runs, by a few queries for all of them."""
    ids = [row.id for row in rows]
    latest = runs.latest(session, ids)
    scored = scores.of_submissions(session, ids)
    teams = challenges.teams(session, [row.team_id for row in rows])
    chosen = submissions.selected_among(session, ids)
    queued = any(row.state == "queued" for row in rows)
    lines = waiting.Lines(session, service) if queued else None
    places = lines.places() if lines is not None else {}
    estimates = waiting.Estimates(session)
    views = []
    for row in rows:
        version = challenges.version(session, row.version)
        assert version is not None
        mine = seen[row.challenge_id].team
        found = SeenSubmission(
            seen[row.challenge_id],
            row,
            version,
            challenges.spec(version),
            mine is not None and mine.id == row.team_id,
        )
        view = _view(found, teams[row.team_id], latest.get(row.id), scored.get(row.id, []))
        view.position = places.get(row.id)
        if view.position is not None and lines is not None:
            at_work, at_once = len(lines.at_work(row.profile)), lines.slots(row.profile)
            view.wait_seconds = estimates.seconds(
                row.challenge_id,
                view.position + min(0, at_work - at_once),
                at_once,
                hidden=view.feedback is Feedback.CLASS_ONLY,
            )
        view.selected = row.id in chosen
        if row.state == SubmissionState.SCORED.value and not row.is_try:
            _place(session, service, found, view)
        views.append(view)
    return views


def _view(
    found: SeenSubmission, team: TeamRow, run: RunRow | None, scored: list[ScoreRow]
) -> SubmissionView:
    row, challenge = found.row, found.challenge
    phase = challenge.phase(row.phase)
    feedback = feedback_of(found)
    full = feedback is Feedback.FULL
    state = SubmissionState(row.state)
    views = [
        _score_view(challenge, score)
        for score in _ordered(challenge, scored)
        if score.board == "public" or may_see_private(found)
    ]
    seconds = None
    if row.started_at is not None and row.ended_at is not None:
        began = (run.started_at if run is not None else None) or row.started_at
        seconds = max(0.0, (row.ended_at - began).total_seconds())
        if not full:
            seconds = round(seconds, -1)
    ranked = challenge.ranked_metric.name
    by = ranked_by(challenge)
    return SubmissionView(
        id=row.id,
        number=row.number,
        is_try=row.is_try,
        verifies=row.verifies,
        challenge=row.challenge_id,
        challenge_title=challenge.title,
        version=row.version,
        phase=row.phase,
        phase_title=phase.label if phase is not None else row.phase,
        team=TeamRef(id=team.id, name=team.name),
        user=row.user,
        kind=SubmissionKind(row.kind),
        name=row.entry.rsplit("/", 1)[-1],
        digest=row.bundle,
        image=row.image,
        files=[FileView.model_validate(file) for file in row.files],
        parameters=row.parameters,
        environment=row.environment,
        profile=row.profile,
        note=row.note,
        state=state,
        created_at=row.created_at,
        started_at=row.started_at if full else None,
        ended_at=row.ended_at if full else None,
        seconds=seconds,
        engine=run.engine if run is not None else "",
        attempt=run.attempt if run is not None else 0,
        interruptions=run.interruptions if run is not None else 0,
        steps=_steps(run, full),
        failure=_failure(run, state, full, row.environment),
        scores=views,
        score=next((s for s in views if s.board == "public" and s.metric == ranked), None),
        best_before=_shown(row.best_before, by.precision),
        improved=ranking.better(row.score, row.best_before, by)
        if state is SubmissionState.SCORED and not row.is_try
        else None,
        feedback=Feedback.CLASS_ONLY if not full else Feedback.FULL,
        mine=found.mine and row.verifies is None,
        has_notebook=full and run is not None and run.notebook is not None,
        has_logs=full and run is not None and (bool(run.logs) or run.handle is not None),
    )


def _shown(value: float | None, precision: int) -> float | None:
    """A value as it ranks: more digits would tell more of hidden labels than the board does."""
    rounded = ranking.rounded(value, precision)
    return None if rounded is None else float(rounded)


def may_see_private(found: SeenSubmission) -> bool:
    """Whether the asker may see a submission's private scores now."""
    phase = found.seen.challenge.phase(found.row.phase) or found.challenge.phase(found.row.phase)
    return found.seen.manages or (phase is not None and phase.revealed(utc_now()))


def _ordered(challenge: Challenge, scored: list[ScoreRow]) -> list[ScoreRow]:
    names = [metric.name for metric in challenge.metrics]
    return sorted(
        (score for score in scored if score.metric in names),
        key=lambda score: (score.board != "public", names.index(score.metric)),
    )


def _score_view(challenge: Challenge, score: ScoreRow) -> ScoreView:
    spec = next(metric for metric in challenge.metrics if metric.name == score.metric)
    return ScoreView(
        board="public" if score.board == "public" else "private",
        metric=score.metric,
        label=title_of(spec),
        value=_shown(score.value, spec.precision) or 0.0,
        display=ranking.display(score.value, spec.precision),
        stderr=score.stderr,
        n=score.n,
        direction=direction_of(spec),
        ranked=spec.name == challenge.ranked_metric.name,
    )


def score_view_of(challenge: Challenge, scored: list[ScoreRow]) -> ScoreView | None:
    """The ranked public score among a submission's."""
    ranked = challenge.ranked_metric.name
    found = [s for s in scored if s.board == "public" and s.metric == ranked]
    return _score_view(challenge, found[0]) if found else None


def _steps(run: RunRow | None, full: bool) -> list[StepView]:
    if run is None:
        return []
    steps = [StepView.model_validate(step) for step in run.steps]
    if full:
        return steps
    # Times and cell numbers are questions about hidden data, answered one bit at a time.
    return [StepView(name=step.name, state=step.state) for step in steps]


def _failure(
    run: RunRow | None, state: SubmissionState, full: bool, environment: Mapping[str, Any]
) -> FailureView | None:
    if run is None or run.failure is None or state is not SubmissionState.FAILED:
        return None
    failure = RunFailure.model_validate(run.failure)
    text = FAILURES[FailureClass(failure.failure_class)]
    hidden: dict[str, Any] = {}
    hint = text.hint
    if full:
        phrase = import_hint(failure.detail, environment)
        hint = str(phrase) if phrase else hint
        hidden = {
            "hint_phrase": phrase,
            "step": failure.step,
            "cell": failure.cell,
            "cell_index": failure.cell_index,
            "detail": failure.detail,
        }
    return FailureView(
        failure_class=failure.failure_class,
        sentence=text.sentence,
        hint=hint,
        fault=text.fault,
        **hidden,
    )


def _place(session: Session, service: Service, found: SeenSubmission, view: SubmissionView) -> None:
    """Say where the team stands now, on the board that the submission counts on."""
    evaluator = found.version.evaluators.get(found.row.phase)
    current = found.seen.version.evaluators.get(found.row.phase)
    if evaluator is None or evaluator != current:
        return
    board = service.boards.get(session, found.seen.version, found.row.phase, "public")
    place = board.row_of(found.row.team_id)
    if place is not None:
        view.rank, view.rank_to = place.rank, place.rank_to
        view.move, view.teams = place.move, len(board)
        view.is_best = place.submission == found.row.id
