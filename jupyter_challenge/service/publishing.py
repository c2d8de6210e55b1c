"""Publish a folder as an immutable version that is named by its content."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from jupyter_challenge.core.archive import unpack_archive
from jupyter_challenge.core.challenge import Challenge, Data, Phase
from jupyter_challenge.core.errors import Forbidden, InvalidChallenge, RunFailed, TooLarge
from jupyter_challenge.core.models import ChallengeView
from jupyter_challenge.core.splitting import split_labels
from jupyter_challenge.service.auth import Identity, manages, role_in
from jupyter_challenge.service.challenge_views import view
from jupyter_challenge.service.state import Service, see
from jupyter_challenge.service.versions import folder_of
from jupyter_challenge.store import audit, challenges
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import VersionRow, utc_now

_COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}
# What an editor or a system leaves in a folder is no part of a challenge.
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".git", ".DS_Store", "Thumbs.db"}


def publish(service: Service, identity: Identity, folder: BinaryIO) -> tuple[ChallengeView, bool]:
    """Publish the zip of a challenge folder.

    Returns:
        The challenge, and whether the version is new or became current by this.

    Raises:
        InvalidChallenge: The folder has mistakes; all of them are listed.
        Forbidden: The asker may not publish this challenge.
    """
    limit = service.config.max_upload
    with tempfile.TemporaryDirectory(prefix="publish-", dir=_scratch(service)) as scratch:
        archive, unpacked = Path(scratch) / "folder.zip", Path(scratch) / "folder"
        _save(folder, archive, limit)
        unpack_archive(
            archive, unpacked, max_files=service.config.max_challenge_files, max_size=2 * limit
        )
        archive.unlink()
        from jupyter_challenge.core.validation import load_challenge

        root = _root(unpacked)
        challenge = load_challenge(root)
        with service.db.read() as session:
            _check_allowed(session, identity, challenge.id)
        version = _version(service, identity, challenge, root)
    with service.db.write() as session:
        _check_allowed(session, identity, challenge.id)
        known = challenges.version(session, version.digest)
        new = challenges.publish(session, known or version, identity.name)
        if new:
            audit.note(
                session, identity.name, "publish", challenge.id, version.digest, again=bool(known)
            )
        session.flush()
        made = view(session, service, see(session, identity, challenge.id))
    folder_of(service, known or version)
    return made, new


def _scratch(service: Service) -> Path:
    """Beside the data, as the system's own place for temporary files may be small."""
    scratch = service.config.root / "uploads"
    scratch.mkdir(parents=True, exist_ok=True)
    scratch.chmod(0o700)
    return scratch


def _save(source: BinaryIO, target: Path, limit: int) -> None:
    size = 0
    with target.open("xb") as file:
        while piece := source.read(1 << 20):
            size += len(piece)
            if size > limit:
                raise TooLarge(
                    f"The folder is larger than {limit:,} bytes.",
                    hint="Put large data on a volume or in an image, or ask the admin for more.",
                    limit=limit,
                )
            file.write(piece)


def _root(unpacked: Path) -> Path:
    """Where challenge.yaml is: at the top, or in the one folder that was zipped as a whole."""
    if not (unpacked / "challenge.yaml").exists():
        inside = [each for each in unpacked.iterdir() if each.name not in _LEFT_OUT]
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
        if path.is_file() and not set(inside.parts) & _LEFT_OUT:
            digest, size = service.blobs.put_file(path)
            manifest.append({"path": inside.as_posix(), "size": size, "sha256": digest})
    version_digest = _digest([[each["path"], each["sha256"]] for each in manifest])
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
    found["ids"] = _digest([parts.public, parts.private])
    return found


class Layout:
    """Where each file of a challenge folder is in a version's folder.

    Only what participants may have is in `public/`: a file that is not named there, or that is
    named as labels or evaluator too, stays hidden.
    """

    def __init__(self, challenge: Challenge, manifest: list[dict[str, Any]]) -> None:
        """Place the files of a manifest."""
        self._challenge = challenge
        self._files = {each["path"]: each for each in manifest}
        self.places: dict[str, str] = {}
        self.files: list[dict[str, Any]] = []
        self.starter: str | None = None
        data = challenge.data
        self.labels = self._place(data.labels, f"hidden/labels/{PurePosixPath(data.labels).name}")
        self.evaluator = self._place_evaluator()
        self.inputs = self._place_inputs(data)
        self.sample = self._place_sample(data)
        if challenge.starter is not None:
            self.starter = PurePosixPath(challenge.starter).name
            self._place(challenge.starter, f"public/{self.starter}", self.starter)

    def as_json(self) -> dict[str, Any]:
        """The layout as it is stored with the version."""
        return {
            "places": self.places,
            "files": sorted(self.files, key=lambda file: str(file["path"])),
            "inputs": self.inputs,
            "labels": self.labels,
            "evaluator": self.evaluator,
            "sample": self.sample,
            "starter": self.starter,
        }

    def evaluator_digest(self, labels: str, split: str | None) -> str:
        """Digest of all that decides a score: equal digests, comparable scores."""
        challenge = self._challenge
        names = challenge.data.labels if labels == "labels" else None
        if names is None and challenge.data.sample is not None:
            names = challenge.data.sample.labels
        output = challenge.submission.output
        return _digest(
            {
                "labels": [self._files[path]["sha256"] for path in self._below(names or "")],
                "evaluator": [
                    [place, digest]
                    for place, digest in sorted(self.places.items())
                    if place.startswith("hidden/evaluator/")
                ],
                "function": challenge.evaluator.function if challenge.evaluator else None,
                "metrics": [
                    metric.model_dump(mode="json", include={"name", "options"})
                    for metric in challenge.metrics
                ],
                "output": output.model_dump(
                    mode="json", include={"id", "prediction", "extra_ids", "ordered"}
                ),
                "split": split,
            }
        )

    def _below(self, path: str) -> list[str]:
        """The file of that path, or all files of the folder."""
        return [name for name in sorted(self._files) if name == path or name.startswith(f"{path}/")]

    def _place(self, source: str, at: str, handed_out: str | None = None) -> str:
        for name in self._below(source):
            rest = name[len(source) :]
            self.places[at + rest] = self._files[name]["sha256"]
            if handed_out is not None:
                file = self._files[name]
                self.files.append(
                    {
                        "path": handed_out + rest,
                        "size": file["size"],
                        "sha256": file["sha256"],
                        "at": at + rest,
                    }
                )
        return at

    def _place_evaluator(self) -> str | None:
        """The evaluator's file and the Python files beside and below it, which it may import."""
        evaluator = self._challenge.evaluator
        if evaluator is None:
            return None
        folder = PurePosixPath(evaluator.file).parent
        for name in self._files:
            path = PurePosixPath(name)
            if path.suffix == ".py" and (folder == path.parent or folder in path.parents):
                self._place(name, f"hidden/evaluator/{path.relative_to(folder)}")
        return f"hidden/evaluator/{PurePosixPath(evaluator.file).name}"

    def _place_inputs(self, data: Data) -> dict[str, Any]:
        inputs = {}
        for name, source in (("train", data.train), ("test", data.test)):
            if source is None:
                continue
            target = name + self._suffix(source)
            hidden = name == "test" and data.hide_test
            at = f"{'hidden' if hidden else 'public'}/input/{target}"
            self._place(source, at, None if hidden else f"input/{target}")
            inputs[name] = {"at": at, "target": target}
        return inputs

    def _place_sample(self, data: Data) -> dict[str, Any] | None:
        if data.sample is None:
            return None
        target = "test" + self._suffix(data.sample.test)
        test = f"public/sample/{target}"
        self._place(data.sample.test, test, f"sample/{target}")
        name = "labels" + self._suffix(data.sample.labels)
        labels = self._place(data.sample.labels, f"public/sample/{name}", f"sample/{name}")
        return {
            "test": {"at": test, "target": target},
            "labels": labels,
            "evaluator": self.evaluator_digest("sample", None),
        }

    def _suffix(self, source: str) -> str:
        """The ending of a file, with that of what was compressed; none for a folder."""
        if source not in self._files:
            return ""
        suffixes = PurePosixPath(source).suffixes
        return "".join(suffixes[-2:] if suffixes[-1:] and suffixes[-1] in _COMPRESSED
                       else suffixes[-1:])  # fmt: skip


def _text(root: Path, name: str | None) -> str:
    if name is None or not (root / name).is_file():
        return ""
    return (root / name).read_text(encoding="utf-8", errors="replace")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
