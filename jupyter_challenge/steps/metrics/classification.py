"""Metrics of predicted classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import AverageOptions, KappaOptions, Options
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.rows import Rows, Value, mean, some
from jupyter_challenge.steps.metrics.uncertainty import linearized


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
    the tests compare the two. `empty` is the value of a class with nothing to divide by. `ratio`
    is of sums of the counts, so that it also says what one row adds to each of the two.
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
    each = np.ones(len(truth)) if weights is None else weights
    true, guess = np.array(truth), np.array(predicted)
    counts: Iterator[_Counts]
    if average == "micro":
        # Right, predicted as any class, of any class: each row once.
        one = np.ones(len(truth))
        counts = iter([_Counts(_ones_where(true == guess), one, one)])
    else:
        counts = (_one_row(true == name, guess == name) for name in names)
    values, totals = [], []
    moved, members = np.zeros(len(truth)), np.zeros(len(truth))
    for of_row in counts:
        above, below = ratio(of_row)
        total = float((each * below).sum())
        value = float((each * above).sum()) / total if total > 0 else empty
        derivative = (above - value * below) / total if total > 0 else np.zeros(len(truth))
        share = of_row.true if average == "weighted" else None
        values.append(value)
        totals.append(1.0 if share is None else float((each * share).sum()))
        moved += totals[-1] * derivative
        if share is not None:
            moved += value * share
            members += share
    found = float(np.dot(values, totals)) / sum(totals)
    return linearized(found, (moved - found * members) / sum(totals), weights)


def _ones_where(rows: NDArray[np.bool_]) -> Numbers:
    return rows.astype(np.float64)


def _one_row(true: NDArray[np.bool_], guess: NDArray[np.bool_]) -> _Counts:
    """What each row counts for a class, before its weight."""
    return _Counts(_ones_where(true & guess), _ones_where(guess), _ones_where(true))


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


@dataclass(frozen=True)
class _Table:
    """Summed weights by true class (down) and predicted class (across), and each row's place."""

    sums: Numbers
    true: NDArray[np.intp]
    guess: NDArray[np.intp]
    weights: Numbers | None


def _confusion(rows: Rows, options: Options) -> _Table:
    """Count true against predicted classes; predicted ones that no label has come last."""
    truth, predicted = _classes(rows, options)
    known = {name: i for i, name in enumerate(rows.classes(options))}
    for name in predicted:
        known.setdefault(name, len(known))
    true = np.array([known[name] for name in truth], dtype=np.intp)
    guess = np.array([known[name] for name in predicted], dtype=np.intp)
    weights = rows.weights(options)
    sums = np.bincount(true * len(known) + guess, weights, len(known) ** 2).astype(np.float64)
    return _Table(sums.reshape(len(known), len(known)), true, guess, weights)


def matthews_corrcoef(rows: Rows, options: Options) -> Value:
    """Correlation of predicted and true classes; 0 where one of them is constant.

    Of several classes it is R_K (J. Gorodkin, Comput. Biol. Chem. 28, 2004, 367).
    """
    found = _confusion(rows, options)
    sums, true, guess = found.sums, found.true, found.guess
    total, right = sums.sum(), np.trace(sums)
    of_true, of_guess = sums.sum(axis=1), sums.sum(axis=0)
    above = right * total - of_true @ of_guess
    spread_true, spread_guess = total**2 - of_true @ of_true, total**2 - of_guess @ of_guess
    below = np.sqrt(spread_true * spread_guess)
    if below <= 0:
        return Value(0.0)
    value = float(above / below)
    moved_above = (true == guess) * total + right - of_true[guess] - of_guess[true]
    moved_below = (total - of_true[true]) / spread_true + (total - of_guess[guess]) / spread_guess
    return linearized(value, moved_above / below - value * moved_below, found.weights)


def cohen_kappa(rows: Rows, options: KappaOptions) -> Value:
    """Agreement beyond chance; with weights, distance counts in the order of the classes.

    Its standard error is that of J. Fleiss, J. Cohen and B. Everitt (Psychol. Bull. 72, 1969, 323).
    """
    found = _confusion(rows, options)
    sums, true, guess = found.sums, found.true, found.guess
    place = np.arange(len(sums), dtype=np.float64)
    distance = np.abs(place[:, None] - place[None, :])
    if options.weights == "none":
        distance = (distance > 0) * 1.0
    elif options.weights == "quadratic":
        distance = distance**2
    total, of_true, of_guess = sums.sum(), sums.sum(axis=1), sums.sum(axis=0)
    seen, chance = float((distance * sums).sum()), float(of_true @ distance @ of_guess / total)
    if chance == 0:
        # Undefined where both are one same class throughout: that is full agreement.
        return Value(1.0)
    moved = (
        (distance @ of_guess)[true]
        + (of_true @ distance)[guess]
        - of_true @ distance @ of_guess / total
    ) / total
    derivative = -distance[true, guess] / chance + seen * moved / chance**2
    return linearized(1 - seen / chance, derivative, found.weights)
