"""What was found of a real Kubeflow Pipelines server: the table names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACT = "tests/cluster/test_kfp_contract.py"
OF_THE_SUITE = {"test_the_samples_say_by_their_executors_what_was_cached"}
"""Tests of the suite that ask no server."""


def names_of(path: str) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE))


def table() -> list[str]:
    text = (ROOT / "docs" / "developers" / "cluster.md").read_text()
    _, _, after = text.partition("### What was found of a real server")
    return [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]


def test_each_test_that_is_named_is_there_and_each_of_the_suite_is_named() -> None:
    named: set[str] = set()
    for row in table():
        shown = row.split("|")[2]
        (file,) = re.findall(r"\(`([\w/.]+)`\)", shown) or [CONTRACT]
        path = file if "/" in file else f"tests/cluster/{file}"
        files = re.findall(r"`(tests/[\w/.]+)`", shown)
        assert all((ROOT / each).exists() for each in files), row
        for name in re.findall(r"`(test_\w+)`", shown):
            assert name in names_of(path), row
            named.add(name)
    assert names_of(CONTRACT) - OF_THE_SUITE <= named
