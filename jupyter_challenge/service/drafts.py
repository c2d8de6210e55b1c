"""A version as it would be published: what is made of a folder's files, or of new dates."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

from jupyter_challenge.core.challenge import Challenge, Phase
from jupyter_challenge.core.errors import InvalidChallenge, RunFailed
from jupyter_challenge.core.examined_folder import FILE, LEFT_OUT, is_left_out
from jupyter_challenge.core.splitting import split_labels
from jupyter_challenge.service.layout import Layout, digest_of
from jupyter_challenge.store.orm import VersionRow, utc_now


class Keeping(Protocol):
    """Who takes contents and names them by their sha256."""

    def put_file(self, path: Path) -> tuple[str, int]:
        """Take a file: its sha256 and size."""

    def put_bytes(self, content: bytes) -> str:
        """Take bytes: their sha256."""


class Measured:
    """Names contents and keeps none: for a look at what publishing would do."""

    def put_file(self, path: Path) -> tuple[str, int]:
        """Name a file."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
        return digest.hexdigest(), size

    def put_bytes(self, content: bytes) -> str:
        """Name bytes."""
        return hashlib.sha256(content).hexdigest()


def root_of(unpacked: Path) -> Path:
    """Where challenge.yaml is: at the top, or in the one folder that was zipped as a whole."""
    if not (unpacked / FILE).exists():
        inside = [each for each in unpacked.iterdir() if each.name not in LEFT_OUT]
        if len(inside) == 1 and (inside[0] / FILE).is_file():
            return inside[0]
    return unpacked


def of_folder(
    keeping: Keeping,
    user: str,
    challenge: Challenge,
    root: Path,
    stored: dict[str, Any] | None = None,
) -> VersionRow:
    """Have every file kept and say where each belongs; `stored` is the data that is in a store."""
    manifest = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        left_out = set(inside.parts) & LEFT_OUT or is_left_out(inside.name)
        if path.is_file() and not left_out:
            digest, size = keeping.put_file(path)
            manifest.append({"path": inside.as_posix(), "size": size, "sha256": digest})
    layout = Layout(challenge, manifest, stored)
    evaluators, splits = {}, {}
    for phase in challenge.phases:
        split = _split(keeping, challenge, phase, root, layout)
        splits[phase.id] = split
        evaluators[phase.id] = layout.evaluator_digest("labels", split.get("ids"))
    terms = _text(root, challenge.terms)
    return VersionRow(
        digest=_digest(manifest, layout),
        challenge_id=challenge.id,
        number=0,
        published_at=utc_now(),
        published_by=user,
        spec=challenge.model_dump(mode="json"),
        manifest=manifest,
        layout=layout.as_json(),
        evaluators=evaluators,
        splits=splits,
        description=_text(root, challenge.description),
        terms=terms,
        terms_digest=hashlib.sha256(terms.encode()).hexdigest() if challenge.terms else None,
    )


def redated(
    keeping: Keeping, user: str, version: VersionRow, challenge: Challenge, spec: bytes
) -> VersionRow:
    """A version with another challenge.yaml that has other dates; all other files are the same."""
    changed = {"path": FILE, "size": len(spec), "sha256": keeping.put_bytes(spec)}
    manifest = [changed if each["path"] == FILE else each for each in version.manifest]
    layout = Layout(challenge, manifest, version.layout.get("stored"))
    places = version.layout["places"].items()
    layout.places |= {at: blob for at, blob in places if at.startswith("hidden/splits/")}
    return VersionRow(
        digest=_digest(manifest, layout),
        challenge_id=challenge.id,
        number=0,
        published_at=utc_now(),
        published_by=user,
        spec=challenge.model_dump(mode="json"),
        manifest=manifest,
        layout=layout.as_json(),
        evaluators=dict(version.evaluators),
        splits=version.splits,
        description=version.description,
        terms=version.terms,
        terms_digest=version.terms_digest,
    )


def _digest(manifest: list[dict[str, Any]], layout: Layout) -> str:
    files: list[Any] = [[each["path"], each["sha256"]] for each in manifest]
    return digest_of([*files, layout.stored] if layout.stored else files)


def _split(
    keeping: Keeping, challenge: Challenge, phase: Phase, root: Path, layout: Layout
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
        problem = {"file": FILE, "message": error.detail, "fix": "Mend split or labels."}
        raise InvalidChallenge(
            f"Phase {phase.id} cannot be split: {error.detail}.",
            hint="Mend the phase's split, or the labels.",
            problems=[problem],
        ) from error
    found: dict[str, Any] = {}
    for board, ids in (("public", parts.public), ("private", parts.private)):
        blob = keeping.put_bytes(json.dumps(ids).encode())
        layout.places[f"hidden/splits/{phase.id}.{board}.json"] = blob
        found[f"{board}_rows"] = len(ids)
    found["ids"] = digest_of([parts.public, parts.private])
    return found


def _text(root: Path, name: str | None) -> str:
    if name is None or not (root / name).is_file():
        return ""
    return (root / name).read_text(encoding="utf-8", errors="replace")
