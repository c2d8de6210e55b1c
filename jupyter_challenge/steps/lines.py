"""What the platform's own containers print: JSON lines that say which run they concern."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import TextIO

from jupyter_challenge.core.run import RunSpec

ABOUT = "CHALLENGE_ABOUT"
"""Variable that says whom the lines concern from the first one on, as JSON."""


class Lines:
    """A text stream that makes a JSON line of each line that is printed into it."""

    def __init__(self, part: str, to: TextIO) -> None:
        """Write for a part of the platform, such as `upload`."""
        self._to = to
        self._begun = ""
        self._about: dict[str, str | int] = {
            "part": part,
            "pod": socket.gethostname(),
            **json.loads(os.environ.get(ABOUT) or "{}"),
        }

    def about(self, **known: str | int) -> None:
        """Say from here on whom the lines concern: run, submission and whatever else is known."""
        self._about.update(known)

    def write(self, text: str) -> int:
        """Take a piece of text; whole lines are written."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self.line(line)
        return len(text)

    def line(self, message: str, level: str = "info") -> None:
        """Write a line."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        said = {"time": now, "level": level, **self._about, "message": message}
        self._to.write(json.dumps(said, ensure_ascii=False) + "\n")
        self._to.flush()

    def flush(self) -> None:
        """Lines are written at once."""


def told(about: Mapping[str, str | int]) -> dict[str, str]:
    """The variable of a container by which its lines say whom they concern."""
    return {"name": ABOUT, "value": json.dumps(about)}


def concerning(spec: RunSpec) -> None:
    """Have the lines of this container say which run they are of."""
    if isinstance(sys.stdout, Lines):
        sys.stdout.about(
            submission=spec.submission_id,
            run=spec.run_id,
            attempt=spec.attempt,
            challenge=spec.challenge_id,
            team=spec.team_id,
        )


def messages(printed: bytes) -> bytes:
    """The text that was printed into `Lines`; what is no such line stays as it is."""
    kept = []
    for line in printed.splitlines(keepends=True):
        text = line
        with suppress(ValueError, KeyError, TypeError):
            text = json.loads(line)["message"].encode() + b"\n"
        kept.append(text)
    return b"".join(kept)
