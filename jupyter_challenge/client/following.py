"""Follow a submission and its logs until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from jupyter_challenge.client.views import Submission
from jupyter_challenge.core.models import ChangeKind, Changes, LogChunk, StepName

# Looks again after so long without a change: another process may own the runs, and a run says
# which cell it is at more often than it changes its state.
_LOOK_AGAIN = 1.0
_LOG_PAUSE = 0.3


class Asked(Protocol):
    """Whom one asks about a submission: the client."""

    def changes(self, after: int | None = None, timeout: float = 0) -> Changes:
        """What changed after a point."""

    def submission(self, id: str) -> Submission:
        """The submission as it is now."""

    def log(self, id: str, step: StepName, offset: int = 0) -> LogChunk:
        """A piece of a log."""


def looks(client: Asked, id: str) -> Iterator[Submission]:
    """Yield the submission now, at every change and at least once a second until it is over."""
    # The feed's end is read before the submission, so that no change can fall between.
    after = client.changes().next
    while True:
        submission = client.submission(id)
        yield submission
        if submission.state.terminal:
            return
        until = time.monotonic() + _LOOK_AGAIN
        while (left := until - time.monotonic()) > 0:  # changes of others wake us too
            feed = client.changes(after, left)
            after = feed.next
            of_it = (c.kind is ChangeKind.SUBMISSION and c.object == id for c in feed.changes)
            if feed.reset or any(of_it):
                break


def wait_for(
    client: Asked,
    id: str,
    on_change: Callable[[Submission], None] | None,
    timeout: float | None,
) -> Submission:
    """Wait for the end; see `Client.wait`."""
    deadline = None if timeout is None else time.monotonic() + timeout
    shown: Submission | None = None
    for submission in looks(client, id):
        if on_change is not None and submission != shown:
            on_change(submission)
        shown = submission
        over = submission.state.terminal
        if not over and deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError(f"submission {id} is still {submission.state.value}")
    assert shown is not None  # there is always a first look
    return shown


def follow_log(client: Asked, id: str, step: StepName, follow: bool) -> Iterator[str]:
    """Read a log; see `Client.logs`."""
    offset = 0
    while True:
        chunk = client.log(id, step, offset)
        if chunk.text:
            yield chunk.text
        at_end = chunk.next == offset
        offset = chunk.next
        if chunk.ended or (at_end and not follow):
            return
        if at_end:
            time.sleep(_LOG_PAUSE)
