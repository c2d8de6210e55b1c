"""Choose which test rows count on the public board and which on the private one.

Rows are drawn by the sha256 of seed and id, so the same labels give the same split on every
machine, with every version of every library, and in whatever order the rows are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_challenge.core.challenge import MetricSpec, Output, Split
from jupyter_challenge.core.errors import FailureClass, RunFailed

if TYPE_CHECKING:
    from jupyter_challenge.core.table import Table

QUANTILES = 10
_MOST_CLASSES = 20


@dataclass(frozen=True)
class Parts:
    """Ids of the public and of the private rows, each in the order of the labels."""

    public: list[str]
    private: list[str]


def split_labels(
    labels: Path, output: Output, split: Split, metrics: Sequence[MetricSpec] = ()
) -> Parts:
    """Read labels and split their ids.

    Args:
        labels: The labels' file.
        output: Says how the id and the predictions are called.
        split: Share, seed, and what to stratify by.
        metrics: Their options say which column is the truth where that is not plain.

    Raises:
        RunFailed: The labels cannot be read or split; the detail says why.
    """
    from jupyter_challenge.core.tables import format_of, read_table

    table = read_table(labels, format_of(labels, output.table_format), output.id)
    return split_ids(table.ids, _strata(table, output, split, metrics), split)


def split_ids(ids: Sequence[str], strata: Sequence[str] | None, split: Split) -> Parts:
    """Split ids so that every stratum has its share as nearly as whole rows allow.

    Raises:
        RunFailed: There are too few rows for two boards.
    """
    wanted = round(len(ids) * split.public)
    if not 1 <= wanted <= len(ids) - 1:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR,
            f"{len(ids)} rows cannot be split with {split.public:g} of them public: "
            "each board needs one row",
        )
    groups: dict[str, list[str]] = {}
    for each, stratum in zip(ids, strata or [""] * len(ids), strict=True):
        groups.setdefault(stratum, []).append(each)
    public: set[str] = set()
    shares = {name: len(rows) * split.public for name, rows in groups.items()}
    counts = {name: math.floor(share) for name, share in shares.items()}
    # Largest remainders get the rows that are left; of equal ones the hash decides.
    by_remainder = sorted(
        groups, key=lambda name: (counts[name] - shares[name], _draw(split.seed, "stratum", name))
    )
    for name in by_remainder[: wanted - sum(counts.values())]:
        counts[name] += 1
    for name, rows in groups.items():
        drawn = sorted(rows, key=lambda each: (_draw(split.seed, "row", each), each))
        public.update(drawn[: counts[name]])
    return Parts(
        [each for each in ids if each in public], [each for each in ids if each not in public]
    )


def _draw(seed: int, kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{kind}\n{name}".encode("utf-8", "surrogatepass")).digest()


def _strata(
    table: Table, output: Output, split: Split, metrics: Sequence[MetricSpec]
) -> list[str] | None:
    """Return each row's stratum: its class, or the decile of its number; None for no strata."""
    if split.stratify is False:
        return None
    name = stratum_column(list(table.columns), output, split, metrics)
    if name is None:
        if split.stratify is True:
            return None  # several columns of truth, as in regression of many: nothing to keep alike
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f'the labels have no column "{split.stratify}"'
        )
    column = table.columns[name]
    values = column.values
    if not isinstance(values, list) and values.ndim != 1:
        return None
    classes = column.classes()
    if len(set(classes)) <= max(_MOST_CLASSES, math.isqrt(len(classes))):
        return classes
    try:
        numbers = [float(number) for number in column.numbers(table.ids)]
    except RunFailed:
        return classes
    order = sorted(range(len(numbers)), key=lambda i: (numbers[i], table.ids[i]))
    strata = [""] * len(numbers)
    for place, i in enumerate(order):
        strata[i] = str(place * QUANTILES // len(order))
    return strata


def stratum_column(
    columns: Sequence[str], output: Output, split: Split, metrics: Sequence[MetricSpec]
) -> str | None:
    """Tell by which column of the labels to stratify; None where it cannot be told."""
    if isinstance(split.stratify, str):
        return split.stratify if split.stratify in columns else None
    named = [metric.options.get("label") for metric in metrics]
    for name in [*named, *(output.columns if len(output.columns) == 1 else [])]:
        if isinstance(name, str) and name in columns:
            return name
    other = {metric.options.get(key) for metric in metrics for key in ("weight", "group")}
    left = [column for column in columns if column not in other]
    return left[0] if len(left) == 1 else None
