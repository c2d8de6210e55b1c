"""Standard errors: how far a metric would be expected to move with other rows of the same kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.rows import Value

REPLICAS = 200
_MOST_DRAWN = 100_000
_FEWEST = 5


def linearized(value: float, derivative: Numbers, weights: Numbers | None = None) -> Value:
    """Return a value with its standard error, by the delta method.

    Args:
        value: A smooth function of the rows' weights that does not change with their scale.
        derivative: Its derivative by the weight of each row.
        weights: The rows' weights, 1 where there are none.

    This is the infinitesimal jackknife (B. Efron, The Jackknife, the Bootstrap and Other
    Resampling Plans, 1982, chapter 6); for a mean it is the mean's usual standard error.
    """
    n = len(derivative)
    if n < 2:
        return Value(value)
    moved = derivative if weights is None else weights * derivative
    # The sample's variance is divided by n - 1 where `mean` does so too.
    scale = n / (n - 1) if weights is None else 1.0
    error = float(np.sqrt(scale * (moved**2).sum()))
    return Value(value, error if np.isfinite(error) else None)


def bootstrapped(value: float, of: Callable[[Numbers], float], rows: Numbers) -> Value:
    """Return a value with its standard error by drawing the rows again, always in the same way.

    For quantiles, which have no derivative (Efron 1979). Of very many rows fewer are drawn and
    the error is scaled (m out of n, Bickel, Goetze and van Zwet 1997).
    """
    n = len(rows)
    if n < _FEWEST:
        return Value(value)
    drawn = min(n, _MOST_DRAWN)
    random = np.random.Generator(np.random.PCG64(0))
    found = [of(rows[random.integers(0, n, drawn)]) for _ in range(REPLICAS)]
    error = float(np.std(found, ddof=1) * np.sqrt(drawn / n))
    return Value(value, error if np.isfinite(error) else None)
