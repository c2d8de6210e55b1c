"""Metrics of predicted classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import AverageOptions, KappaOptions, Options
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.rows import Rows, Value, mean, some


def _classes(rows: Rows, options: Options) -> tuple[list[str], list[str]]:
    """Return true and predicted classes.

    Raises:
        RunFailed: invalid_score where a prediction is empty or NaN.
    """
    truth, predicted = rows.truth_classes(options), rows.one(options).classes()
    empty = [rows.ids[i] for i, p in enumerate(predicted) if not p.strip() or p == "nan"]
    if empty:
        raise RunFailed(
            FailureClass.INVALID_SCORE,
            f'"{rows.one(options).name}" is NaN or empty in {len(empty)} of {len(truth)} rows: '
            + some(empty[:5]),
        )
    return truth, predicted


def accuracy(rows: Rows, options: Options) -> Value:
    """Share of rows whose class is right."""
    truth, predicted = _classes(rows, options)
    right = np.array([t == p for t, p in zip(truth, predicted, strict=True)], dtype=np.float64)
    return mean(right, rows.weights(options))


def balanced_accuracy(rows: Rows, options: Options) -> Value:
    """Mean recall over the classes of the board."""
    truth, predicted = _classes(rows, options)
    weights = rows.weights(options)
    weights = np.ones(len(truth)) if weights is None else weights
    true, right = np.array(truth), np.array([t == p for t, p in zip(truth, predicted, strict=True)])
    recalls, variances = [], []
    for name in rows.classes(options, board=True):
        of_class = true == name
        total = weights[of_class].sum()
        if total <= 0:
            continue
        recall = float((weights * right)[of_class].sum() / total)
        recalls.append(recall)
        variances.append((weights[of_class] ** 2).sum() / total**2 * recall * (1 - recall))
    error = float(np.sqrt(np.sum(variances)) / len(recalls))
    return Value(float(np.mean(recalls)), error)


@dataclass(frozen=True)
class _Counts:
    """Summed weights of rows: predicted right as a class, predicted as it, and truly of it."""

    hits: Numbers
    predicted: Numbers
    true: Numbers


def _averaged(
    rows: Rows,
    options: AverageOptions,
    ratio: Callable[[_Counts], tuple[Numbers, Numbers]],
    empty: float = 0.0,
) -> Value:
    """Average a ratio of counts over classes, as scikit-learn does.

    Counted here and not there, since importing scikit-learn takes longer than most evaluations;
    the tests compare the two. `empty` is the value of a class with nothing to divide by.
    """
    truth, predicted = _classes(rows, options)
    average = options.average
    if average == "auto":
        average = "binary" if len(rows.classes(options)) <= 2 else "macro"
    names = [rows.positive(options)] if average == "binary" else sorted({*truth, *predicted})
    if average in {"macro", "weighted"}:
        # A class without rows on the board says nothing about it.
        names = rows.classes(options, board=True)
    weights = rows.weights(options)
    weights = np.ones(len(truth)) if weights is None else weights
    true, guess = np.array(truth), np.array(predicted)

    def sums(of: NDArray[np.bool_]) -> float:
        return float(weights[of].sum())

    counts = _Counts(
        np.array([sums((true == name) & (guess == name)) for name in names]),
        np.array([sums(guess == name) for name in names]),
        np.array([sums(true == name) for name in names]),
    )
    if average == "micro":
        counts = _Counts(
            *(c.sum(keepdims=True) for c in (counts.hits, counts.predicted, counts.true))
        )
    above, below = ratio(counts)
    values = np.divide(above, below, out=np.full(len(below), empty), where=below > 0)
    shares = counts.true if average == "weighted" else np.ones(len(values))
    return Value(float((values * shares).sum() / shares.sum()))


def f1(rows: Rows, options: AverageOptions) -> Value:
    """Harmonic mean of precision and recall."""
    return _averaged(rows, options, lambda c: (2 * c.hits, c.predicted + c.true))


def precision(rows: Rows, options: AverageOptions) -> Value:
    """Share of what was predicted as a class that is of it."""
    return _averaged(rows, options, lambda c: (c.hits, c.predicted))


def recall(rows: Rows, options: AverageOptions) -> Value:
    """Share of a class that was predicted as such."""
    return _averaged(rows, options, lambda c: (c.hits, c.true))


def jaccard(rows: Rows, options: AverageOptions) -> Value:
    """Intersection over union."""
    return _averaged(rows, options, lambda c: (c.hits, c.predicted + c.true - c.hits))


def dice(rows: Rows, options: AverageOptions) -> Value:
    """Twice the intersection over the sum; 1 where both are empty."""
    return _averaged(rows, options, lambda c: (2 * c.hits, c.predicted + c.true), empty=1.0)


def matthews_corrcoef(rows: Rows, options: Options) -> Value:
    """Correlation of predicted and true classes; 0 where one of them is constant."""
    from sklearn.metrics import matthews_corrcoef as function

    truth, predicted = _classes(rows, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = function(truth, predicted, sample_weight=rows.weights(options))
    return Value(float(value))


def cohen_kappa(rows: Rows, options: KappaOptions) -> Value:
    """Agreement beyond chance; with weights, distance counts in the order of the classes."""
    from sklearn.metrics import cohen_kappa_score

    truth, predicted = _classes(rows, options)
    classes = rows.classes(options)
    known = {name: i for i, name in enumerate(classes)}
    # Predicted classes that no label has come last, in order of appearance.
    for name in predicted:
        known.setdefault(name, len(known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = cohen_kappa_score(
            [known[t] for t in truth],
            [known[p] for p in predicted],
            labels=list(range(len(known))),
            weights=None if options.weights == "none" else options.weights,
            sample_weight=rows.weights(options),
        )
    # Undefined where both are one same class throughout: that is full agreement.
    if np.isnan(value) and truth == predicted:
        return Value(1.0)
    return Value(float(value))
