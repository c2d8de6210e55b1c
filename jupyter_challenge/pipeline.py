"""The pipeline as Kubeflow Pipelines sees it: prepare → run → evaluate.

The steps' bodies take nothing from KFP but the order: what a run was given is in
`steps.context`, put there by the program around the step. So neither a path nor a notebook nor a
label ever is a pipeline parameter (kfp.local rewrites "python3" inside parameters, hands all of
them over as one argument, and evaluates conditions on outputs as code), and nothing that
participant code writes can re-point an artifact that is read. The artifacts are lineage.
"""

# No `from __future__ import annotations`: kfp reads the annotations as objects.

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output

from jupyter_challenge.core.challenge import SubmissionKind

IMAGE = "python:3"
"""Only a label locally: the local runner takes components of Python images alone."""


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def prepare(run_key: str, data: Output[Dataset]) -> None:
    """Put the challenge's data and the submission in place."""
    from jupyter_challenge.steps.context import current
    from jupyter_challenge.steps.prepare import prepare as step

    step(current())
    data.metadata["run"] = run_key


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def run(run_key: str, data: Input[Dataset], predictions: Output[Dataset]) -> None:
    """Execute the notebook."""
    from jupyter_challenge.steps.context import current
    from jupyter_challenge.steps.run import run as step

    step(current())
    predictions.metadata["run"] = run_key


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(run_key: str, predictions: Input[Dataset], metrics: Output[Metrics]) -> None:
    """Score the predictions."""
    from jupyter_challenge.steps.context import current
    from jupyter_challenge.steps.evaluate import evaluate as step

    for name, value in step(current()).items():
        metrics.log_metric(name, value)
    # A metrics artifact without a file is not what other tools of KFP expect.
    with open(metrics.path, "w", encoding="utf-8") as file:
        file.write(run_key)


@dsl.pipeline(name="submission")
def notebook_pipeline(run_key: str) -> None:
    """Score a notebook."""
    prepared = prepare(run_key=run_key)
    executed = run(run_key=run_key, data=prepared.outputs["data"])
    evaluate(run_key=run_key, predictions=executed.outputs["predictions"])


@dsl.pipeline(name="predictions")
def predictions_pipeline(run_key: str) -> None:
    """Score a predictions file, which needs no run."""
    prepared = prepare(run_key=run_key)
    evaluate(run_key=run_key, predictions=prepared.outputs["data"])


def pipeline_for(kind: SubmissionKind) -> Any:
    """Return the pipeline of a kind of submission.

    Raises:
        ValueError: That kind needs a cluster.
    """
    if kind is SubmissionKind.NOTEBOOK:
        return notebook_pipeline
    if kind is SubmissionKind.PREDICTIONS:
        return predictions_pipeline
    raise ValueError(f"a submission of kind {kind.value} needs a cluster")
