"""A challenge as it travels: in a list, and with all its pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from jupyter_challenge.core.challenge import Phase
from jupyter_challenge.core.errors import Conflict, NotFound
from jupyter_challenge.core.models import (
    BaselineView,
    ChallengeSummary,
    ChallengeView,
    DataFile,
    EntryRequest,
    LimitsView,
    OutputView,
    Page,
    PhaseView,
    QuotaView,
    TeamRef,
)
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.boards import metric_views, standing_view
from jupyter_challenge.service.quotas import quota_view
from jupyter_challenge.service.seeing import Seen, manage, see, see_all
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.submission_views import score_view_of
from jupyter_challenge.store import audit, challenges, scores
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import utc_now

_ORDER = {"open": 0, "soon": 1, "ended": 2}


def page(
    service: Service,
    identity: Identity,
    *,
    state: str | None,
    q: str,
    cursor: str | None,
    limit: int,
) -> Page[ChallengeSummary]:
    """Challenges that somebody may see: open ones first, those that end soonest first."""
    now, wanted = utc_now(), q.strip().casefold()
    with service.db.read() as session:
        found = []
        for seen in see_all(session, identity):
            text = f"{seen.row.id} {seen.challenge.title} {seen.challenge.summary}".casefold()
            tags = " ".join(seen.challenge.tags).casefold()
            if (state is None or _state(seen, now) == state) and wanted in f"{text} {tags}":
                found.append(seen)
        found.sort(key=lambda seen: _sort_key(seen, now))
        names = [seen.row.id for seen in found]
        start = names.index(cursor) + 1 if cursor in names else 0
        shown = found[start : start + limit]
        more = start + limit < len(found)
        return Page[ChallengeSummary](
            items=[_summary(session, service, seen, now) for seen in shown],
            next=shown[-1].row.id if more and shown else None,
            total=len(found),
        )


def show(service: Service, identity: Identity, challenge_id: str) -> ChallengeView:
    """A challenge with all its pages."""
    with service.db.read() as session:
        return view(session, service, see(session, identity, challenge_id))


def view(session: Session, service: Service, seen: Seen) -> ChallengeView:
    """A challenge with all its pages, as the asker sees it."""
    now, challenge, version = utc_now(), seen.challenge, seen.version
    summary = _summary(session, service, seen, now)
    output, limits = challenge.submission.output, challenge.limits
    columns = [output.prediction] if isinstance(output.prediction, str) else output.prediction
    return ChallengeView(
        **dict(summary),
        description=version.description,
        terms=version.terms,
        terms_digest=version.terms_digest,
        version=version.digest,
        published_at=version.published_at,
        phases=[_phase(session, service, seen, phase, now) for phase in challenge.phases],
        metrics=metric_views(challenge),
        output=OutputView(
            file=output.file,
            format=output.table_format,
            id=output.id,
            columns=columns,
            max_size=output.max_size,
        ),
        kinds=challenge.submission.kinds,
        max_files=challenge.submission.max_files,
        max_size=challenge.submission.max_size,
        limits=LimitsView(
            time=limits.time,
            cpu=limits.cpu,
            memory=limits.memory,
            processes=limits.processes,
            disk=limits.disk,
            gpu=limits.gpu,
        ),
        profiles=challenge.profiles,
        files=[DataFile.model_validate(file) for file in version.layout["files"]],
        starter=version.layout["starter"],
        baselines=_baselines(session, service, seen, now),
        has_sample=challenge.data.sample is not None,
        practice=service.practice,
    )


def close(service: Service, identity: Identity, challenge_id: str, closed: bool) -> ChallengeView:
    """Close a challenge for submissions, or open it again."""
    with service.db.write() as session:
        seen = manage(session, identity, challenge_id)
        challenges.close(session, challenge_id, closed)
        audit.note(session, identity.name, "close", challenge_id, challenge_id, closed=closed)
        session.flush()
        return view(session, service, seen)


def enter(
    service: Service, identity: Identity, challenge_id: str, request: EntryRequest
) -> ChallengeView:
    """Enter a challenge; where it has terms, their digest says that these were accepted.

    Raises:
        Conflict: The terms are others than those that were shown.
    """
    with service.db.write() as session:
        seen = see(session, identity, challenge_id)
        wanted = seen.version.terms_digest
        if wanted is not None and request.terms_digest != wanted:
            raise Conflict(
                "The challenge has terms, and these were not accepted.",
                hint="Read the terms as they are now and accept them.",
                terms_digest=wanted,
            )
        challenges.enter(session, challenge_id, identity.name, wanted)
        audit.note(session, identity.name, "enter", challenge_id, challenge_id, terms=wanted)
        session.flush()
        return view(session, service, see(session, identity, challenge_id))


def quota(
    service: Service, identity: Identity, challenge_id: str, phase_id: str | None
) -> QuotaView:
    """What the asker's team has left."""
    now = utc_now()
    with service.db.read() as session:
        seen = see(session, identity, challenge_id)
        phase = (
            seen.challenge.current_phase(now)
            if phase_id is None
            else seen.challenge.phase(phase_id)
        )
        if phase is None:
            names = ", ".join(each.id for each in seen.challenge.phases)
            raise NotFound(
                f'The challenge has no phase "{phase_id}".', hint=f"Its phases are: {names}."
            )
        return quota_view(session, seen, phase, now, service.place)


def _state(seen: Seen, now: datetime) -> str:
    if seen.row.closed:
        return "ended"
    return seen.challenge.current_phase(now).state(now)


def _sort_key(seen: Seen, now: datetime) -> tuple[int, str, str]:
    phase = seen.challenge.current_phase(now)
    state = _state(seen, now)
    at = phase.starts_at if state == "soon" else phase.ends_at
    # What never ends comes last.
    return _ORDER[state], at.isoformat() if at is not None else "~", seen.row.id


def _summary(session: Session, service: Service, seen: Seen, now: datetime) -> ChallengeSummary:
    challenge, team = seen.challenge, seen.team
    phase = challenge.current_phase(now)
    board = service.boards.get(session, seen.version, phase.id, "public")
    place = board.row_of(team.id) if team is not None else None
    shown = _phase(session, service, seen, phase, now)
    best = None
    if place is not None:
        rows = scores.of_submissions(session, [place.submission]).get(place.submission, [])
        best = score_view_of(challenge, rows)
    return ChallengeSummary(
        id=seen.row.id,
        title=challenge.title,
        summary=challenge.summary,
        tags=challenge.tags,
        state=shown.state if not seen.row.closed else "ended",
        closed=seen.row.closed,
        phase=shown,
        entered=team is not None,
        role=seen.role,
        team=TeamRef(id=team.id, name=team.name) if team is not None else None,
        standing=standing_view(seen, place) if place is not None else None,
        teams=len(board),
        quota=shown.quota,
        best=best,
    )


def _baselines(session: Session, service: Service, seen: Seen, now: datetime) -> list[BaselineView]:
    """The organiser's baselines, with their scores where they are on the public board."""
    challenge = seen.challenge
    if not challenge.baselines:
        return []
    phase = challenge.current_phase(now)
    board = service.boards.get(session, seen.version, phase.id, "public")
    counting = {
        title: row.submission
        for team, title in board.baselines.items()
        if (row := board.row_of(team)) is not None
    }
    found = scores.of_submissions(session, list(counting.values()))
    return [
        BaselineView(
            title=each.title,
            score=score_view_of(challenge, found.get(counting.get(each.title, ""), [])),
            notebook=PurePosixPath(each.notebook).name if each.notebook and each.shared else None,
        )
        for each in challenge.baselines
    ]


def _phase(
    session: Session, service: Service, seen: Seen, phase: Phase, now: datetime
) -> PhaseView:
    split = seen.version.splits.get(phase.id, {})
    return PhaseView(
        id=phase.id,
        title=phase.label,
        state=phase.state(now),
        starts_at=phase.starts_at,
        ends_at=phase.ends_at,
        zone=phase.zone,
        ranked=phase.ranked and not service.practice,
        has_private=phase.split is not None,
        revealed=phase.revealed(now),
        reveals_at=phase.reveals_at,
        public_rows=split.get("public_rows"),
        private_rows=split.get("private_rows"),
        feedback=seen.challenge.feedback(phase),
        counting=phase.counting.rule,
        max_selected=phase.counting.max_selected,
        ties=phase.ties,
        quota=quota_view(session, seen, phase, now, service.place),
    )
