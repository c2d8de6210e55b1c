"""What came out of a submission's run: logs, notebook, predictions; and what went in."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_challenge.core.challenge import Feedback
from jupyter_challenge.core.errors import NotFound
from jupyter_challenge.core.models import LogChunk, StepName, StepState, StepView
from jupyter_challenge.engines.base import CUT, RunHandle
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import SeenSubmission, see_submission
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.submission_views import feedback_of
from jupyter_challenge.store import runs
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import RunRow

LOG_PIECE = 1_000_000


@dataclass(frozen=True)
class Attachment:
    """A file to be sent from byte `start` on; `digest` is its ETag, `size` that of the whole."""

    name: str
    media_type: str
    digest: str
    size: int
    pieces: Iterator[bytes]
    start: int = 0


def logs(
    service: Service, identity: Identity, submission_id: str, step: StepName, offset: int
) -> LogChunk:
    """A piece of a step's log.

    Raises:
        NotFound: The phase hides logs, or it is the evaluate step's and the asker no organiser.
    """
    with service.db.read() as session:
        found, run = _found(session, identity, submission_id)
    _check_full(found)
    if step is StepName.EVALUATE and not found.seen.manages and not found.row.is_try:
        raise NotFound("The evaluation's log is the organiser's.")
    if run.ended_at is None and run.handle is not None:
        live = service.engine.logs(RunHandle.model_validate(run.handle), step, offset)
        with service.db.read() as session:
            now = runs.get(session, run.id)
        if now is None or now.ended_at is None:
            return live
        run = now
    digest = run.logs.get(step.value)
    over = run.ended_at is not None or any(
        StepView.model_validate(each).name is step
        and StepView.model_validate(each).state in {StepState.SKIPPED, StepState.CANCELLED}
        for each in run.steps
    )
    if digest is None:
        return LogChunk(step=step, offset=offset, next=offset, text="", ended=over)
    size = service.blobs.size(digest) or 0
    # A character that the piece cuts in two belongs to the next piece.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    raw = service.blobs.piece(digest, offset, LOG_PIECE)
    last = offset + len(raw) >= size
    text = decoder.decode(raw, final=last)
    held = 0 if last else len(decoder.getstate()[0])
    following = offset + len(raw) - held
    end = CUT.encode()
    cut = last and service.blobs.piece(digest, max(0, size - len(end)), len(end)) == end
    return LogChunk(step=step, offset=offset, next=following, text=text, ended=last, truncated=cut)


def notebook(service: Service, identity: Identity, submission_id: str) -> Attachment:
    """The notebook as it was run."""
    with service.db.read() as session:
        found, run = _found(session, identity, submission_id)
    _check_full(found)
    name = f"{found.row.challenge_id}-{found.row.number}.ipynb"
    return _attachment(service, run.notebook, name, "application/x-ipynb+json", "notebook")


def predictions(service: Service, identity: Identity, submission_id: str) -> Attachment:
    """The predictions that were scored."""
    with service.db.read() as session:
        found, run = _found(session, identity, submission_id)
    _check_full(found)
    output = found.challenge.submission.output
    suffix = output.file.rsplit(".", 1)[-1]
    name = f"{found.row.challenge_id}-{found.row.number}-predictions.{suffix}"
    return _attachment(
        service, run.predictions, name, "application/octet-stream", "predictions file"
    )


def bundle(service: Service, identity: Identity, submission_id: str) -> Attachment:
    """What was handed in."""
    with service.db.read() as session:
        found = see_submission(session, identity, submission_id)
    name = f"{found.row.challenge_id}-{found.row.number}.zip"
    return _attachment(service, found.row.bundle, name, "application/zip", "bundle")


def _found(
    session: Session, identity: Identity, submission_id: str
) -> tuple[SeenSubmission, RunRow]:
    found = see_submission(session, identity, submission_id)
    return found, runs.latest(session, [found.row.id])[found.row.id]


def _check_full(found: SeenSubmission) -> None:
    if feedback_of(found) is not Feedback.FULL:
        raise NotFound(
            "This phase gives only the kind of a failure, as its test data is hidden.",
            hint="Try the notebook on the sample: a try shows everything.",
        )


def _attachment(
    service: Service, digest: str | None, name: str, media_type: str, what: str
) -> Attachment:
    size = service.blobs.size(digest) if digest is not None else None
    if digest is None or size is None:
        raise NotFound(
            f"There is no {what} of this submission (yet).",
            hint="Wait for its run to end; a step that failed may have left none.",
        )
    return Attachment(name, media_type, digest, size, service.blobs.stream(digest))
