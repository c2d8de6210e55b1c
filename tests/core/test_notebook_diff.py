"""A diff that is drawn must make exactly the second notebook of the first."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_challenge.core.notebook import Notebook
from jupyter_challenge.core.notebook_diff import diff_notebooks, plain_cells


def notebook(*sources: str, ids: list[str] | None = None) -> Notebook:
    cells = []
    for number, source in enumerate(sources):
        kind = "markdown" if source.startswith("#") else "code"
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {"x": 1}, "source": source}
        if kind == "code":
            cell.update(outputs=[{"output_type": "stream", "text": source}], execution_count=3)
        if ids:
            cell["id"] = ids[number]
        cells.append(cell)
    return Notebook({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def lines_of(text: str) -> list[str]:
    """Split as nbdime's widgets do."""
    return text.split("\n") if not text else [f"{line}\n" for line in text.split("\n")[:-1]] + [
        text.split("\n")[-1]
    ]  # fmt: skip


def patched(base: Any, diff: list[dict[str, Any]]) -> Any:
    """Do what a diff says, as nbdime does."""
    if isinstance(base, dict):
        made = dict(base)
        for each in diff:
            assert each["op"] == "patch"
            value = base[each["key"]]
            if isinstance(value, str):
                made[each["key"]] = "".join(patched(lines_of(value), each["diff"]))
            else:
                made[each["key"]] = patched(value, each["diff"])
        return made
    result, taken = [], 0
    for each in diff:
        result += base[taken : each["key"]]
        taken = max(taken, each["key"])
        if each["op"] == "addrange":
            result += each["valuelist"]
        elif each["op"] == "removerange":
            taken = each["key"] + each["length"]
        else:
            result.append(patched(base[each["key"]], each["diff"]))
            taken = each["key"] + 1
    return result + base[taken:]


def check(first: Notebook, second: Notebook, outputs: bool = False) -> list[dict[str, Any]]:
    base, diff = diff_notebooks(first, second, outputs=outputs)
    made = patched(copy.deepcopy(base), diff)
    assert made["cells"] == plain_cells(second, outputs=outputs)
    return diff[0]["diff"] if diff else []


LONG = "import numpy as np\nimport pandas as pd\nx = np.zeros(3)\ny = x + 1\nprint(y)"


@pytest.mark.parametrize(
    ("first", "second", "ops"),
    [
        pytest.param([LONG, "a"], [LONG, "a"], [], id="same"),
        pytest.param(["a", LONG], [LONG], ["removerange"], id="removed"),
        pytest.param([LONG], ["a", LONG, "# b"], ["addrange", "addrange"], id="added"),
        pytest.param([LONG], [LONG.replace("zeros", "ones")], ["patch"], id="changed"),
        pytest.param(["n = 100"], ["n = 200"], ["patch"], id="one-line"),
        pytest.param(["n = 100"], ["zzz"], ["addrange", "removerange"], id="another"),
        pytest.param(["n = 1"], ["# n = 1"], ["addrange", "removerange"], id="another-type"),
    ],
)
def test_what_is_said_of_cells(first: list[str], second: list[str], ops: list[str]) -> None:
    assert [each["op"] for each in check(notebook(*first), notebook(*second))] == ops


def test_an_id_says_more_than_likeness() -> None:
    first = notebook("alpha()", "beta()", ids=["a", "b"])
    second = notebook("wholly different\ncode", "new()", "beta(1)", ids=["a", "c", "b"])
    assert [each["op"] for each in check(first, second)] == ["patch", "addrange", "patch"]


def test_outputs_only_on_demand() -> None:
    first, second = notebook("a", "b"), notebook("a", "b")
    second.cells[0]["outputs"][0]["text"] = "other"
    assert check(first, second) == []
    changed = check(first, second, outputs=True)
    assert [(each["op"], each["key"]) for each in changed] == [("patch", 0)]


def test_only_line_feeds_end_a_line() -> None:
    first = notebook("a\r\nb\rc\u2028d", "x" * 400)
    second = notebook("a\nb\nc\nd!", "x" * 400)
    base, _ = diff_notebooks(first, second)
    assert base["cells"][0]["source"] == "a\nb\nc\nd"
    check(first, second)


def test_hundreds_of_unlike_cells_and_very_long_ones() -> None:
    first = notebook(*(f"{n} {n * 7919 % 104729} " * 20 for n in range(500)), "y\n" * 50_000)
    second = notebook(*(f"{n} {n * 7907 % 104723} " * 20 for n in range(500)), "z\ny\n" * 30_000)
    check(first, second)


sources = st.lists(st.text("ab\n #", max_size=12), max_size=6)


@given(sources, sources)
def test_any_two(first: list[str], second: list[str]) -> None:
    check(notebook(*first), notebook(*second), outputs=True)
