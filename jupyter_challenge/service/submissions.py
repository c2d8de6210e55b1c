"""Hand in, look at, cancel and select submissions."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from jupyter_challenge.core.challenge import Challenge, CountingRule, Phase
from jupyter_challenge.core.errors import (
    ChallengeError,
    Conflict,
    FailureClass,
    Fault,
    InvalidSubmission,
    NotEntered,
    NotFound,
    QuotaExceeded,
)
from jupyter_challenge.core.models import (
    FileView,
    Page,
    SubmissionRequest,
    SubmissionState,
    SubmissionView,
)
from jupyter_challenge.service import images, profiles, quotas, scoring
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.bundles import check_bundle
from jupyter_challenge.service.seeing import Seen, SeenSubmission, see, see_all, see_submission
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.submission_views import view_many, view_one
from jupyter_challenge.service.uploads import received
from jupyter_challenge.store import audit, challenges, runs, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import SubmissionRow, utc_now

KEY_LENGTH = 200


def hand_in(
    service: Service,
    identity: Identity,
    challenge_id: str,
    request: SubmissionRequest,
    bundle: BinaryIO,
    key: str | None,
) -> tuple[SubmissionView, bool]:
    """Accept a submission or a try.

    What can be refused is refused before the bundle is stored; what decides is then decided
    again in one transaction that holds the team's lock.

    Returns:
        The submission, and whether it is new: the same key with the same content finds the
        submission that was made before.
    """
    if key is not None and not 0 < len(key) <= KEY_LENGTH:
        raise InvalidSubmission(
            "The idempotency key is empty or too long.",
            hint=f"Send up to {KEY_LENGTH} characters, new for each submission.",
        )
    _check_words(request)
    with service.db.read() as session:
        seen = see(session, identity, challenge_id)
        quotas.check_kind(seen.challenge, request.kind)
        image = images.named(service, request)
        known = _known(session, seen, key)
        if known is None:
            phase = _phase(seen.challenge, request.phase)
            _check(session, service, seen, phase, request, utc_now())
            wanted = _profile(service, seen, request)
    if known is None and image is None:
        arch = profiles.arch(service, wanted)
        image = images.of_server(service, identity, request, arch)
    elif known is None and image is not None and service.registries is not None:
        service.registries.check(image, profiles.arch(service, wanted))
    rules = seen.challenge.submission
    with received(service, bundle, 2 * rules.max_size + 1_000_000) as path:
        digest = sha256_of(path)
        body = _body_digest(challenge_id, request, digest)
        if known is not None:
            return _again(service, identity, known, body), False
        files = check_bundle(path, request, rules)
        service.blobs.put_file(path)
    with service.db.write() as session:
        seen = see(session, identity, challenge_id)
        if seen.team is None:
            raise NotEntered("You have not entered the challenge.", hint="Enter it first.")
        entry = challenges.entry(session, seen.team.id, lock=True)
        known = _known(session, seen, key)
        if known is None and entry is not None:
            now = utc_now()
            phase = _phase(seen.challenge, request.phase)
            _check(session, service, seen, phase, request, now)
            if request.is_try:
                entry.last_try += 1
            else:
                entry.last_number += 1
            number = entry.last_try if request.is_try else entry.last_number
            row = _row(service, seen, phase, request, files, digest, number, now)
            row.image = image
            submissions.add(session, row, key, body)
            runs.add(session, row.id, 1, now)
            audit.note(session, identity.name, "submit", challenge_id, row.id, phase=phase.id)
            session.flush()
            made = view_one(session, service, see_submission(session, identity, row.id))
        else:
            made = None
    if made is not None:
        service.observer.accepted(row)
        return made, True
    if known is None:
        raise NotEntered("You have not entered the challenge.", hint="Enter it first.")
    return _again(service, identity, known, body), False


def _check_words(request: SubmissionRequest) -> None:
    """Refuse numbers and characters that not every database and JSON reader knows."""
    said = [
        *(request.parameters, request.environment, request.note, request.entry),
        *(request.profile, request.image),
    ]
    try:
        text = json.dumps(said, allow_nan=False)
    except ValueError as error:
        raise InvalidSubmission(
            "A parameter is not a finite number.", hint="Leave NaN and infinity out."
        ) from error
    if "\\u0000" in text:
        raise InvalidSubmission("A text holds a NUL character.", hint="Leave it out.")


def _known(session: Session, seen: Seen, key: str | None) -> tuple[str, str] | None:
    """What the team's key stands for already: the body's digest and the submission's id."""
    if key is None or seen.team is None:
        return None
    found = submissions.by_key(session, seen.team.id, key)
    return None if found is None else (found[0], found[1].id)


def _again(
    service: Service, identity: Identity, known: tuple[str, str], body: str
) -> SubmissionView:
    if known[0] != body:
        raise Conflict(
            "That idempotency key was used for another submission.",
            hint="Use a new key for each submission, and the same one only to try again.",
        )
    return show(service, identity, known[1])


def _check(
    session: Session,
    service: Service,
    seen: Seen,
    phase: Phase,
    request: SubmissionRequest,
    now: datetime,
) -> None:
    quotas.check_entered(session, seen)
    quotas.check_open(seen, seen.challenge, phase, now, place=service.place, is_try=request.is_try)
    _profile(service, seen, request)
    assert seen.team is not None
    if request.is_try:
        tries, most = submissions.active_tries(session, seen.team.id), service.config.tries_at_once
        if tries >= most:
            raise QuotaExceeded(
                "Your last try is still waiting or running.",
                hint="Wait until it has ended, or cancel it.",
                quota="tries",
                next_at=None,
            )
        return
    quotas.check_quota(phase, quotas.used(session, seen.team.id, phase, now), now)


def _profile(service: Service, seen: Seen, request: SubmissionRequest) -> str:
    return profiles.chosen(
        service, seen.identity, seen.challenge, request.profile, is_try=request.is_try
    )


def _phase(challenge: Challenge, phase_id: str | None) -> Phase:
    if phase_id is None:
        return challenge.current_phase()
    phase = challenge.phase(phase_id)
    if phase is None:
        raise NotFound(
            f'The challenge has no phase "{phase_id}".',
            hint=f"Its phases: {', '.join(each.id for each in challenge.phases)}.",
        )
    return phase


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _body_digest(challenge_id: str, request: SubmissionRequest, bundle: str) -> str:
    # The same from a server that was started anew is still the same.
    said = request.model_dump_json(exclude={"pod"})
    text = f"{challenge_id}\0{said}\0{bundle}"
    return hashlib.sha256(text.encode()).hexdigest()


def _row(
    service: Service,
    seen: Seen,
    phase: Phase,
    request: SubmissionRequest,
    files: list[FileView],
    digest: str,
    number: int,
    now: datetime,
) -> SubmissionRow:
    assert seen.team is not None
    return SubmissionRow(
        id=str(uuid.uuid4()),
        challenge_id=seen.row.id,
        team_id=seen.team.id,
        user=seen.identity.name,
        version=seen.version.digest,
        phase=phase.id,
        number=number,
        is_try=request.is_try,
        kind=request.kind.value,
        entry=request.entry,
        bundle=digest,
        files=[file.model_dump() for file in files],
        parameters=request.parameters,
        environment=request.environment,
        profile=_profile(service, seen, request),
        note=request.note,
        state=SubmissionState.QUEUED.value,
        created_at=now,
    )


def show(service: Service, identity: Identity, submission_id: str) -> SubmissionView:
    """A submission of one's own team, or of a challenge that one manages."""
    with service.db.read() as session:
        return view_one(session, service, see_submission(session, identity, submission_id))


def page(
    service: Service,
    identity: Identity,
    *,
    challenge: str | None,
    phase: str | None,
    everybody: bool,
    state: SubmissionState | None,
    tries: bool | None,
    failure: FailureClass | None = None,
    fault: Fault | None = None,
    user: str | None = None,
    q: str = "",
    cursor: str | None,
    limit: int,
) -> Page[SubmissionView]:
    """Submissions, newest first; everybody's only where one manages the challenge."""
    with service.db.read() as session:
        seen = [see(session, identity, challenge)] if challenge else see_all(session, identity)
        wanted = submissions.Filter(
            teams=[each.team.id for each in seen if each.team is not None],
            organised=[each.row.id for each in seen if each.manages] if everybody else (),
            challenge=challenge,
            phase=phase,
            state=state.value if state is not None else None,
            is_try=tries,
            failure=failure.value if failure is not None else None,
            fault=fault.value if fault is not None else None,
            user=user,
            team=q.strip(),
        )
        rows = submissions.page(session, wanted, _read_cursor(cursor), limit)
        following = _cursor(rows[limit - 1]) if len(rows) > limit else None
        by_challenge = {each.row.id: each for each in seen}
        views = view_many(session, service, by_challenge, rows[:limit])
    return Page[SubmissionView](items=views, next=following)


def cancel(service: Service, identity: Identity, submission_id: str) -> SubmissionView:
    """End a submission; harmless when it is over already.

    One that has not been started is over at once; of a running one the loop ends the run.
    """
    with service.db.write() as session:
        found = see_submission(session, identity, submission_id, lock=True)
        row = found.row
        state = SubmissionState(row.state)
        if not state.terminal and row.cancel is None:
            row.cancel = identity.name
            audit.note(session, identity.name, "cancel", row.challenge_id, row.id)
            if state is SubmissionState.QUEUED:
                run = runs.latest(session, [row.id])[row.id]
                scoring.end_cancelled(session, row, run, utc_now())
                # Of one that waits in an engine's queue the engine holds something.
                run.cleared = run.state == runs.WAITING
            submissions.note_change(session, row)
        session.flush()
        return view_one(session, service, found)


def select(service: Service, identity: Identity, submission_id: str) -> SubmissionView:
    """Choose a submission to count on the private board."""
    with service.db.write() as session:
        found, phase = _selectable(session, identity, submission_id)
        row = found.row
        chosen = submissions.selected(session, row.team_id, row.phase)
        if row.id not in chosen:
            most = phase.counting.max_selected
            if len(chosen) >= most:
                raise Conflict(
                    f"{most} of your submissions are selected already; no more may be.",
                    hint="Take one back first.",
                    selected=sorted(chosen),
                )
            if row.state != SubmissionState.SCORED.value:
                raise Conflict(
                    "Only a scored submission can be selected.", hint="Wait for its score."
                )
            submissions.select(session, row, identity.name, utc_now())
            audit.note(session, identity.name, "select", row.challenge_id, row.id)
            session.flush()
            scoring.recount(session, row.challenge_id, row.version, row.phase, row.team_id)
        session.flush()
        return view_one(session, service, found)


def deselect(service: Service, identity: Identity, submission_id: str) -> SubmissionView:
    """Take the choice of a submission back."""
    with service.db.write() as session:
        found, _ = _selectable(session, identity, submission_id)
        row = found.row
        if submissions.deselect(session, row):
            audit.note(session, identity.name, "deselect", row.challenge_id, row.id)
            session.flush()
            scoring.recount(session, row.challenge_id, row.version, row.phase, row.team_id)
        session.flush()
        return view_one(session, service, found)


def _selectable(
    session: Session, identity: Identity, submission_id: str
) -> tuple[SeenSubmission, Phase]:
    """A submission whose team may choose now, with the team's lock held.

    Raises:
        NotFound: It is not of the asker's own team.
        Conflict: The phase does not let teams choose, or it is over.
    """
    found = see_submission(session, identity, submission_id)
    if not found.mine:
        raise NotFound(
            "There is no such submission among your team's.",
            hint="Choose one of your own team's: the list of your submissions has them.",
        )
    # The rules of the current version hold, unless it dropped the phase.
    phase = found.seen.challenge.phase(found.row.phase) or found.challenge.phase(found.row.phase)
    if phase is None or phase.counting.rule is not CountingRule.SELECTED or found.row.is_try:
        raise Conflict(
            "Here the counting submission is not chosen by the team.",
            hint="The Rules page says which one counts.",
        )
    if phase.state(utc_now()) == "ended":
        raise Conflict(
            "The phase has ended, so the choice stands.", hint="The board shows what counts."
        )
    challenges.entry(session, found.row.team_id, lock=True)
    return found, phase


def _cursor(row: SubmissionRow) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        at, last = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(at), last
    except ValueError as error:
        raise ChallengeError(
            "That cursor is not one of ours.", hint="Read the list from its beginning."
        ) from error
