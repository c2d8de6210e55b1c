"""What differs between two notebooks, in the format that nbdime's widgets draw.

A diff is a list of operations on a list or a string: `addrange` and `removerange` at an index,
`patch` with a diff of what is there (https://nbdime.readthedocs.io/en/latest/diffing.html).
Cells are matched by what they say, then by their ids, then by how alike they are; it takes
milliseconds, whatever the notebooks hold, as it never compares every cell with every other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from jupyter_challenge.core.notebook import Notebook, source_of

Cell = dict[str, Any]
Diff = list[dict[str, Any]]

# The widgets know one end of a line.
_NEWLINES = re.compile("\r\n|[\r\u2028\u2029]")
_ALIKE = 0.5
_MOST_LINES = 3_000
_MOST_PAIRS = 200


def plain_cells(notebook: Notebook, *, outputs: bool = False) -> list[Cell]:
    """Cells with what is compared alone: type, source and, where asked, outputs."""
    cells = []
    for found in notebook.cells:
        kind = found.get("cell_type")
        cell: Cell = {
            "cell_type": kind if kind in {"code", "markdown"} else "raw",
            "metadata": {},
            "source": _NEWLINES.sub("\n", source_of(found)),
        }
        if kind == "code":
            kept = found.get("outputs")
            cell["outputs"] = kept if outputs and isinstance(kept, list) else []
            cell["execution_count"] = None
        cells.append(cell)
    return cells


def diff_notebooks(first: Notebook, second: Notebook, *, outputs: bool = False) -> tuple[Any, Diff]:
    """Compare two notebooks.

    Args:
        first: The older one.
        second: The newer one.
        outputs: Compare the outputs too.

    Returns:
        The first notebook reduced to what is compared, and what makes the second of it.
    """
    ours, theirs = plain_cells(first, outputs=outputs), plain_cells(second, outputs=outputs)
    ids = [_ids(first), _ids(second)]
    base = {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": {"language_info": {"name": first.language or "python"}},
        "cells": ours,
    }
    cells = _diff_cells(ours, theirs, ids[0], ids[1])
    return base, [{"op": "patch", "key": "cells", "diff": cells}] if cells else []


def _diff_cells(
    ours: Sequence[Cell], theirs: Sequence[Cell], our_ids: list[str], their_ids: list[str]
) -> Diff:
    matcher: SequenceMatcher[tuple[str, str]] = SequenceMatcher(
        None, [_key(cell) for cell in ours], [_key(cell) for cell in theirs], autojunk=False
    )
    diff: Diff = []
    for op, a0, a1, b0, b1 in matcher.get_opcodes():
        if op == "equal":
            pairs = list(zip(range(a0, a1), range(b0, b1), strict=True))
        else:
            pairs = _pairs(ours, theirs, our_ids, their_ids, range(a0, a1), range(b0, b1))
        at_a, at_b = a0, b0
        for a, b in [*pairs, (a1, b1)]:
            diff += _range(at_a, a - at_a, theirs[at_b:b])
            if a < a1:
                inside = diff_cell(ours[a], theirs[b])
                diff += [{"op": "patch", "key": a, "diff": inside}] if inside else []
            at_a, at_b = a + 1, b + 1
    return diff


def diff_cell(ours: Cell, theirs: Cell) -> Diff:
    """What makes one cell of another of the same type."""
    diff: Diff = []
    if ours.get("outputs") != theirs.get("outputs"):
        outputs = _range(0, len(ours["outputs"]), theirs["outputs"])
        diff.append({"op": "patch", "key": "outputs", "diff": outputs})
    if ours["source"] != theirs["source"]:
        source = diff_text(ours["source"], theirs["source"])
        diff.append({"op": "patch", "key": "source", "diff": source})
    return diff


def diff_text(ours: str, theirs: str) -> Diff:
    """What makes one text of another, line by line."""
    a, b = _lines(ours), _lines(theirs)
    if max(len(a), len(b)) > _MOST_LINES:
        return _range(0, len(a), b)
    diff: Diff = []
    for op, a0, a1, b0, b1 in SequenceMatcher(None, a, b).get_opcodes():
        if op != "equal":
            diff += _range(a0, a1 - a0, b[b0:b1])
    return diff


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _range(at: int, length: int, added: Sequence[Any]) -> Diff:
    diff: Diff = []
    if added:
        diff.append({"op": "addrange", "key": at, "valuelist": list(added)})
    if length:
        diff.append({"op": "removerange", "key": at, "length": length})
    return diff


def _pairs(
    ours: Sequence[Cell], theirs: Sequence[Cell], our_ids: list[str], their_ids: list[str],
    left: range, right: range,
) -> list[tuple[int, int]]:  # fmt: skip
    """Cells of two stretches that are the same cell, changed; in order in both."""
    places = {their_ids[b]: b for b in right if their_ids[b]}
    found: list[tuple[int, int]] = []
    start, compared = right.start, 0
    for a in left:
        same = places.get(our_ids[a], -1)
        candidates = range(start, right.stop) if same < start else range(same, same + 1)
        for b in candidates:
            if ours[a]["cell_type"] != theirs[b]["cell_type"]:
                continue
            compared += 1
            if b == same or (
                compared <= _MOST_PAIRS and _alike(ours[a]["source"], theirs[b]["source"])
            ):
                found.append((a, b))
                start = b + 1
                break
    return found


def _alike(ours: str, theirs: str) -> bool:
    a, b = _lines(ours)[:200], _lines(theirs)[:200]
    matcher = SequenceMatcher(None, a, b)
    if matcher.real_quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
        return True
    # One line that was changed is no line in common; its characters are.
    short = max(len(ours), len(theirs)) <= 120
    return short and SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= _ALIKE


def _key(cell: Cell) -> tuple[str, str]:
    return cell["cell_type"], cell["source"]


def _ids(notebook: Notebook) -> list[str]:
    return [cell["id"] if isinstance(cell.get("id"), str) else "" for cell in notebook.cells]
