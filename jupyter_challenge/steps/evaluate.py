"""The evaluate step: score the collected predictions against labels that only it is given."""

from __future__ import annotations

from jupyter_challenge.steps import scoring
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import remove, replace


def evaluate(context: StepContext) -> dict[str, float]:
    """Score the predictions, write result.json, and return the public values by metric.

    Raises:
        RunFailed: Why there is no score.
    """
    folder, spec = context.folder, context.spec.evaluation
    # Participant code may have put something there; it has ended by now.
    remove(folder.result)
    result = scoring.evaluate(spec, folder.predictions / spec.output.file)
    replace(folder.result, result.model_dump_json().encode())
    public = result.boards.get("public", {})
    return {name: metric.value for name, metric in public.items()}
