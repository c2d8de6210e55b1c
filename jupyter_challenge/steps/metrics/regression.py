"""Metrics of predicted numbers."""

from __future__ import annotations

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import Options, QuantileOptions
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.rows import Rows, Value, mean, root
from jupyter_challenge.steps.metrics.uncertainty import bootstrapped, linearized


def numbers(rows: Rows, options: Options) -> tuple[Numbers, Numbers]:
    """Return true and predicted numbers, both finite and of one dimension."""
    truth = rows.truth_numbers(options)
    predicted = rows.predicted_numbers(rows.one(options))
    if predicted.ndim != 1:
        raise RunFailed(
            FailureClass.BAD_FORMAT,
            f'"{rows.one(options).name}" must have one value in each row, '
            f"it has {predicted.shape[1]}",
        )
    return truth, predicted


def _mean_of(rows: Rows, options: Options, losses: Numbers) -> Value:
    return mean(losses, rows.weights(options))


def mse(rows: Rows, options: Options) -> Value:
    """Mean squared error."""
    truth, predicted = numbers(rows, options)
    return _mean_of(rows, options, (predicted - truth) ** 2)


def rmse(rows: Rows, options: Options) -> Value:
    """Root of the mean squared error."""
    return root(mse(rows, options))


def mae(rows: Rows, options: Options) -> Value:
    """Mean absolute error."""
    truth, predicted = numbers(rows, options)
    return _mean_of(rows, options, np.abs(predicted - truth))


def mape(rows: Rows, options: Options) -> Value:
    """Mean absolute error relative to the true value; 0.1 is ten percent."""
    truth, predicted = numbers(rows, options)
    if (truth == 0).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "mape needs labels that are not 0")
    return _mean_of(rows, options, np.abs((predicted - truth) / truth))


def rmsle(rows: Rows, options: Options) -> Value:
    """Root of the mean squared error of log(1 + value)."""
    truth, predicted = numbers(rows, options)
    if (truth <= -1).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "rmsle needs labels above -1")
    low = np.flatnonzero(predicted <= -1)
    if len(low):
        raise RunFailed(
            FailureClass.INVALID_SCORE,
            f"rmsle needs predictions above -1; {len(low)} are not, the first at id "
            f"{rows.ids[low[0]]}",
        )
    return root(_mean_of(rows, options, (np.log1p(predicted) - np.log1p(truth)) ** 2))


def pinball_loss(rows: Rows, options: QuantileOptions) -> Value:
    """Loss of a predicted quantile."""
    truth, predicted = numbers(rows, options)
    above = truth - predicted
    losses = np.maximum(options.alpha * above, (options.alpha - 1) * above)
    return _mean_of(rows, options, losses)


def median_absolute_error(rows: Rows, options: Options) -> Value:
    """Median of the absolute errors."""
    from sklearn.metrics import median_absolute_error as function

    truth, predicted = numbers(rows, options)
    value = float(function(truth, predicted, sample_weight=rows.weights(options)))
    if options.weight is not None:
        return Value(value)
    return bootstrapped(value, lambda drawn: float(np.median(drawn)), np.abs(predicted - truth))


def r2(rows: Rows, options: Options) -> Value:
    """Share of the variance explained."""
    from sklearn.metrics import r2_score

    truth, predicted = numbers(rows, options)
    _require_variance(truth, "r2")
    weights = rows.weights(options)
    value = float(r2_score(truth, predicted, sample_weight=weights))
    away = (truth - np.average(truth, weights=weights)) ** 2
    total = away.sum() if weights is None else (weights * away).sum()
    return linearized(value, ((1 - value) * away - (truth - predicted) ** 2) / total, weights)


def pearson(rows: Rows, options: Options) -> Value:
    """Linear correlation, with the standard error of a bivariate normal distribution."""
    truth, predicted = numbers(rows, options)
    weights = rows.weights(options)
    return _correlation(truth, predicted, weights, "pearson")


def spearman(rows: Rows, options: Options) -> Value:
    """Correlation of the ranks; ties get the mean of their ranks."""
    from scipy.stats import rankdata

    truth, predicted = numbers(rows, options)
    if options.weight is not None:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "spearman knows no weights")
    value = _correlation(rankdata(truth), rankdata(predicted), None, "spearman").value
    return Value(value)


def _correlation(truth: Numbers, predicted: Numbers, weights: Numbers | None, name: str) -> Value:
    _require_variance(truth, name)
    if np.ptp(predicted) == 0:
        raise RunFailed(
            FailureClass.INVALID_SCORE, f"{name} is undefined: all predictions are the same"
        )
    w = np.ones(len(truth)) if weights is None else weights
    x, y = (v - np.average(v, weights=w) for v in (truth, predicted))
    # Scaled first, so that squares of very large or small numbers stay finite.
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    value = float((w * x * y).sum() / np.sqrt((w * x * x).sum() * (w * y * y).sum()))
    value = min(1.0, max(-1.0, value))
    n = len(truth)
    return Value(value, (1 - value**2) / float(np.sqrt(n - 1)) if n > 1 else None)


def _require_variance(truth: Numbers, name: str) -> None:
    if len(truth) < 2 or np.ptp(truth) == 0:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f"{name} needs labels that are not all the same"
        )
