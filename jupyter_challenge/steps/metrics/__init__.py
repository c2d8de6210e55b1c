"""Compute the built-in metrics that `core.metrics` names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import ValidationError

from jupyter_challenge.core.challenge import MetricSpec
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import UnknownMetric, options_of
from jupyter_challenge.steps.metrics import (
    classification,
    lists,
    physics,
    probabilistic,
    regression,
)
from jupyter_challenge.steps.metrics.rows import Rows, Value

__all__ = ["FUNCTIONS", "Rows", "Value", "compute"]

FUNCTIONS: dict[str, Callable[[Rows, Any], Value]] = {
    "accuracy": classification.accuracy,
    "balanced_accuracy": classification.balanced_accuracy,
    "f1": classification.f1,
    "precision": classification.precision,
    "recall": classification.recall,
    "jaccard": classification.jaccard,
    "dice": classification.dice,
    "matthews_corrcoef": classification.matthews_corrcoef,
    "cohen_kappa": classification.cohen_kappa,
    "roc_auc": probabilistic.roc_auc,
    "average_precision": probabilistic.average_precision,
    "log_loss": probabilistic.log_loss,
    "brier": probabilistic.brier,
    "expected_calibration_error": probabilistic.expected_calibration_error,
    "top_k_accuracy": probabilistic.top_k_accuracy,
    "crps_gaussian": probabilistic.crps_gaussian,
    "gaussian_nll": probabilistic.gaussian_nll,
    "rmse": regression.rmse,
    "mse": regression.mse,
    "mae": regression.mae,
    "mape": regression.mape,
    "median_absolute_error": regression.median_absolute_error,
    "rmsle": regression.rmsle,
    "r2": regression.r2,
    "pinball_loss": regression.pinball_loss,
    "pearson": regression.pearson,
    "spearman": regression.spearman,
    "ndcg": lists.ndcg,
    "map": lists.mean_average_precision,
    "mrr": lists.mean_reciprocal_rank,
    "ams": physics.ams,
    "energy_resolution": physics.energy_resolution,
    "energy_bias": physics.energy_bias,
}


def compute(spec: MetricSpec, rows: Rows) -> Value:
    """Compute a built-in metric on the rows of one board.

    Raises:
        RunFailed: bad_format or invalid_score where the predictions do not suit the metric,
            evaluator_error where labels or options do not.
    """
    try:
        options = options_of(spec)
    except (UnknownMetric, ValidationError) as error:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, str(error)) from error
    # Predictions may be as large as floats go; what overflows is refused as not finite.
    with np.errstate(all="ignore"):
        return FUNCTIONS[spec.name](rows, options)
