"""What went wrong, in words and as an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any

import click

REFUSED, USAGE, NOT_FOUND, QUOTA, UNREACHABLE, INTERRUPTED = 1, 2, 3, 4, 5, 130


class Told(click.ClickException):
    """An error in words: what happened and where, then what to do next."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        code: int = REFUSED,
        problems: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Keep the words; `problems` are those of a challenge folder."""
        super().__init__(message)
        self.hint = hint
        self.exit_code = code  # type: ignore[misc]  # click sets it per class
        self.problems = problems

    def show(self, file: IO[Any] | None = None) -> None:
        """Write to the standard error."""
        out = file or sys.stderr
        for problem in self.problems:
            click.echo(problem_line(problem), file=out)
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {self.message}", file=out)
        if self.hint:
            click.echo(self.hint, file=out)


def problem_line(problem: Mapping[str, Any]) -> str:
    """Write a problem as `file:line:column: message — fix`."""
    place = ":".join(str(problem[k]) for k in ("file", "line", "column") if problem.get(k))
    fix = problem.get("fix")
    message = problem.get("message", "")
    return f"{click.style(place + ':', bold=True)} {message}{f' — {fix}' if fix else ''}"


def told(error: Exception) -> Told:
    """Put an exception into words."""
    from jupyter_challenge.core.errors import (
        ChallengeError,
        InvalidProfiles,
        InvalidStorage,
        NotFound,
        QuotaExceeded,
        Unavailable,
    )

    if isinstance(error, ChallengeError):
        code = REFUSED
        for kind, its_code in (
            (NotFound, NOT_FOUND),
            (QuotaExceeded, QUOTA),
            (Unavailable, UNREACHABLE),
        ):
            if isinstance(error, kind):
                code = its_code
        problems = error.details.get("problems") or ()
        if problems:
            count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
            of_profiles = isinstance(error, (InvalidProfiles, Unavailable))
            what = "The compute profiles have" if of_profiles else "The challenge has"
            what = "The storage has" if isinstance(error, InvalidStorage) else what
            return Told(f"{what} {count}.", "Mend them and try again.", code, problems)
        return Told(error.message, error.hint, code)
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        hint = {
            errno.ENOSPC: "Make room on the disk and try again; nothing was lost.",
            errno.EDQUOT: "Make room within your disk quota and try again; nothing was lost.",
            errno.EACCES: "Check who owns it, or choose another place.",
            errno.ENOENT: "Check the path.",
            errno.EADDRINUSE: "Another program has the port: choose one with --port.",
        }.get(error.errno, "Try again once that is mended; --debug shows where it happened.")
        code = NOT_FOUND if error.errno == errno.ENOENT else REFUSED
        return Told(f"{where}{error.strerror}.", hint, code)
    return Told(
        f"{type(error).__name__}: {error}",
        "This is a mistake in the program. Run the command again with --debug and report what "
        "it prints.",
    )
