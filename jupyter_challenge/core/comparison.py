"""What is different between two challenge folders: values of challenge.yaml, files, lines."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.models import FieldChange, FileChange

MAX_SIZE = 200_000
"""Bytes of a file that are compared line by line."""
MAX_LINES = 4_000
MAX_SHOWN = 400
"""Lines of a diff that are shown."""

_NAMES = ("id", "name", "title")
_SIZES = {"max_size", "memory", "disk"}
_TIMES = {"time"}

Side = Literal["before", "after"]
Content = Callable[[Side, str], bytes]
Manifest = Sequence[Mapping[str, Any]]


def field_changes(before: Challenge, after: Challenge) -> list[FieldChange]:
    """Name every value that is another one, in the order of the file."""
    old = dict(_values(before.model_dump(mode="json"), ""))
    new = dict(_values(after.model_dump(mode="json"), ""))
    paths = [*new, *(path for path in old if path not in new)]
    return [
        FieldChange(path=path, before=_said(path, old.get(path)), after=_said(path, new.get(path)))
        for path in paths
        if old.get(path) != new.get(path)
    ]


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value with its path; an item of a list is called by its id, name or title."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _values(inside, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for each in value:
            name = next((str(each[key]) for key in _NAMES if each.get(key)), "")
            yield from _values(each, f"{path}[{name}]")
    else:
        yield path, value


def _said(path: str, value: Any) -> str | None:
    """A value as one would write it."""
    key = path.rsplit(".", 1)[-1]
    if value is None or value == [] or value == {}:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and key in _SIZES:
        return size_text(value)
    if isinstance(value, (int, float)) and key in _TIMES:
        return duration_text(float(value))
    if isinstance(value, list) and all(not isinstance(each, (dict, list)) for each in value):
        return ", ".join(str(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def size_text(size: int) -> str:
    """A number of bytes in the largest unit that says it exactly enough: `2.5 GB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.4g} {unit}"
        value /= 1000
    return f"{value:.4g} TB"


def duration_text(seconds: float) -> str:
    """A duration in the largest unit that divides it: `10 min`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def is_below(path: str, place: str) -> bool:
    """Whether a path is a place or lies in that folder."""
    return path == place or path.startswith(f"{place}/")


def file_changes(
    before: Manifest, after: Manifest, content: Content, labels: Sequence[str]
) -> list[FileChange]:
    """Name every file that is new, gone or another one, with its lines where they can be shown.

    Args:
        before: Files as path, size and sha256.
        after: The same of the other folder.
        content: Reads a file of one of the two.
        labels: Files or folders whose content is never shown.
    """
    old = {each["path"]: each for each in before}
    new = {each["path"]: each for each in after}
    found = []
    for path in sorted({*old, *new}):
        one, other = old.get(path), new.get(path)
        if one is not None and other is not None and one["sha256"] == other["sha256"]:
            continue
        sizes = [each["size"] for each in (one, other) if each is not None]
        change = FileChange(
            path=path,
            change="added" if one is None else "removed" if other is None else "changed",
            size_before=None if one is None else one["size"],
            size_after=None if other is None else other["size"],
        )
        if any(is_below(path, place) for place in labels):
            change.why = "labels"
        elif max(sizes) > MAX_SIZE:
            change.why = "large"
        else:
            first = _text(path, content("before", path)) if one is not None else []
            second = _text(path, content("after", path)) if other is not None else []
            if first is None or second is None:
                change.why = "binary"
            elif max(len(first), len(second)) > MAX_LINES:
                change.why = "large"
            else:
                change.diff = line_diff(first, second)
        found.append(change)
    return found


def line_diff(before: Sequence[str], after: Sequence[str]) -> str:
    """The lines that differ, each with its sign, and three around them."""
    lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    if len(lines) > MAX_SHOWN:
        left = len(lines) - MAX_SHOWN
        lines = [*lines[:MAX_SHOWN], f"… {left} more lines"]
    return "\n".join(lines)


def _text(path: str, data: bytes) -> list[str] | None:
    """The lines of a text; None of anything else."""
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if path.endswith(".ipynb"):
        return _cells(text) or text.splitlines()
    return text.splitlines()


def _cells(text: str) -> list[str]:
    """The sources of a notebook's cells; what they displayed is no part of a challenge."""
    try:
        lines = []
        for cell in json.loads(text)["cells"]:
            source = cell["source"]
            lines += [f"[{cell['cell_type']}]"]
            lines += ("".join(source) if isinstance(source, list) else str(source)).splitlines()
        return lines
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
