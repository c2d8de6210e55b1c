"""What the gateway takes from the pods of a run: a tar of known files, capped, then sealed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, BinaryIO

from pydantic import ValidationError

from jupyter_challenge.core.errors import Conflict, InvalidSubmission
from jupyter_challenge.core.run import PodReport, Receipt, RunSpec, Stored
from jupyter_challenge.core.tarball import BLOCK, take
from jupyter_challenge.service.asking_pods import Asking, Gateway
from jupyter_challenge.store import receipts, runs

REPORT = "report.json"
NOTEBOOK = "executed.ipynb"
PREDICTIONS = "predictions"
RESULT = "result.json"
REPORT_SIZE = 100_000
RESULT_SIZE = 200_000_000
CUT_SIZE = 1_000
"""Bytes of the line that says that a log was cut."""


def caps(asking: Asking, spec: RunSpec) -> dict[str, int]:
    """The files that a pod may hand in, with the most bytes of each."""
    log = spec.limits.log + CUT_SIZE
    if asking.kind == "evaluate":
        return {REPORT: REPORT_SIZE, RESULT: RESULT_SIZE, "evaluate.log": log}
    return {
        REPORT: REPORT_SIZE,
        NOTEBOOK: 2 * spec.limits.notebook + 1_000_000,
        PREDICTIONS: spec.evaluation.output.max_size,
        "prepare.log": log,
        "run.log": log,
    }


def most(allowed: Iterable[int]) -> int:
    """Bytes of the largest tar with files of these caps."""
    sizes = list(allowed)
    return sum(sizes) + (2 * len(sizes) + 3) * BLOCK


def take_in(gateway: Gateway, asking: Asking, spec: RunSpec, sent: IO[bytes]) -> Receipt:
    """Store what a pod handed in and seal it.

    Raises:
        InvalidSubmission: It is no such tar, or lacks what it should have.
        TooLarge: A file is over its cap.
        Conflict: Something else was sealed before, or the run goes on in another pod.
    """
    files: dict[str, Stored] = {}
    report: PodReport | None = None
    with tempfile.TemporaryDirectory(prefix="challenge-gateway-") as folder:
        # All of it is read before any of it is stored: what is refused leaves nothing behind.
        for name, _, pieces in take(sent, caps(asking, spec)):
            with Path(folder, name).open("xb") as file:
                for piece in pieces:
                    file.write(piece)
        report = _report(Path(folder, REPORT))
        _check(asking, report, Path(folder))
        if asking.leaving and not report.ended:
            # Sealed, that would be all that the run ever handed in: another pod may go on with it.
            raise Conflict("The pod was removed before its step came to an end.")
        for path in sorted(Path(folder).iterdir()):
            digest, size = gateway.blobs.put_file(path)
            files[path.name] = Stored(digest=digest, size=size)
            path.unlink()
    return receipts.seal(
        gateway.db,
        asking.run.id,
        asking.run.attempt,
        asking.kind,
        namespace=asking.namespace,
        pod_uid=asking.uid,
        files=files,
    )


def keep_state(gateway: Gateway, asking: Asking, sent: BinaryIO) -> None:
    """Store the tar of what a run keeps that has to make way; the run's next pod gets it back."""
    digest, _ = gateway.blobs.put(sent)
    with gateway.db.write() as session:
        run = runs.get(session, asking.run.id)
        if run is not None and run.ended_at is None:
            run.kept = digest


def spooled() -> IO[bytes]:
    """A file for what is being sent, gone when it is closed."""
    return tempfile.TemporaryFile(prefix="challenge-gateway-")


def _report(path: Path) -> PodReport:
    try:
        return PodReport.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidSubmission("There is no report that can be read.") from error


def _check(asking: Asking, report: PodReport, folder: Path) -> None:
    """What says that it went well must have what it went well for."""
    if not report.ended or report.failure is not None:
        return
    wanted = RESULT if asking.kind == "evaluate" else PREDICTIONS
    if not (folder / wanted).is_file():
        raise InvalidSubmission(f"There is no {wanted}.")
