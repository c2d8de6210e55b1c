"""Built-in metrics: name, direction, bounds, options and needs; `steps` computes them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_challenge.core.challenge import Direction, MetricSpec

Bounds = tuple[float | None, float | None]


class Needs(str, Enum):
    """What the predictions must be for a metric."""

    CLASSES = "classes"
    PROBABILITIES = "probabilities"
    NUMBERS = "numbers"
    MEAN_AND_SIGMA = "mean_and_sigma"
    RELEVANCE = "relevance"


class Options(BaseModel):
    """Options of every built-in metric: which columns it reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str | None = Field(
        default=None,
        description="Column of the labels; the one named as the prediction, or the only one.",
    )
    prediction: str | list[str] | None = Field(
        default=None, description="Column or columns of the predictions; all when left out."
    )
    weight: str | None = Field(default=None, description="Column of the labels with row weights.")


class AverageOptions(Options):
    """For metrics of classes that are computed per class."""

    average: Literal["auto", "binary", "macro", "micro", "weighted"] = Field(
        default="auto", description="auto: binary where there are two classes, else macro."
    )
    positive: str | int | float | bool | None = Field(
        default=None, description="Class that counts as positive; the last in order if left out."
    )


class BinaryOptions(Options):
    """For metrics of one probability or score."""

    positive: str | int | float | bool | None = Field(
        default=None, description="Class that counts as positive; the last in order if left out."
    )


class KappaOptions(Options):
    """For Cohen's kappa."""

    weights: Literal["none", "linear", "quadratic"] = Field(
        default="none", description="How much more a class that is further away counts."
    )


class LogLossOptions(BinaryOptions):
    """For log loss."""

    clip: float = Field(
        default=1e-6, gt=0, lt=0.5, description="Probabilities are kept this far from 0 and 1."
    )


class CalibrationOptions(BinaryOptions):
    """For the calibration error."""

    bins: int = Field(default=10, ge=1, le=1000, description="Bins of equal width.")


class TopKOptions(Options):
    """For accuracy among the k most probable classes."""

    k: int = Field(default=5, ge=1, description="So many of the most probable classes.")


class QuantileOptions(Options):
    """For the pinball loss."""

    alpha: float = Field(default=0.5, gt=0, lt=1, description="Quantile that is predicted.")


class RankOptions(Options):
    """For metrics of ranked lists."""

    group: str | None = Field(
        default=None, description="Column of the labels that names the list; one list if left out."
    )
    k: int | None = Field(
        default=None, ge=1, description="Only the first k count; all if left out."
    )


class AmsOptions(BinaryOptions):
    """For the approximate median significance; `weight` is required."""

    weight: str = Field(description="Column of the labels with event weights.")
    b_reg: float = Field(default=10.0, ge=0, description="Regularisation added to the background.")
    rescale: bool = Field(
        default=True,
        description="Scale weights of a board's part up to the whole test data, class by class.",
    )


class EnergyOptions(Options):
    """For metrics of reconstructed energies."""

    estimator: Literal["sigma68", "std", "median", "mean"] | None = Field(
        default=None, description="sigma68 or std for the resolution, median or mean for the bias."
    )
    bins: list[float] | None = Field(
        default=None, description="Edges in true energy; the metric is the mean over the bins."
    )


@dataclass(frozen=True)
class Metric:
    """A built-in metric.

    Attributes:
        name: As written in `challenge.yaml`.
        title: As written for people.
        direction: Which way is better.
        bounds: Lowest and highest possible value; None is unbounded.
        needs: What the predictions must be.
        options: Model of its options.
        family: classification, probabilistic, regression, ranking or physics.
        summary: What it measures, in one sentence.
    """

    name: str
    title: str
    direction: Direction
    bounds: Bounds
    needs: Needs
    options: type[Options]
    family: str
    summary: str


_UP, _DOWN = Direction.MAXIMIZE, Direction.MINIMIZE
_UNIT: Bounds = (0.0, 1.0)
_SIGNED: Bounds = (-1.0, 1.0)
_POSITIVE: Bounds = (0.0, None)
_C, _P, _N, _R = Needs.CLASSES, Needs.PROBABILITIES, Needs.NUMBERS, Needs.RELEVANCE
_G = Needs.MEAN_AND_SIGMA

_ROWS: list[tuple[str, str, Direction, Bounds, Needs, type[Options], str, str]] = [
    ("accuracy", "Accuracy", _UP, _UNIT, _C, Options, "classification",
     "Share of rows whose class is right."),
    ("balanced_accuracy", "Balanced accuracy", _UP, _UNIT, _C, Options, "classification",
     "Mean over the classes of the share of their rows that is right."),
    ("f1", "F1", _UP, _UNIT, _C, AverageOptions, "classification",
     "Harmonic mean of precision and recall."),
    ("precision", "Precision", _UP, _UNIT, _C, AverageOptions, "classification",
     "Share of what was predicted as a class that is of it."),
    ("recall", "Recall", _UP, _UNIT, _C, AverageOptions, "classification",
     "Share of a class that was predicted as such."),
    ("jaccard", "Jaccard", _UP, _UNIT, _C, AverageOptions, "classification",
     "Intersection over union of predicted and true members of a class."),
    ("dice", "Dice", _UP, _UNIT, _C, AverageOptions, "classification",
     "Twice the intersection over the sum of predicted and true members; 1 if both are empty."),
    ("matthews_corrcoef", "Matthews correlation", _UP, _SIGNED, _C, Options, "classification",
     "Correlation of predicted and true classes."),
    ("cohen_kappa", "Cohen's kappa", _UP, _SIGNED, _C, KappaOptions, "classification",
     "Agreement beyond chance."),
    ("roc_auc", "ROC AUC", _UP, _UNIT, _P, BinaryOptions, "probabilistic",
     "Chance that a positive row gets a higher score than a negative one; several classes: "
     "one against the rest, mean."),
    ("average_precision", "Average precision", _UP, _UNIT, _P, BinaryOptions, "probabilistic",
     "Area under precision over recall; several classes: one against the rest, mean."),
    ("log_loss", "Log loss", _DOWN, _POSITIVE, _P, LogLossOptions, "probabilistic",
     "Mean negative logarithm of the probability given to the true class."),
    ("brier", "Brier score", _DOWN, (0.0, 2.0), _P, BinaryOptions, "probabilistic",
     "Mean squared error of probabilities; several classes: summed over them."),
    ("expected_calibration_error", "Calibration error", _DOWN, _UNIT, _P, CalibrationOptions,
     "probabilistic", "Mean distance of confidence and accuracy over bins of confidence."),
    ("top_k_accuracy", "Top-k accuracy", _UP, _UNIT, _P, TopKOptions, "probabilistic",
     "Share of rows whose class is among the k most probable."),
    ("rmse", "RMSE", _DOWN, _POSITIVE, _N, Options, "regression",
     "Root of the mean squared error."),
    ("mse", "MSE", _DOWN, _POSITIVE, _N, Options, "regression", "Mean squared error."),
    ("mae", "MAE", _DOWN, _POSITIVE, _N, Options, "regression", "Mean absolute error."),
    ("mape", "MAPE", _DOWN, _POSITIVE, _N, Options, "regression",
     "Mean absolute error relative to the true value."),
    ("median_absolute_error", "Median absolute error", _DOWN, _POSITIVE, _N, Options,
     "regression", "Median of the absolute errors."),
    ("rmsle", "RMSLE", _DOWN, _POSITIVE, _N, Options, "regression",
     "Root of the mean squared error of log(1 + value)."),
    ("r2", "R²", _UP, (None, 1.0), _N, Options, "regression", "Share of the variance explained."),
    ("pinball_loss", "Pinball loss", _DOWN, _POSITIVE, _N, QuantileOptions, "regression",
     "Loss of a predicted quantile."),
    ("pearson", "Pearson correlation", _UP, _SIGNED, _N, Options, "regression",
     "Linear correlation of predicted and true values."),
    ("spearman", "Spearman correlation", _UP, _SIGNED, _N, Options, "regression",
     "Correlation of the ranks of predicted and true values."),
    ("crps_gaussian", "CRPS", _DOWN, _POSITIVE, _G, Options, "probabilistic",
     "Continuous ranked probability score of a normal distribution: columns mean and sigma."),
    ("gaussian_nll", "Gaussian NLL", _DOWN, (None, None), _G, Options, "probabilistic",
     "Mean negative log density of a normal distribution: columns mean and sigma."),
    ("ndcg", "NDCG", _UP, _UNIT, _R, RankOptions, "ranking",
     "Normalised discounted cumulative gain, mean over lists; labels hold the relevance."),
    ("map", "MAP", _UP, _UNIT, _R, RankOptions, "ranking",
     "Mean over lists of the average precision; labels above 0 are relevant."),
    ("mrr", "MRR", _UP, _UNIT, _R, RankOptions, "ranking",
     "Mean over lists of one over the rank of the first relevant row."),
    ("ams", "AMS", _UP, _POSITIVE, _C, AmsOptions, "physics",
     "Approximate median significance of the events selected as signal."),
    ("energy_resolution", "Energy resolution", _DOWN, _POSITIVE, _N, EnergyOptions, "physics",
     "Width of (predicted - true) / true."),
    ("energy_bias", "Energy bias", _DOWN, _POSITIVE, _N, EnergyOptions, "physics",
     "Distance from zero of the centre of (predicted - true) / true."),
]  # fmt: skip

METRICS: dict[str, Metric] = {row[0]: Metric(*row) for row in _ROWS}
"""Built-in metrics by name."""


class UnknownMetric(ValueError):
    """There is no built-in metric of that name; the message names the nearest."""


def metric(name: str) -> Metric:
    """Find a built-in metric.

    Raises:
        UnknownMetric: There is none of that name.
    """
    found = METRICS.get(name)
    if found is None:
        near = difflib.get_close_matches(name, METRICS, n=1)
        also = f'; did you mean "{near[0]}"?' if near else ""
        raise UnknownMetric(f'there is no built-in metric "{name}"{also}')
    return found


def options_of(spec: MetricSpec) -> Any:
    """Read the options of a built-in metric, as the metric's own model of options.

    Raises:
        UnknownMetric: There is no metric of that name.
        ValidationError: pydantic's, when an option is unknown or wrong.
    """
    return metric(spec.name).options.model_validate(spec.options)


def direction_of(spec: MetricSpec) -> Direction:
    """Which way is better: as declared, else as the built-in metric knows, else up."""
    if spec.direction is not None:
        return spec.direction
    found = METRICS.get(spec.name)
    return found.direction if found else Direction.MAXIMIZE


def bounds_of(spec: MetricSpec, *, built_in: bool = True) -> Bounds:
    """Lowest and highest possible value: as declared, else as the built-in metric knows."""
    if spec.bounds is not None:
        return spec.bounds
    found = METRICS.get(spec.name) if built_in else None
    return found.bounds if found else (None, None)


def title_of(spec: MetricSpec) -> str:
    """What the column is called: as declared, else as the built-in metric is called."""
    found = METRICS.get(spec.name)
    return spec.title or (found.title if found else spec.label)


def truth_column(
    label_columns: Sequence[str], predicted: Sequence[str], options: Options
) -> str | None:
    """Tell which column of the labels is the truth; None where it cannot be told.

    Args:
        label_columns: Columns of the labels besides the id.
        predicted: Prediction columns that the metric reads.
        options: The metric's.
    """
    if options.label is not None:
        return options.label if options.label in label_columns else None
    group = options.group if isinstance(options, RankOptions) else None
    others = [column for column in label_columns if column not in {options.weight, group}]
    if len(predicted) == 1 and predicted[0] in others:
        return predicted[0]
    return others[0] if len(others) == 1 else None


def class_order(name: str) -> tuple[int, float, str]:
    """Sort classes: numbers by size, before texts by name."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def class_of_column(column: str, classes: Sequence[str]) -> str | None:
    """Tell which class a prediction column is named after, alone or behind an underscore."""
    if column in classes:
        return column
    ends = [name for name in classes if column.endswith(f"_{name}")]
    return max(ends, key=len) if ends else None


__all__ = [
    "METRICS",
    "Bounds",
    "Metric",
    "Needs",
    "Options",
    "UnknownMetric",
    "ValidationError",
    "bounds_of",
    "class_of_column",
    "class_order",
    "direction_of",
    "metric",
    "options_of",
    "title_of",
    "truth_column",
]
