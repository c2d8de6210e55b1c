"""Metrics of ranked lists: each row is an item of a list, scored by the prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import RankOptions
from jupyter_challenge.core.table import Numbers
from jupyter_challenge.steps.metrics.regression import numbers
from jupyter_challenge.steps.metrics.rows import Rows, Value, mean


def _lists(rows: Rows, options: RankOptions) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield relevance and score of each list, in the order of the lists' names."""
    truth, predicted = numbers(rows, options)
    if options.weight is not None:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "metrics of lists know no weights")
    if (truth < 0).any():
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "relevance must not be below 0")
    if options.group is None:
        yield truth, predicted
        return
    if options.group not in rows.labels.columns:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f'the labels have no column "{options.group}"'
        )
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(rows.labels.columns[options.group].classes()):
        groups.setdefault(name, []).append(i)
    for name in sorted(groups):
        yield truth[groups[name]], predicted[groups[name]]


def _relevant_in_order(truth: Numbers, predicted: Numbers) -> Numbers:
    """Return relevance by falling score; of equal scores what is irrelevant comes first.

    So a prediction that does not tell items apart earns the least that its scores allow.
    """
    return truth[np.lexsort((truth, -predicted))]


def _mean_over_lists(
    rows: Rows, options: RankOptions, of_list: Callable[[Numbers, Numbers, int | None], float]
) -> Value:
    """Average over the lists that have anything relevant."""
    values = [of_list(t, p, options.k) for t, p in _lists(rows, options) if (t > 0).any()]
    if not values:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, "no list has a relevant row")
    return mean(np.array(values))


def ndcg(rows: Rows, options: RankOptions) -> Value:
    """Normalised discounted cumulative gain; ties are averaged over, as in scikit-learn."""
    from sklearn.metrics import ndcg_score

    def of_list(truth: Numbers, predicted: Numbers, k: int | None) -> float:
        if len(truth) == 1:
            return 1.0
        return float(ndcg_score(truth[None, :], predicted[None, :], k=k))

    return _mean_over_lists(rows, options, of_list)


def mean_average_precision(rows: Rows, options: RankOptions) -> Value:
    """Mean over lists of the average precision; with k over the k best that are possible."""

    def of_list(truth: Numbers, predicted: Numbers, k: int | None) -> float:
        hits = _relevant_in_order(truth, predicted) > 0
        possible = int(hits.sum())
        hits = hits[:k]
        precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        return float(precisions[hits].sum() / min(possible, k or possible))

    return _mean_over_lists(rows, options, of_list)


def mean_reciprocal_rank(rows: Rows, options: RankOptions) -> Value:
    """Mean over lists of one over the rank of the first relevant item; 0 if not among k."""

    def of_list(truth: Numbers, predicted: Numbers, k: int | None) -> float:
        hits = np.flatnonzero(_relevant_in_order(truth, predicted)[:k] > 0)
        return 1 / (int(hits[0]) + 1) if len(hits) else 0.0

    return _mean_over_lists(rows, options, of_list)
