"""Metrics of predicted classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import AverageOptions, KappaOptions, Options
from jupyter_challenge.steps.metrics.rows import Rows, Value, mean


def _classes(rows: Rows, options: Options) -> tuple[list[str], list[str]]:
    """Return true and predicted classes.

    Raises:
        RunFailed: invalid_score where a prediction is empty or NaN.
    """
    truth, predicted = rows.truth_classes(options), rows.one(options).classes()
    empty = [rows.ids[i] for i, p in enumerate(predicted) if not p.strip() or p == "nan"]
    if empty:
        from jupyter_challenge.steps.metrics.rows import some

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


def _averaged(name: str, rows: Rows, options: AverageOptions, zero: float = 0.0) -> Value:
    """Compute a metric of scikit-learn that knows averages."""
    from sklearn import metrics

    truth, predicted = _classes(rows, options)
    classes = rows.classes(options)
    average = options.average
    if average == "auto":
        average = "binary" if len(classes) <= 2 else "macro"
    extra: dict[str, Any] = {"average": average}
    if average == "binary":
        positive = rows.positive(options)
        # As truth values: scikit-learn's binary average refuses a third class in predictions.
        true: Any = np.array([t == positive for t in truth])
        guess: Any = np.array([p == positive for p in predicted])
        extra["pos_label"] = True
    else:
        true, guess = np.array(truth, dtype=object), np.array(predicted, dtype=object)
        if average != "micro":
            # Only classes of the board: a class without rows in it says nothing about it.
            extra["labels"] = rows.classes(options, board=True)
        true, guess = true.astype(str), guess.astype(str)
    function = getattr(metrics, name)
    value = function(true, guess, sample_weight=rows.weights(options), zero_division=zero, **extra)
    return Value(float(value))


def f1(rows: Rows, options: AverageOptions) -> Value:
    """Harmonic mean of precision and recall."""
    return _averaged("f1_score", rows, options)


def precision(rows: Rows, options: AverageOptions) -> Value:
    """Share of what was predicted as a class that is of it."""
    return _averaged("precision_score", rows, options)


def recall(rows: Rows, options: AverageOptions) -> Value:
    """Share of a class that was predicted as such."""
    return _averaged("recall_score", rows, options)


def jaccard(rows: Rows, options: AverageOptions) -> Value:
    """Intersection over union."""
    return _averaged("jaccard_score", rows, options)


def dice(rows: Rows, options: AverageOptions) -> Value:
    """Twice the intersection over the sum; 1 where both are empty."""
    return _averaged("f1_score", rows, options, zero=1.0)


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
