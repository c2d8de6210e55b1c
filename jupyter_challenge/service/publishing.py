"""Publish a folder as an immutable version that is named by its content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_challenge.core.archive import unpack_archive
from jupyter_challenge.core.challenge import Challenge, Phase
from jupyter_challenge.core.errors import Forbidden, InvalidChallenge, RunFailed
from jupyter_challenge.core.examined_folder import LEFT_OUT
from jupyter_challenge.core.models import ChallengeView
from jupyter_challenge.core.splitting import split_labels
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.service import scoring
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.service.challenge_views import view
from jupyter_challenge.service.layout import Layout, digest_of
from jupyter_challenge.service.state import Service, see
from jupyter_challenge.service.uploads import received
from jupyter_challenge.service.versions import folder_of
from jupyter_challenge.store import audit, challenges
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import VersionRow, utc_now


def publish(service: Service, identity: Identity, folder: BinaryIO) -> tuple[ChallengeView, bool]:
    """Publish the zip of a challenge folder.

    Returns:
        The challenge, and whether the version is new or became current by this.

    Raises:
        InvalidChallenge: The folder has mistakes; all of them are listed.
        Forbidden: The asker may not publish this challenge.
    """
    limit = service.config.max_upload
    with received(service, folder, limit) as archive:
        unpacked = archive.with_name("folder")
        unpack_archive(
            archive, unpacked, max_files=service.config.max_challenge_files, max_size=2 * limit
        )
        archive.unlink()
        root = _root(unpacked)
        challenge = load_challenge(root)
        with service.db.read() as session:
            _check_allowed(session, identity, challenge.id)
        version = _version(service, identity, challenge, root)
    with service.db.write() as session:
        _check_allowed(session, identity, challenge.id)
        known = challenges.version(session, version.digest)
        before = challenges.challenge(session, challenge.id)
        new = challenges.publish(session, known or version, identity.name)
        if new:
            session.flush()
            if before is not None:
                scoring.recount_all(session, challenge.id, challenges.spec(before[1]))
            audit.note(
                session, identity.name, "publish", challenge.id, version.digest, again=bool(known)
            )
        session.flush()
        made = view(session, service, see(session, identity, challenge.id))
    folder_of(service, known or version)
    return made, new


def _root(unpacked: Path) -> Path:
    """Where challenge.yaml is: at the top, or in the one folder that was zipped as a whole."""
    if not (unpacked / "challenge.yaml").exists():
        inside = [each for each in unpacked.iterdir() if each.name not in LEFT_OUT]
        if len(inside) == 1 and (inside[0] / "challenge.yaml").is_file():
            return inside[0]
    return unpacked


def _check_allowed(session: Session, identity: Identity, challenge_id: str) -> None:
    """Admins may publish anything, organisers what they manage.

    The answer to others is the same whether the challenge exists or not.
    """
    if identity.admin:
        return
    there = challenges.challenge(session, challenge_id)
    if there is not None:
        row, version = there
        role = role_in(identity, challenges.spec(version), row.owner, entered=False)
        if manages(role):
            return
    raise Forbidden(
        f'You may not publish "{challenge_id}".',
        hint="Admins publish new challenges, organisers new versions of their own.",
    )


def _version(service: Service, identity: Identity, challenge: Challenge, root: Path) -> VersionRow:
    """Store every file as a blob and say where each belongs."""
    manifest = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not set(inside.parts) & LEFT_OUT:
            digest, size = service.blobs.put_file(path)
            manifest.append({"path": inside.as_posix(), "size": size, "sha256": digest})
    version_digest = digest_of([[each["path"], each["sha256"]] for each in manifest])
    layout = Layout(challenge, manifest)
    evaluators, splits = {}, {}
    for phase in challenge.phases:
        split = _split(service, challenge, phase, root, layout)
        splits[phase.id] = split
        evaluators[phase.id] = layout.evaluator_digest("labels", split.get("ids"))
    terms = _text(root, challenge.terms)
    return VersionRow(
        digest=version_digest,
        challenge_id=challenge.id,
        number=0,
        published_at=utc_now(),
        published_by=identity.name,
        spec=challenge.model_dump(mode="json"),
        manifest=manifest,
        layout=layout.as_json(),
        evaluators=evaluators,
        splits=splits,
        description=_text(root, challenge.description),
        terms=terms,
        terms_digest=hashlib.sha256(terms.encode()).hexdigest() if challenge.terms else None,
    )


def _split(
    service: Service, challenge: Challenge, phase: Phase, root: Path, layout: Layout
) -> dict[str, Any]:
    """Choose once and for all which rows count on which board of a phase."""
    if phase.split is None:
        return {}
    try:
        parts = split_labels(
            root / challenge.data.labels,
            challenge.submission.output,
            phase.split,
            challenge.metrics,
        )
    except RunFailed as error:
        problem = {
            "file": "challenge.yaml",
            "message": error.detail,
            "fix": "Mend split or labels.",
        }
        raise InvalidChallenge(
            f"Phase {phase.id} cannot be split: {error.detail}.",
            hint="Mend the phase's split, or the labels.",
            problems=[problem],
        ) from error
    found: dict[str, Any] = {}
    for board, ids in (("public", parts.public), ("private", parts.private)):
        blob = service.blobs.put_bytes(json.dumps(ids).encode())
        layout.places[f"hidden/splits/{phase.id}.{board}.json"] = blob
        found[f"{board}_rows"] = len(ids)
    found["ids"] = digest_of([parts.public, parts.private])
    return found


def _text(root: Path, name: str | None) -> str:
    if name is None or not (root / name).is_file():
        return ""
    return (root / name).read_text(encoding="utf-8", errors="replace")
