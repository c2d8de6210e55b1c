"""Every attempt of a notebook in one image: what the first one ran in is kept and asked for again.

A configuration names images by tags, and a tag may stand for another image tomorrow. The first pod
of a submission says which one it was; retries and verifications are given that one by its digest.
A run that made way begins again with the Job that it had, tag and all: should that be another image
by then, the run is taken back and goes on as a new attempt.
"""

from __future__ import annotations

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.engines.base import RunFailure, RunState, RunStatus
from jupyter_challenge.store.orm import SubmissionRow


def is_news(submission: SubmissionRow, status: RunStatus) -> bool:
    """Whether an engine says for the first time which image a submission runs in."""
    return submission.image is None and status.image is not None


def note(submission: SubmissionRow, status: RunStatus) -> None:
    """Keep which image it was; what was noted first stays."""
    if is_news(submission, status):
        submission.image = status.image


def held_to(submission: SubmissionRow, status: RunStatus) -> RunStatus:
    """The status of a run; one in another image than the submission's has to make way."""
    if status.image in (None, submission.image) or submission.image is None:
        return status
    failure = RunFailure(
        failure_class=FailureClass.PREEMPTED,
        step=StepName.RUN,
        detail=f"its image had become {status.image}; it goes on in {submission.image}",
    )
    return status.model_copy(update={"state": RunState.FAILED, "failure": failure})
