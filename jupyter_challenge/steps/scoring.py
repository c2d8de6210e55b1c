"""Turn predictions into scores: read, match ids, compute on each board, accept finite numbers."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from jupyter_challenge.core.challenge import MetricSpec
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import Bounds, bounds_of
from jupyter_challenge.core.run import EvaluationResult, EvaluationSpec, MetricResult
from jupyter_challenge.core.table import Table
from jupyter_challenge.core.tables import format_of, read_table
from jupyter_challenge.steps.matching import match_rows
from jupyter_challenge.steps.readers import read_predictions

Board = Literal["public", "private"]
PerSample = dict[str, dict[str, float]]

_SLACK = 1e-9


def evaluate(spec: EvaluationSpec, predictions_path: Path) -> EvaluationResult:
    """Score a predictions file on every board.

    Args:
        spec: Labels, output, metrics and boards.
        predictions_path: A copy of the predictions that nobody else can write.

    Raises:
        RunFailed: Why there is no score: no_predictions, bad_format, too_large, wrong_ids,
            invalid_score, or evaluator_error where labels or the organiser's code are at fault.
    """
    labels = _read_labels(spec)
    predictions = read_predictions(predictions_path, spec.output, len(labels))
    predictions = match_rows(labels, predictions, spec.output)
    boards: dict[Board, dict[str, MetricResult]] = {}
    per_sample: PerSample = {}
    for board, ids_file in spec.boards.items():
        rows = _board_rows(labels, ids_file, board)
        part = labels if rows is None else labels.take(rows)
        predicted = predictions if rows is None else predictions.take(rows)
        if spec.evaluator is None:
            boards[board] = _built_in(spec.metrics, part, predicted, labels)
        else:
            from jupyter_challenge.steps.own_evaluation import own_evaluation

            found = own_evaluation(spec, part, predicted)
            boards[board] = {
                metric.name: _own_result(metric, found, part.ids, per_sample)
                for metric in spec.metrics
            }
    return EvaluationResult(digest=spec.digest, boards=boards, per_sample=per_sample or None)


def _read_labels(spec: EvaluationSpec) -> Table:
    table_format = format_of(spec.labels, spec.output.table_format)
    try:
        labels = read_table(spec.labels, table_format, spec.output.id)
    except OSError as error:
        raise RunFailed(FailureClass.DATA_MISSING, "the labels cannot be read") from error
    except RunFailed as error:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f"labels: {error.detail}") from error
    if not labels.ids:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "the labels have no rows")
    return labels


def _board_rows(labels: Table, ids_file: Path | None, board: str) -> list[int] | None:
    """Return the rows of the labels that count on a board; None is all of them."""
    if ids_file is None:
        return None
    try:
        ids = json.loads(ids_file.read_text("utf-8"))
        at = {each: i for i, each in enumerate(labels.ids)}
        rows = sorted(at[str(each)] for each in ids)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f"the {board} board's ids do not fit the labels"
        ) from error
    if not rows:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f"the {board} board has no rows")
    return rows


def _built_in(
    metrics: Sequence[MetricSpec], labels: Table, predictions: Table, whole: Table
) -> dict[str, MetricResult]:
    from jupyter_challenge.steps.metrics import Rows, compute

    rows = Rows(labels, predictions, whole)
    results = {}
    for metric in metrics:
        try:
            found = compute(metric, rows)
        except (ArithmeticError, ValueError) as error:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR, f"{metric.name}: {type(error).__name__}: {error}"
            ) from error
        results[metric.name] = MetricResult(
            value=score_value(metric.name, found.value, bounds_of(metric)),
            stderr=_stderr(found.stderr),
            n=len(labels),
        )
    return results


def _own_result(
    metric: MetricSpec, found: Mapping[str, Any], ids: Sequence[str], per_sample: PerSample
) -> MetricResult:
    """Take one metric out of what the organiser's function returned."""
    if metric.name not in found:
        have = ", ".join(map(str, list(found)[:10])) or "nothing"
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR,
            f'the evaluation returned no "{metric.name}"; it returned {have}',
        )
    value, stderr, n = found[metric.name], None, len(ids)
    if isinstance(value, Mapping):
        unknown = set(value) - {"value", "stderr", "n", "per_sample"}
        if unknown or "value" not in value:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f'"{metric.name}" must be a number or {{value, stderr, n, per_sample}}; '
                f"it has the keys {', '.join(map(str, value)) or 'none'}",
            )
        stderr, samples = value.get("stderr"), value.get("per_sample")
        if value.get("n") is not None:
            n = _count(metric.name, value["n"])
        if samples is not None:
            per_sample.setdefault(metric.name, {}).update(_samples(metric.name, samples, ids))
        value = value["value"]
    return MetricResult(
        value=score_value(metric.name, value, bounds_of(metric, built_in=False)),
        stderr=None if stderr is None else _stderr(_finite(metric.name, stderr, "stderr")),
        n=n,
    )


def _samples(name: str, samples: Any, ids: Sequence[str]) -> dict[str, float]:
    """Read per_sample: values by id, or one for each row in order."""
    if isinstance(samples, Mapping):
        pairs = {str(key): value for key, value in samples.items()}
        if not set(pairs) <= set(ids):
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR, f'per_sample of "{name}" has ids that are not known'
            )
    else:
        values = list(samples)
        if len(values) != len(ids):
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f'per_sample of "{name}" has {len(values)} values for {len(ids)} rows',
            )
        pairs = dict(zip(ids, values, strict=True))
    return {key: _finite(name, value, "per_sample") for key, value in pairs.items()}


def score_value(name: str, value: object, bounds: Bounds = (None, None)) -> float:
    """Take a finite real number as a score; nothing else counts, in either direction.

    Raises:
        RunFailed: invalid_score for truth values, texts, lists, NaN, infinite numbers, and
            numbers outside of the metric's bounds.
    """
    number = _finite(name, value, "value", FailureClass.INVALID_SCORE)
    low, high = bounds
    slack = _SLACK * max(1.0, abs(number))
    if (low is not None and number < low - slack) or (high is not None and number > high + slack):
        raise RunFailed(
            FailureClass.INVALID_SCORE,
            f"{name} is {number:g}, outside of its bounds {list(bounds)}",
        )
    if low is not None:
        number = max(number, low)
    if high is not None:
        number = min(number, high)
    return number + 0.0  # -0.0 becomes 0.0


def _finite(
    name: str, value: object, what: str, kind: FailureClass = FailureClass.EVALUATOR_ERROR
) -> float:
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a numpy scalar
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        shown = type(value).__name__
        raise RunFailed(kind, f'{what} of "{name}" must be a number, not {shown}')
    try:
        number = float(value)
    except (OverflowError, ValueError) as error:
        raise RunFailed(kind, f'{what} of "{name}" is not a finite number') from error
    if not math.isfinite(number):
        raise RunFailed(kind, f'{what} of "{name}" is {number}, not a finite number')
    return number


def _stderr(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def _count(name: str, value: object) -> int:
    number = _finite(name, value, "n")
    if number < 0 or not number.is_integer():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f'n of "{name}" must be a whole number')
    return int(number)
