"""Metrics of particle physics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import AmsOptions, EnergyOptions
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.regression import numbers
from jupyter_challenge.steps.metrics.rows import Rows, Value
from jupyter_challenge.steps.metrics.uncertainty import bootstrapped, linearized

_PER_BIN = 2


def ams(rows: Rows, options: AmsOptions) -> Value:
    """Approximate median significance of the selected events (HiggsML, Adam-Bourdarios 2014).

    sqrt(2 ((s + b + b_reg) ln(1 + s / (b + b_reg)) - s)), s and b being the summed weights of
    selected signal and background.
    """
    signal = rows.positive(options)
    weights = rows.label_numbers(options.weight)
    is_signal = np.array([name == signal for name in rows.truth_classes(options)])
    selected = np.array([name == signal for name in rows.one(options).classes()])
    if (weights < 0).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "event weights must not be negative")
    sums, moved = [], []
    for of_class, wanted in ((is_signal, True), (~is_signal, False)):
        chosen = selected & of_class
        part = float(weights[of_class].sum())
        scale = _scale(rows, options, part, signal, wanted)
        chosen_sum = float(weights[chosen].sum())
        sums.append(chosen_sum * scale)
        # Where the class's total is fixed, only the share of it that is selected can vary.
        share = chosen_sum / part if options.rescale and part > 0 else 0.0
        moved.append(scale * weights * (chosen - share * of_class))
    s, b = sums[0], sums[1] + options.b_reg
    if s == 0:
        return Value(0.0)
    if b == 0:
        raise RunFailed(
            FailureClass.INVALID_SCORE, "AMS is infinite: no background is selected and b_reg is 0"
        )
    value = float(np.sqrt(max(0.0, 2 * ((s + b) * np.log1p(s / b) - s))))
    by_signal, by_background = np.log1p(s / b) / value, (np.log1p(s / b) - s / b) / value
    derivative = by_signal * moved[0] + by_background * moved[1]
    return linearized(value, derivative - derivative.mean())


def _scale(rows: Rows, options: AmsOptions, part: float, signal: str, wanted: bool) -> float:
    """Return what makes a board's weights of signal or background stand for all test data.

    Args:
        rows: The board's rows.
        options: The metric's.
        part: Summed weights of the class on the board.
        signal: Name of the signal class.
        wanted: Whether the class is signal or background.
    """
    if not options.rescale or part <= 0:
        return 1.0
    weights = rows.label_numbers(options.weight, whole=True)
    names = rows.whole.columns[rows.label_column(options)].classes()
    of_class = np.array([(name == signal) is wanted for name in names])
    return float(weights[of_class].sum()) / part


def _relative(rows: Rows, options: EnergyOptions) -> tuple[Numbers, Numbers]:
    truth, predicted = numbers(rows, options)
    if (truth <= 0).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "true energies must be above 0")
    return truth, (predicted - truth) / truth


def _over_bins(
    truth: Numbers,
    relative: Numbers,
    bins: list[float] | None,
    of_bin: Callable[[Numbers], float],
    sign: bool = False,
) -> Value:
    """Compute a number for all rows, or its mean over bins of true energy.

    With `sign` the number counts without its sign, and its error is that of it with the sign.
    """

    def one(part: Numbers) -> Value:
        found = bootstrapped(of_bin(part), of_bin, part)
        return Value(abs(found.value), found.stderr) if sign else found

    if bins is None:
        return one(relative)
    edges = np.array(bins, dtype=np.float64)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "`bins` must be rising edges, two or more")
    at = np.searchsorted(edges, truth, side="right") - 1
    at[truth == edges[-1]] = len(edges) - 2
    parts = [relative[at == i] for i in range(len(edges) - 1)]
    found = [one(part) for part in parts if len(part) >= _PER_BIN]
    if not found:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "no bin has two rows or more")
    errors = [each.stderr for each in found if each.stderr is not None]
    error = float(np.sqrt(np.square(errors).sum())) / len(found)
    return Value(
        float(np.mean([each.value for each in found])), error if len(errors) == len(found) else None
    )


def energy_resolution(rows: Rows, options: EnergyOptions) -> Value:
    """Width of (predicted - true) / true: half the central 68.27 %, or the standard deviation."""
    estimator = options.estimator or "sigma68"
    if estimator not in {"sigma68", "std"}:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "`estimator` must be sigma68 or std")
    truth, relative = _relative(rows, options)

    def width(values: Numbers) -> float:
        if estimator == "std":
            return float(values.std())
        low, high = np.quantile(values, [0.15865, 0.84135])
        return float(high - low) / 2

    return _over_bins(truth, relative, options.bins, width)


def energy_bias(rows: Rows, options: EnergyOptions) -> Value:
    """Distance from zero of the median or mean of (predicted - true) / true."""
    estimator = options.estimator or "median"
    if estimator not in {"median", "mean"}:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "`estimator` must be median or mean")
    truth, relative = _relative(rows, options)

    def center(values: Numbers) -> float:
        return float(np.median(values) if estimator == "median" else values.mean())

    return _over_bins(truth, relative, options.bins, center, sign=True)
