"""Published versions on this machine: their folders, and what a run is given of them.

A version's folder is made from blobs, so that another machine, or a restored backup, can make
it again. `public/` is what participants may have, `hidden/` (0700) is the service's alone.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from jupyter_challenge.core.challenge import Challenge, SubmissionKind
from jupyter_challenge.core.challenge_data import ImageData, VolumeData
from jupyter_challenge.core.run import ImageFile, ImageFiles, VolumeMount
from jupyter_challenge.engines.base import EvaluationSpec, InputMount, RunSpec
from jupyter_challenge.service.layout import suffixes
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import challenges
from jupyter_challenge.store.orm import RunRow, SubmissionRow, VersionRow

BOARDS: tuple[Literal["public", "private"], ...] = ("public", "private")


def folder_of(service: Service, version: VersionRow) -> Path:
    """The folder of a version, made if it is not there; complete or not there at all."""
    folder = service.config.versions_dir / version.digest
    if folder.is_dir():
        return folder
    service.config.versions_dir.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{version.digest[:12]}.{uuid.uuid4().hex[:8]}")
    try:
        for name, mode in (("public", 0o755), ("hidden", 0o700)):
            (new / name).mkdir(parents=True, exist_ok=True)
            (new / name).chmod(mode)
        for place, digest in sorted(version.layout["places"].items()):
            path = new / place
            path.parent.mkdir(parents=True, exist_ok=True)
            service.blobs.copy_to(digest, path)
            path.chmod(0o444)
        new.rename(folder)
    except OSError:
        # Another process was quicker: its folder is as good as ours.
        remove_folder(new)
        if not folder.is_dir():
            raise
    except BaseException:
        remove_folder(new)
        raise
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder with its read-only files."""
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def run_spec(
    service: Service, version: VersionRow, submission: SubmissionRow, run: RunRow
) -> RunSpec:
    """Everything that a run is given; every path was chosen when the version was published."""
    if service.place == "cluster":
        # Its pods fetch their files themselves: nothing is needed on this machine.
        return spec_in(Path("/"), Path("/"), version, submission, run)
    folder = folder_of(service, version)
    bundle = service.blobs.local_path(submission.bundle)
    return spec_in(folder, bundle, version, submission, run)


def spec_in(
    folder: Path, bundle: Path, version: VersionRow, submission: SubmissionRow, run: RunRow
) -> RunSpec:
    """What a run is given where a version's folder and the bundle are at those paths."""
    challenge = challenges.spec(version)
    inputs = _inputs(folder, version, submission.sampled)
    return RunSpec(
        run_id=run.id,
        submission_id=submission.id,
        challenge_id=submission.challenge_id,
        is_try=submission.sampled,
        is_verification=submission.verifies is not None,
        kind=SubmissionKind(submission.kind),
        bundle=bundle,
        entry=submission.entry,
        parameters=submission.parameters,
        inputs=inputs,
        volumes=_volumes(challenge.data.volume, submission),
        data_image=_image_files(challenge.data.image, submission),
        evaluation=evaluation_spec(
            folder, version, challenge, submission.phase, submission.sampled
        ),
        limits=challenge.limits,
        attempt=run.attempt,
        team_id=submission.team_id,
        image=submission.image,
        profile=submission.profile or "",
        data_size=_size(folder, inputs, version)
        + _stored(version, submission.sampled)
        + 2 * sum(f["size"] for f in submission.files),
    )


def evaluation_spec(
    folder: Path, version: VersionRow, challenge: Challenge, phase_id: str, is_try: bool
) -> EvaluationSpec:
    """What the evaluate step is given: for a try the sample's labels, else the hidden ones."""
    layout = version.layout
    phase = challenge.phase(phase_id)
    boards: dict[Literal["public", "private"], Path | None] = {"public": None}
    if not is_try and phase is not None and phase.split is not None:
        boards = {board: folder / f"hidden/splits/{phase_id}.{board}.json" for board in BOARDS}
    own = layout["evaluator"]
    return EvaluationSpec(
        labels=folder / (layout["sample"]["labels"] if is_try else layout["labels"]),
        output=challenge.submission.output,
        metrics=challenge.metrics,
        evaluator=challenge.evaluator,
        evaluator_file=folder / own if own else None,
        boards=boards,
        digest=layout["sample"]["evaluator"] if is_try else version.evaluators[phase_id],
    )


def _inputs(folder: Path, version: VersionRow, is_try: bool) -> list[InputMount]:
    layout = version.layout
    inputs = dict(layout["inputs"])
    if is_try:
        inputs["test"] = layout["sample"]["test"]
    return [
        InputMount(source=folder / each["at"], target=each["target"]) for each in inputs.values()
    ]


def _volumes(data: VolumeData | None, submission: SubmissionRow) -> list[VolumeMount]:
    """What a run sees of a volume: a try has the sample in place of the test data."""
    if data is None:
        return []
    return [
        VolumeMount(claim=data.claim, path=path, target=target)
        for path, target in _seen(data, submission)
    ]


def _image_files(data: ImageData | None, submission: SubmissionRow) -> ImageFiles | None:
    """What a run sees of a data image, likewise."""
    files = [ImageFile(path=path, target=at) for path, at in _seen(data, submission)]
    if data is None or not files:
        return None
    return ImageFiles(image=data.name, size=data.size, files=files)


def _seen(
    data: VolumeData | ImageData | None, submission: SubmissionRow
) -> Iterator[tuple[str, str]]:
    """Paths of data that is not in the folder, each with its path under input/."""
    if data is None or submission.kind == SubmissionKind.PREDICTIONS.value:
        return
    named = {"train": data.train, "test": None if submission.sampled else data.test}
    for name, path in named.items():
        if path is not None:
            yield path, name + "".join(suffixes(path))


def _size(folder: Path, inputs: list[InputMount], version: VersionRow) -> int:
    """Bytes of the data that a run is given."""
    sizes = {file["sha256"]: int(file["size"]) for file in version.manifest}
    at = [mount.source.relative_to(folder).as_posix() for mount in inputs]
    return sum(
        sizes.get(digest, 0)
        for place, digest in version.layout["places"].items()
        if any(place == each or place.startswith(f"{each}/") for each in at)
    )


def _stored(version: VersionRow, is_try: bool) -> int:
    """Bytes of the data that comes from a store."""
    return sum(
        int(file["size"])
        for name, pinned in version.layout.get("stored", {}).items()
        if not (name == "test" and is_try)
        for file in pinned["files"]
    )


def read_only(folder: Path) -> bool:
    """Whether nothing in a version's folder can be written by mistake."""
    return not any(os.stat(path).st_mode & 0o222 for path in folder.rglob("*") if path.is_file())
