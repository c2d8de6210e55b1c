"""Tables, live lines and JSON on a terminal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel

from jupyter_challenge.client.columns import in_columns, printable, width

if TYPE_CHECKING:
    from jupyter_challenge.client.getting import GetProgress

COLOURS = {
    "queued": "bright_black",
    "running": "blue",
    "scored": "green",
    "failed": "red",
    "cancelled": "bright_black",
}


def print_json(value: Any) -> None:
    """Print a wire model, or a list of them, as JSON."""
    if isinstance(value, BaseModel):
        click.echo(value.model_dump_json(indent=2))
    else:
        items = [v.model_dump(mode="json") if isinstance(v, BaseModel) else v for v in value]
        click.echo(json.dumps(items, indent=2, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]], right: Container[str]) -> None:
    """Print a table; the columns named in `right` stand right, the others left."""
    titles, *lines = in_columns(head, rows, right)
    click.echo(click.style(titles, bold=True))
    for line in lines:
        click.echo(line)


def print_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Print names with their values, leaving out what is empty."""
    kept = [(name, printable(str(value))) for name, value in facts if value not in (None, "", [])]
    size = max((width(name) for name, _ in kept), default=0)
    for name, value in kept:
        click.echo(f"{name:<{size}}  {value}")


def bytes_text(size: float) -> str:
    """Write a size as people do."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError


def clock(seconds: float) -> str:
    """Write a running time as 0:09 or 1:02:03."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """Write a limit as people do: 90 s, 10 min, 1.5 h."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def local_time(at: datetime | None) -> str:
    """Write a time in the user's zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M %Z") if at else ""


class LiveLine:
    """One line at the bottom that changes; on a terminal only, nothing elsewhere."""

    def __init__(self) -> None:
        """Look whether there is a terminal."""
        self._tty = sys.stdout.isatty()
        self._shown = ""

    def __enter__(self) -> LiveLine:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the line."""
        self.show("")

    def show(self, text: str) -> None:
        """Replace the line."""
        if not self._tty or text == self._shown:
            return
        room = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{printable(text)[:room]}", nl=False)
        self._shown = text

    def above(self, text: str) -> None:
        """Print a line that stays."""
        shown, self._shown = self._shown, ""
        if self._tty and shown:
            click.echo("\r\x1b[K", nl=False)
        click.echo(text)


def progress(line: LiveLine, verb: str) -> Callable[[str, int, int], None]:
    """Make a callback that shows how far a transfer is."""

    def show(path: str, done: int, total: int) -> None:
        line.show(f"{verb} {path}  {_bar(done, total)}")

    return show


def get_progress(line: LiveLine) -> Callable[[GetProgress], None]:
    """Make a callback that shows how far `get` is: all files and all bytes, and which file."""

    def show(at: GetProgress) -> None:
        number = min(at.files_done + 1, at.files)
        line.show(f"get {_bar(at.done, at.size)}  file {number} of {at.files}: {at.path}")

    return show


def _bar(done: int, total: int) -> str:
    if not total:
        return bytes_text(done)
    filled = round(20 * done / total)
    bar = "█" * filled + "░" * (20 - filled)
    return f"{bar}  {bytes_text(done)} of {bytes_text(total)}"
