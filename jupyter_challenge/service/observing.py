"""What the loop tells of each run: a line of the log, and a number where somebody counts."""

from __future__ import annotations

import logging
from datetime import datetime

from jupyter_challenge.store.orm import RunRow, SubmissionRow

log = logging.getLogger("jupyter_challenge")


def ids(submission: SubmissionRow, run: RunRow | None = None) -> dict[str, str | int]:
    """What a line of the log says of whom it concerns."""
    said: dict[str, str | int] = {
        "submission": submission.id,
        "challenge": submission.challenge_id,
        "team": submission.team_id,
    }
    if run is not None:
        said.update(run=run.id, attempt=run.attempt)
    return said


class Observer:
    """Writes lines; `Metrics` also counts."""

    def accepted(self, submission: SubmissionRow) -> None:
        """A submission or a try was accepted."""
        log.info("Submission accepted.", extra=ids(submission))

    def claimed(self, run: RunRow, submission: SubmissionRow) -> None:
        """A run's turn has come."""
        log.info("Run claimed.", extra=ids(submission, run))

    def waited(self, run: RunRow, submission: SubmissionRow, seconds: float | None) -> None:
        """A run's turn has come, for the first time or again; None: it did not wait for it."""
        if seconds is not None:
            said = {**ids(submission, run), "waited": round(seconds, 3)}
            log.info("Run waited %.1f s.", seconds, extra=said)

    def started(self, run: RunRow, submission: SubmissionRow) -> None:
        """A run was handed to the engine."""
        log.info("Run started.", extra=ids(submission, run))

    def ended(
        self, run: RunRow, submission: SubmissionRow, outcome: str, ended_at: datetime, gpu: int
    ) -> None:
        """A run's end was stored.

        Args:
            run: The run, with its steps.
            submission: Its submission.
            outcome: `scored`, `cancelled`, or a failure class.
            ended_at: When the run was over.
            gpu: GPUs that it had.
        """
        log.info("Run ended: %s.", outcome, extra={**ids(submission, run), "outcome": outcome})

    def turned(self, seconds: float, followed: int) -> None:
        """The loop made a turn, with so many runs that are this process's."""
