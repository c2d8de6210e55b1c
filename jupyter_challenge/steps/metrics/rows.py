"""What a metric is given: the rows of one board, and the ways to read truth and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import Options, class_order, truth_column
from jupyter_challenge.core.table import Column, Numbers, Table, class_name, shorten

SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Value:
    """A metric's value with its standard error, where that is known."""

    value: float
    stderr: float | None = None


@dataclass(frozen=True)
class Rows:
    """Labels and predictions of one board, row by row the same ids.

    Attributes:
        labels: The board's labels.
        predictions: Its predictions, with the columns that the challenge asks for, in order.
        whole: Labels of all boards; classes and totals are taken from here, so that they do
            not depend on which rows a board happens to have.
    """

    labels: Table
    predictions: Table
    whole: Table

    @property
    def ids(self) -> list[str]:
        """Ids of the rows."""
        return self.labels.ids

    def label_column(self, options: Options) -> str:
        """Name the labels' column with the truth.

        Raises:
            RunFailed: evaluator_error when the labels do not have it or it cannot be told.
        """
        name = truth_column(
            list(self.labels.columns), [c.name for c in self.predicted(options)], options
        )
        if name is None:
            have = ", ".join(self.labels.columns)
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f"cannot tell which column of the labels is the truth ({have}); "
                "name it by the metric's option `label`",
            )
        return name

    def predicted(self, options: Options) -> list[Column]:
        """Return the columns of the predictions that the metric reads."""
        wanted = options.prediction
        if wanted is None:
            return list(self.predictions.columns.values())
        names = [wanted] if isinstance(wanted, str) else wanted
        try:
            return [self.predictions.columns[name] for name in names]
        except KeyError as error:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f"the metric reads the prediction column {error}, "
                "which submission.output.prediction does not name",
            ) from error

    def one(self, options: Options) -> Column:
        """Return the only column that the metric reads."""
        columns = self.predicted(options)
        if len(columns) != 1:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                "the metric reads one prediction column; name it by its option `prediction`",
            )
        return columns[0]

    def truth_numbers(self, options: Options) -> Numbers:
        """Return the truth as finite numbers."""
        return self.label_numbers(self.label_column(options))

    def label_numbers(self, name: str, *, whole: bool = False) -> Numbers:
        """Return a column of the labels as finite numbers.

        Raises:
            RunFailed: evaluator_error when it is missing or not finite.
        """
        table = self.whole if whole else self.labels
        if name not in table.columns:
            raise RunFailed(FailureClass.EVALUATOR_ERROR, f'the labels have no column "{name}"')
        try:
            values = table.columns[name].numbers(table.ids)
        except RunFailed as error:
            raise RunFailed(FailureClass.EVALUATOR_ERROR, f"labels: {error.detail}") from error
        if values.ndim != 1 or not np.isfinite(values).all():
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR, f'"{name}" of the labels has values missing'
            )
        return values

    def predicted_numbers(self, column: Column) -> Numbers:
        """Return a column of the predictions as finite numbers.

        Raises:
            RunFailed: bad_format for texts, invalid_score for NaN or infinite values.
        """
        values = column.numbers(self.ids)
        require_finite(values, column.name, self.ids)
        return values

    def weights(self, options: Options) -> Numbers | None:
        """Return the rows' weights, if the metric has any.

        Raises:
            RunFailed: evaluator_error when a weight is negative or all are zero.
        """
        if options.weight is None:
            return None
        weights = self.label_numbers(options.weight)
        if (weights < 0).any() or weights.sum() <= 0:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR, f'weights "{options.weight}" must be above 0'
            )
        return weights

    def classes(self, options: Options, *, board: bool = False) -> list[str]:
        """Return the classes of the truth, numbers by size and else by name."""
        table = self.labels if board else self.whole
        found = set(table.columns[self.label_column(options)].classes())
        return sorted(found, key=class_order)

    def truth_classes(self, options: Options) -> list[str]:
        """Return the truth as classes."""
        return self.labels.columns[self.label_column(options)].classes()

    def positive(self, options: Any) -> str:
        """Return the class that counts as positive: as declared, else the last in order."""
        classes = self.classes(options)
        if options.positive is None:
            return classes[-1]
        positive = class_name(str(options.positive))
        if positive not in classes:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f'the option `positive` names "{positive}"; the labels hold '
                + ", ".join(classes[:10]),
            )
        return positive


def require_finite(values: NDArray[np.float64], name: str, ids: Sequence[str]) -> None:
    """Refuse NaN and infinite predictions, naming how many and where.

    Raises:
        RunFailed: invalid_score.
    """
    finite = np.isfinite(values)
    bad = np.flatnonzero(~(finite if values.ndim == 1 else finite.all(axis=1)))
    if len(bad):
        raise RunFailed(
            FailureClass.INVALID_SCORE,
            f'"{name}" is NaN, infinite or empty in {len(bad)} of {len(ids)} rows: '
            + some(ids[i] for i in bad[:5]),
        )


def some(ids: Any, most: int = 5) -> str:
    """Write the first ids of many for a message."""
    shown = [shorten(each) for each in ids][:most]
    return ("id " if len(shown) == 1 else "ids ") + ", ".join(shown)


def mean(values: Numbers, weights: Numbers | None = None) -> Value:
    """Return the (weighted) mean with its standard error."""
    n = len(values)
    if weights is None:
        error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else None
        return Value(float(values.mean()), error)
    total = weights.sum()
    center = float((weights * values).sum() / total)
    error = float(np.sqrt((weights**2 * (values - center) ** 2).sum()) / total) if n > 1 else None
    return Value(center, error)


def root(value: Value) -> Value:
    """Return the square root, its standard error by the delta method."""
    result = float(np.sqrt(value.value))
    if value.stderr is None:
        return Value(result)
    return Value(result, value.stderr / (2 * result) if result > 0 else 0.0)
