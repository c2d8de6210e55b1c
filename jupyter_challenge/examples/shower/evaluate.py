"""How showers are scored: weighted means with their standard errors.

An example of an evaluation of one's own. The service calls `evaluate` once for each board.
"""

from math import erf, pi, sqrt

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed

ONE_SIGMA = erf(1 / sqrt(2))  # 0.6827
REPLICAS = 200


def evaluate(labels, predictions):
    """Score energies and their uncertainties.

    Both arguments are pandas data frames with the same ids in the same rows: `labels` has the
    columns energy and weight, `predictions` has energy and sigma.
    """
    truth, weight = labels["energy"].to_numpy(), labels["weight"].to_numpy()
    energy, sigma = numbers(predictions, "energy"), numbers(predictions, "sigma")
    refuse(predictions["id"], sigma <= 0, '"sigma" must be above 0')

    losses = crps(truth, energy, sigma) / truth
    score, error = weighted_mean(losses, weight)
    inside, inside_error = weighted_mean(np.abs(energy - truth) <= sigma, weight)
    relative = (energy - truth) / truth
    return {
        # per_sample is for the organiser alone.
        "relative_crps": {"value": score, "stderr": error, "per_sample": losses.tolist()},
        "resolution": {
            "value": half_width(relative, weight),
            "stderr": bootstrap(half_width, relative, weight),
        },
        "coverage_error": {"value": abs(inside - ONE_SIGMA), "stderr": inside_error},
    }


def numbers(predictions, name):
    """Return a column as numbers, or tell the participant what is wrong with it."""
    values = predictions[name].to_numpy()
    if values.dtype.kind != "f":
        raise RunFailed(FailureClass.BAD_FORMAT, f'the column "{name}" must hold numbers only')
    refuse(predictions["id"], ~np.isfinite(values), f'"{name}" must be a finite number')
    return values


def refuse(ids, wrong, what):
    """Tell the participant in how many rows something is wrong, and in which first."""
    if wrong.any():
        count, first = int(wrong.sum()), ids[wrong].iloc[0]
        raise RunFailed(
            FailureClass.INVALID_SCORE,
            f"{what}; in {count} of {len(ids)} rows it is not, the first is id {first}",
        )


def crps(truth, mean, sigma):
    """Continuous ranked probability score of normal distributions, in GeV.

    Closed form of Gneiting and Raftery (2007), equation 21.
    """
    z = (truth - mean) / sigma
    below = np.array([(1 + erf(each / sqrt(2))) / 2 for each in z])
    density = np.exp(-(z**2) / 2) / sqrt(2 * pi)
    return sigma * (z * (2 * below - 1) + 2 * density - 1 / sqrt(pi))


def weighted_mean(values, weight):
    """Return the weighted mean and its standard error, that of a ratio of two sums."""
    total = weight.sum()
    mean = float((weight * values).sum() / total)
    return mean, float(np.sqrt((weight**2 * (values - mean) ** 2).sum()) / total)


def half_width(values, weight):
    """Return half the width of the middle 68.27 %, each value counting by its weight."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order]) - weight[order] / 2
    low, high = np.interp(
        np.array([1 - ONE_SIGMA, 1 + ONE_SIGMA]) / 2 * weight.sum(), below, values[order]
    )
    return float(high - low) / 2


def bootstrap(function, values, weight):
    """Return the standard error of a number by drawing the rows again, always in the same way."""
    random = np.random.Generator(np.random.PCG64(len(values)))
    count = len(values)
    found = []
    for _ in range(REPLICAS):
        rows = random.integers(0, count, count)
        found.append(function(values[rows], weight[rows]))
    return float(np.std(found, ddof=1))
