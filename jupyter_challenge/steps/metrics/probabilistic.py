"""Metrics of predicted probabilities, scores and distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import (
    BinaryOptions,
    CalibrationOptions,
    LogLossOptions,
    Options,
    TopKOptions,
    class_of_column,
)
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.rows import SUM_TOLERANCE, Rows, Value, mean
from jupyter_challenge.steps.metrics.uncertainty import linearized

Indices = NDArray[np.intp]


def _scores(rows: Rows, options: Options) -> tuple[list[str], Numbers]:
    """Return classes, and scores of shape (rows,) for the positive one or (rows, classes).

    A column belongs to the class that it is named after, alone or behind an underscore; the
    columns of one array of two dimensions are the classes in order.
    """
    classes = rows.classes(options)
    columns = rows.predicted(options)
    values = [rows.predicted_numbers(column) for column in columns]
    if len(columns) == 1 and values[0].ndim == 1:
        if len(classes) > 2:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f"the labels have {len(classes)} classes, so one prediction column for each is "
                "needed: submission.output.prediction: [" + ", ".join(classes[:5]) + "]",
            )
        return classes, values[0]
    if len(columns) == 1:
        if values[0].shape[1] != len(classes):
            raise RunFailed(
                FailureClass.BAD_FORMAT,
                f'"{columns[0].name}" has {values[0].shape[1]} columns, there are '
                f"{len(classes)} classes",
            )
        return classes, values[0]
    by_class: dict[str, Numbers] = {}
    for column, column_values in zip(columns, values, strict=True):
        name = class_of_column(column.name, classes)
        if name is None or name in by_class or column_values.ndim != 1:
            raise RunFailed(
                FailureClass.EVALUATOR_ERROR,
                f'prediction column "{column.name}" is not named after one class of '
                + ", ".join(classes[:10]),
            )
        by_class[name] = column_values
    if len(by_class) != len(classes):
        missing = [name for name in classes if name not in by_class]
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f"no prediction column for class {', '.join(missing)}"
        )
    return classes, np.column_stack([by_class[name] for name in classes])


def _probabilities(rows: Rows, options: Any) -> tuple[list[str], Numbers]:
    """Return classes in the order of the columns, and probabilities of shape (rows, classes)."""
    classes, scores = _scores(rows, options)
    outside = (scores < 0) | (scores > 1)
    bad = np.flatnonzero(outside if scores.ndim == 1 else outside.any(axis=1))
    if len(bad):
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f"{len(bad)} probabilities are not between 0 and 1, the first at id {rows.ids[bad[0]]}",
        )
    if scores.ndim == 1:
        positive = rows.positive(options) if hasattr(options, "positive") else classes[-1]
        others = [name for name in classes if name != positive] or ["other"]
        return [*others, positive], np.column_stack([1 - scores, scores])
    off = np.flatnonzero(np.abs(scores.sum(axis=1) - 1) > SUM_TOLERANCE)
    if len(off):
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f"the probabilities of {len(off)} rows do not add up to 1, the first at id "
            f"{rows.ids[off[0]]}: {scores[off[0]].sum():g}",
        )
    return classes, scores / scores.sum(axis=1, keepdims=True)


def _truth_indices(rows: Rows, options: Options, classes: list[str]) -> Indices:
    known = {name: i for i, name in enumerate(classes)}
    return np.array([known[name] for name in rows.truth_classes(options)], dtype=np.intp)


def _one_against_rest(
    rows: Rows, options: BinaryOptions, name: str
) -> list[tuple[NDArray[np.bool_], Numbers]]:
    """Return truth and scores of the positive class, or of every class that the board has."""
    classes, scores = _scores(rows, options)
    truth = np.array(rows.truth_classes(options))
    if scores.ndim == 1 or len(classes) == 2:
        positive = rows.positive(options)
        one = scores if scores.ndim == 1 else scores[:, classes.index(positive)]
        pairs = [(truth == positive, one)]
    else:
        pairs = [(truth == each, scores[:, i]) for i, each in enumerate(classes)]
        pairs = [(true, score) for true, score in pairs if true.any()]
    if any(true.all() or not true.any() for true, _ in pairs):
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f"{name} needs labels of at least two classes"
        )
    return pairs


def roc_auc(rows: Rows, options: BinaryOptions) -> Value:
    """Area under the ROC curve; its standard error is DeLong's, for one class without weights."""
    from sklearn.metrics import roc_auc_score

    weights = rows.weights(options)
    pairs = _one_against_rest(rows, options, "roc_auc")
    value = float(np.mean([roc_auc_score(t, s, sample_weight=weights) for t, s in pairs]))
    if weights is not None or len(pairs) > 1:
        return Value(value)
    ((positive, scores),) = pairs
    return Value(value, _delong(scores[positive], scores[~positive]))


def _delong(high: Numbers, low: Numbers) -> float | None:
    """Standard error of the AUC by DeLong et al. (1988), by ranks."""
    from scipy.stats import rankdata

    m, n = len(high), len(low)
    if m < 2 or n < 2:
        return None
    ranks = rankdata(np.concatenate([high, low]))
    over_low = (ranks[:m] - rankdata(high)) / n
    over_high = 1 - (ranks[m:] - rankdata(low)) / m
    return float(np.sqrt(over_low.var(ddof=1) / m + over_high.var(ddof=1) / n))


def average_precision(rows: Rows, options: BinaryOptions) -> Value:
    """Area under precision over recall."""
    weights = rows.weights(options)
    found = [
        _average_precision(true, scores, weights)
        for true, scores in _one_against_rest(rows, options, "average_precision")
    ]
    value = float(np.mean([value for value, _ in found]))
    return linearized(value, np.mean([derivative for _, derivative in found], axis=0), weights)


def _average_precision(
    true: NDArray[np.bool_], scores: Numbers, weights: Numbers | None
) -> tuple[float, Numbers]:
    """Return the average precision of one class and its derivative by each row's weight.

    A row moves the precision at its own score and at all lower ones.
    """
    order = np.argsort(-scores, kind="stable")
    hit = true[order] * 1.0
    weight = np.ones(len(order)) if weights is None else weights[order]
    ordered = scores[order]
    # Rows of one score are one threshold: the sums are those at the last of them.
    last = np.append(np.flatnonzero(np.diff(ordered)), len(order) - 1)
    step = np.searchsorted(last, np.arange(len(order)))
    hits, rows = np.cumsum(weight * hit)[last], np.cumsum(weight)[last]
    positives = hits[-1]
    if positives <= 0:
        return 0.0, np.zeros(len(order))
    # A threshold above which nothing has weight has no precision; nothing is counted there.
    precision = np.divide(hits, rows, out=np.zeros(len(hits)), where=rows > 0)
    value = float((weight * hit * precision[step]).sum() / positives)
    gained = np.bincount(step, weight * hit, len(last))
    per_row = np.divide(gained, rows, out=np.zeros(len(rows)), where=rows > 0)
    from_here = np.cumsum(per_row[::-1])[::-1]
    lost_from_here = np.cumsum((per_row * precision)[::-1])[::-1]
    moved = hit * (precision[step] - value + from_here[step]) - lost_from_here[step]
    derivative = np.empty(len(order))
    derivative[order] = moved / positives
    return value, derivative


def log_loss(rows: Rows, options: LogLossOptions) -> Value:
    """Mean negative logarithm of the true class's probability, which is clipped."""
    classes, probabilities = _probabilities(rows, options)
    at = _truth_indices(rows, options, classes)
    given = np.clip(probabilities[np.arange(len(at)), at], options.clip, 1 - options.clip)
    return mean(-np.log(given), rows.weights(options))


def brier(rows: Rows, options: BinaryOptions) -> Value:
    """Mean squared error: of the positive class's probability, or summed over several classes."""
    classes, probabilities = _probabilities(rows, options)
    truth = np.eye(len(classes))[_truth_indices(rows, options, classes)]
    losses = ((probabilities - truth) ** 2).sum(axis=1)
    if len(classes) == 2:
        losses = losses / 2
    return mean(losses, rows.weights(options))


def expected_calibration_error(rows: Rows, options: CalibrationOptions) -> Value:
    """Weighted mean over bins of |share that is right - mean confidence| (Guo et al. 2017).

    Of two classes the positive one's probability is binned, of more the most probable class's.
    """
    classes, probabilities = _probabilities(rows, options)
    at = _truth_indices(rows, options, classes)
    if len(classes) == 2:
        positive = classes.index(rows.positive(options))
        confidence, right = probabilities[:, positive], at == positive
    else:
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == at
    weights = rows.weights(options)
    weights = np.ones(len(at)) if weights is None else weights
    bins = np.minimum((confidence * options.bins).astype(int), options.bins - 1)
    gaps = np.bincount(bins, weights * (right.astype(float) - confidence), options.bins)
    return Value(float(np.abs(gaps).sum() / weights.sum()))


def top_k_accuracy(rows: Rows, options: TopKOptions) -> Value:
    """Share of rows whose class is among the k with the highest scores.

    A tie counts against the prediction, so that equal scores for all classes earn nothing.
    """
    classes, scores = _scores(rows, options)
    if scores.ndim == 1:
        scores = np.column_stack([1 - scores, scores])
    at = _truth_indices(rows, options, classes)
    own = scores[np.arange(len(at)), at]
    not_below = (scores >= own[:, None]).sum(axis=1)
    return mean((not_below <= options.k).astype(np.float64), rows.weights(options))


def _mean_and_sigma(rows: Rows, options: Options) -> tuple[Numbers, Numbers, Numbers]:
    columns = rows.predicted(options)
    if len(columns) != 2:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR,
            "the metric reads two prediction columns, mean and sigma, in this order",
        )
    center, sigma = (rows.predicted_numbers(column) for column in columns)
    low = np.flatnonzero(sigma <= 0)
    if len(low):
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f'"{columns[1].name}" must be above 0; {len(low)} rows are not, the first at id '
            f"{rows.ids[low[0]]}",
        )
    return rows.truth_numbers(options), center, sigma


def crps_gaussian(rows: Rows, options: Options) -> Value:
    """Continuous ranked probability score in closed form (Gneiting & Raftery 2007, eq. 21)."""
    truth, center, sigma = _mean_and_sigma(rows, options)
    z = (truth - center) / sigma
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in z])
    losses = sigma * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return mean(losses, rows.weights(options))


def gaussian_nll(rows: Rows, options: Options) -> Value:
    """Mean negative log density."""
    truth, center, sigma = _mean_and_sigma(rows, options)
    losses = 0.5 * np.log(2 * np.pi * sigma**2) + (truth - center) ** 2 / (2 * sigma**2)
    return mean(losses, rows.weights(options))
