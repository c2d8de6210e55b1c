"""Match predictions to the test rows by id: every id exactly once, or a failure that counts."""

from __future__ import annotations

from collections import Counter

from jupyter_challenge.core.challenge import Output
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.table import Table
from jupyter_challenge.steps.metrics.rows import some


def match_rows(labels: Table, predictions: Table, output: Output) -> Table:
    """Return the predictions in the order of the labels.

    The order of the file does not matter unless the challenge says so.

    Raises:
        RunFailed: wrong_ids with counts and first examples; evaluator_error where the labels
            themselves name an id twice.
    """
    expected = set(labels.ids)
    if len(expected) != len(labels.ids):
        double = [each for each, count in Counter(labels.ids).items() if count > 1]
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f"labels name {some(double)} more than once")
    found = set(predictions.ids)
    wrong = []
    if len(found) != len(predictions.ids):
        double = [each for each, count in Counter(predictions.ids).items() if count > 1]
        wrong.append(f"{len(double)} more than once ({some(double)})")
    missing = [each for each in labels.ids if each not in found]
    if missing:
        wrong.append(f"{len(missing)} missing ({some(missing)})")
    if output.extra_ids == "error" and found - expected:
        extra = [each for each in dict.fromkeys(predictions.ids) if each not in expected]
        wrong.append(f"{len(extra)} that are not in the test data ({some(extra)})")
    if wrong:
        raise RunFailed(
            FailureClass.WRONG_IDS, f"of {len(labels)} ids in the test data: {'; '.join(wrong)}"
        )
    if output.ordered:
        given = [each for each in predictions.ids if each in expected]
        for row, (wanted, got) in enumerate(zip(labels.ids, given, strict=True), start=1):
            if wanted != got:
                raise RunFailed(
                    FailureClass.WRONG_IDS,
                    f"rows must be in the order of the test data: row {row} has {some([got])}, "
                    f"not {some([wanted])}",
                )
    at = {each: i for i, each in enumerate(predictions.ids)}
    return predictions.take([at[each] for each in labels.ids])
