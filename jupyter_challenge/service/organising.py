"""What an organiser sees and does of a challenge besides publishing a folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.comparison import Side, field_changes, file_changes, is_below
from jupyter_challenge.core.dates import with_dates
from jupyter_challenge.core.errors import FAILURES, FailureClass, NotFound
from jupyter_challenge.core.examined_folder import FILE
from jupyter_challenge.core.models import (
    ChallengeOverview,
    ChallengeRequest,
    ChallengeView,
    FailureCount,
    FieldChange,
    Page,
    PhaseDates,
    PublishPreview,
    VersionChanges,
    VersionView,
)
from jupyter_challenge.core.validation import read_challenge
from jupyter_challenge.service import challenge_views, drafts, publishing
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.outputs import Attachment
from jupyter_challenge.service.previewing import Comparison
from jupyter_challenge.service.quotas import day_of
from jupyter_challenge.service.seeing import Seen, manage
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import challenges, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import VersionRow, utc_now

_DATES = {"start", "end", "reveal", "zone"}
_TEXTS = {"title", "summary", "tags"}
_PARTS: dict[str, Literal["metrics", "limits", "access", "evaluator", "data"]] = {
    "metrics": "metrics",
    "limits": "limits",
    "profiles": "limits",
    "access": "access",
    "evaluator": "evaluator",
    "data": "data",
    "submission": "data",
}


def overview(service: Service, identity: Identity, challenge_id: str) -> ChallengeOverview:
    """A challenge in numbers, for those who manage it."""
    now = utc_now()
    with service.db.read() as session:
        seen = manage(session, identity, challenge_id)
        day_start = day_of(seen.challenge.current_phase(now), now)[0]
        totals = submissions.totals(session, challenge_id, day_start)
        counted = submissions.failures(session, challenge_id)
        teams = challenges.teams_in(session, challenge_id)
    failures = []
    for name, number, of_teams, last in counted:
        text = FAILURES[FailureClass(name)]
        failures.append(
            FailureCount(
                failure_class=FailureClass(name),
                sentence=text.sentence,
                fault=text.fault,
                submissions=number,
                teams=of_teams,
                last_at=last,
            )
        )
    return ChallengeOverview(
        challenge=challenge_id,
        closed=seen.row.closed,
        version=seen.version.digest,
        number=seen.version.number,
        published_at=seen.version.published_at,
        published_by=seen.version.published_by,
        teams=teams,
        submissions=totals.submissions,
        today=totals.today,
        failed_today=totals.failed_today,
        active=totals.active,
        tries=totals.tries,
        failures=failures,
    )


def versions(service: Service, identity: Identity, challenge_id: str) -> Page[VersionView]:
    """The published versions, newest first, each with what it changed."""
    with service.db.read() as session:
        seen = manage(session, identity, challenge_id)
        rows = challenges.versions(session, challenge_id)
        items = []
        for index, (row, number) in enumerate(rows):
            before = rows[index + 1][0] if index + 1 < len(rows) else None
            items.append(
                VersionView(
                    digest=row.digest,
                    number=row.number,
                    published_at=row.published_at,
                    published_by=row.published_by,
                    current=row.digest == seen.row.current,
                    submissions=number,
                    changed=["first"] if before is None else _changed(before, row),
                    new_board=before is not None
                    and any(
                        before.evaluators.get(phase, digest) != digest
                        for phase, digest in row.evaluators.items()
                    ),
                )
            )
    return Page[VersionView](items=items, total=len(items))


def changes(service: Service, identity: Identity, challenge_id: str, digest: str) -> VersionChanges:
    """What a version changed of the one before it."""
    with service.db.read() as session:
        manage(session, identity, challenge_id)
        rows = [row for row, _ in challenges.versions(session, challenge_id)]
    at = next((index for index, row in enumerate(rows) if row.digest == digest), None)
    if at is None:
        raise _no_version()
    if at + 1 == len(rows):
        return VersionChanges(digest=digest)
    after, before = rows[at], rows[at + 1]
    old, new = challenges.spec(before), challenges.spec(after)
    stored = {
        "before": {each["path"]: each["sha256"] for each in before.manifest},
        "after": {each["path"]: each["sha256"] for each in after.manifest},
    }

    def content(side: Side, path: str) -> bytes:
        return service.blobs.read(stored[side][path])

    labels = [old.data.labels, new.data.labels]
    return VersionChanges(
        digest=digest,
        before=before.digest,
        fields=field_changes(old, new),
        files=file_changes(before.manifest, after.manifest, content, labels),
    )


def spec_file(service: Service, identity: Identity, challenge_id: str, digest: str) -> Attachment:
    """The challenge.yaml of a version, as it was published."""
    with service.db.read() as session:
        manage(session, identity, challenge_id)
        row = _version(session, challenge_id, digest)
    blob, size = next((e["sha256"], e["size"]) for e in row.manifest if e["path"] == FILE)
    return Attachment(
        name=FILE,
        media_type="application/yaml",
        size=size,
        digest=blob,
        pieces=service.blobs.stream(blob),
    )


def change(
    service: Service, identity: Identity, challenge_id: str, wanted: ChallengeRequest
) -> ChallengeView:
    """Close or open a challenge, make an older version current again, or set other dates.

    Raises:
        NotFound: There is no such challenge or version, or they are not its organiser.
        Conflict: Another version became current meanwhile.
    """
    if wanted.version is not None:
        with service.db.read() as session:
            seen = manage(session, identity, challenge_id)
            older = _version(session, challenge_id, wanted.version)
        instead_of = wanted.instead_of or seen.version.digest
        publishing.put_current(service, identity, older, "current", instead_of)
    if wanted.phases is not None:
        with service.db.read() as session:
            seen = manage(session, identity, challenge_id)
        challenge, text = _redated(service, seen, wanted.phases)
        version = drafts.redated(service.blobs, identity.name, seen.version, challenge, text)
        # What was looked at, or at least what was read here: nobody's work is taken back.
        instead_of = wanted.instead_of or seen.version.digest
        publishing.put_current(service, identity, version, "dates", instead_of)
    if wanted.closed is not None:
        return challenge_views.close(service, identity, challenge_id, wanted.closed)
    return challenge_views.show(service, identity, challenge_id)


def preview_dates(
    service: Service, identity: Identity, challenge_id: str, phases: Sequence[PhaseDates]
) -> PublishPreview:
    """Say what other dates would change."""
    with service.db.read() as session:
        seen = manage(session, identity, challenge_id)
    challenge, text = _redated(service, seen, phases)
    version = drafts.redated(drafts.Measured(), identity.name, seen.version, challenge, text)
    # Nothing but challenge.yaml is another file.
    return Comparison(service, identity, challenge, version, lambda _path: text).shown()


def _version(session: Session, challenge_id: str, digest: str) -> VersionRow:
    row = challenges.version(session, digest)
    if row is None or row.challenge_id != challenge_id:
        raise _no_version()
    return row


def _no_version() -> NotFound:
    return NotFound(
        "The challenge has no such version.",
        hint="`jupyter challenge versions` and the page Organise list those that it has.",
    )


def _redated(service: Service, seen: Seen, phases: Sequence[PhaseDates]) -> tuple[Challenge, bytes]:
    blob = next(each["sha256"] for each in seen.version.manifest if each["path"] == FILE)
    before = service.blobs.read(blob).decode("utf-8")
    text = with_dates(before, {dates.id: dates for dates in phases})
    return read_challenge(text.removeprefix("\ufeff")), text.encode()


def _changed(before: VersionRow, after: VersionRow) -> list[Any]:
    """What is another one, in a few words."""
    old, new = challenges.spec(before), challenges.spec(after)
    found: dict[str, None] = {}
    if {phase.id for phase in old.phases} != {phase.id for phase in new.phases}:
        found["phases"] = None
    for each in field_changes(old, new):
        found[_word_of(each)] = None
    known = {each["path"]: each["sha256"] for each in before.manifest}
    now = {each["path"]: each["sha256"] for each in after.manifest}
    for path in sorted({*known, *now}):
        if known.get(path) != now.get(path) and path != FILE:
            found[_part_of(new, path)] = None
    return list(found) or ["other"]


def _word_of(change: FieldChange) -> str:
    root, _, key = change.path.partition(".")
    root = root.split("[", 1)[0]
    if root == "phases":
        last = change.path.rsplit(".", 1)[-1]
        if last in _DATES:
            return "dates"
        return "quotas" if key.startswith("quota") else "phases"
    if root in _TEXTS or root == "description":
        return "texts"
    if root in {"terms", "starter"}:
        return root
    return _PARTS.get(root, "other")


def _part_of(challenge: Challenge, path: str) -> str:
    """What a file is in the challenge."""
    data = challenge.data
    if is_below(path, data.labels):
        return "labels"
    if challenge.evaluator is not None and path.endswith(".py"):
        return "evaluator"
    if path == challenge.description:
        return "texts"
    if path == challenge.terms:
        return "terms"
    if path == challenge.starter:
        return "starter"
    places = [data.train, data.test]
    if data.sample is not None:
        places += [data.sample.test, data.sample.labels]
    return "data" if any(place and is_below(path, place) for place in places) else "other"
