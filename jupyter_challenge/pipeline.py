"""The pipeline as Kubeflow Pipelines sees it: prepare → run → evaluate.

The steps' bodies take nothing from KFP but the order: on one machine, what a run was given is in
`steps.context`, put there by the program around the step; on a cluster a step only asks for its
Job and follows it. So neither a path nor a notebook nor a label ever is a pipeline parameter
(kfp.local rewrites "python3" inside parameters, hands all of them over as one argument, and
evaluates conditions on outputs as code), and nothing that participant code writes can re-point an
artifact that is read. The artifacts are lineage.
"""

# No `from __future__ import annotations`: kfp reads the annotations as objects.

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.steps.lines import told

IMAGE = "python:3"
"""Only a label locally: the local runner takes components of Python images alone."""

Settle = Callable[[Any], Any]


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


def graph_of(kind: SubmissionKind, steps: tuple[Any, Any, Any], settle: Settle) -> Any:
    """Order three steps.

    Args:
        kind: What is handed in; a predictions file needs no run.
        steps: Components that prepare, run and evaluate.
        settle: Given each task of the graph, to set what is the same for all.
    """
    first, second, third = steps

    @dsl.pipeline(name="submission")
    def notebook_pipeline(run_key: str) -> None:
        """Score a notebook."""
        prepared = settle(first(run_key=run_key))
        executed = settle(second(run_key=run_key, data=prepared.outputs["data"]))
        settle(third(run_key=run_key, predictions=executed.outputs["predictions"]))

    @dsl.pipeline(name="predictions")
    def predictions_pipeline(run_key: str) -> None:
        """Score a predictions file, which needs no run."""
        prepared = settle(first(run_key=run_key))
        settle(third(run_key=run_key, predictions=prepared.outputs["data"]))

    return predictions_pipeline if kind is SubmissionKind.PREDICTIONS else notebook_pipeline


def pipeline_for(kind: SubmissionKind) -> Any:
    """Return the pipeline of a kind of submission, as one machine runs it.

    Raises:
        ValueError: That kind needs a cluster.
    """
    if kind not in {SubmissionKind.NOTEBOOK, SubmissionKind.PREDICTIONS}:
        raise ValueError(f"a submission of kind {kind.value} needs a cluster")
    return graph_of(kind, (prepare, run, evaluate), lambda task: task)


def following(
    kind: SubmissionKind, image: str, gateway: str, *, one_step: bool = False
) -> dict[str, Any]:
    """Return the pipeline of a kind of submission as a cluster runs it, as KFP's API takes it.

    Each step asks the service for its Job and follows it. Nothing is cached: the same run is never
    asked for twice.

    Args:
        kind: What is handed in.
        image: Image of the steps' pods; it has this package.
        gateway: Address of the gateway.
        one_step: Whether one task follows all of the run's steps.
    """
    from google.protobuf.json_format import MessageToDict

    steps = following_steps(image)

    def settle(task: Any) -> Any:
        task.set_caching_options(False)
        return task.set_env_variable("CHALLENGE_GATEWAY", gateway)

    if one_step:

        @dsl.pipeline(name="submission")
        def whole(run_key: str) -> None:
            """Score a submission in one task."""
            settle(steps[3](run_key=run_key))

        made: Any = whole
    else:
        made = graph_of(kind, steps[:3], settle)
    found: dict[str, Any] = MessageToDict(made.pipeline_spec)
    return found


def concerning(spec: dict[str, Any], about: Mapping[str, str | int]) -> dict[str, Any]:
    """Return a compiled pipeline whose steps say from their first line on whom it concerns.

    Args:
        spec: What `following` made; it stays as it is.
        about: Ids alone: anybody may read what a run of KFP is made of.
    """
    made = deepcopy(spec)
    for executor in made["deploymentSpec"]["executors"].values():
        executor["container"]["env"].append(told(about))
    return made


def following_steps(image: str) -> tuple[Any, Any, Any, Any]:
    """Return components that follow prepare, run, evaluate, and all of them."""

    @dsl.component(base_image=image, install_kfp_package=False)
    def prepare(run_key: str, data: Output[Dataset]) -> None:
        """Have the run's Job made, and follow it until data and submission are in place."""
        from jupyter_challenge.steps.follow import follow, note

        note(data, "the data and the submission of a run", follow("prepare", run_key))

    @dsl.component(base_image=image, install_kfp_package=False)
    def run(run_key: str, data: Input[Dataset], predictions: Output[Dataset]) -> None:
        """Follow the run's Job until it has handed in what it made."""
        from jupyter_challenge.steps.follow import follow, note

        note(predictions, "the predictions of a run", follow("run", run_key))

    @dsl.component(base_image=image, install_kfp_package=False)
    def evaluate(run_key: str, predictions: Input[Dataset], metrics: Output[Metrics]) -> None:
        """Have the evaluation's Job made, and follow it."""
        from jupyter_challenge.steps.follow import follow, note

        note(metrics, "the scores of a run", follow("evaluate", run_key), labelled=False)
        metrics.log_metric("scored", 1)

    @dsl.component(base_image=image, install_kfp_package=False)
    def all_steps(run_key: str, predictions: Output[Dataset], metrics: Output[Metrics]) -> None:
        """Have both Jobs made, one after the other, and follow them.

        Its name is not the pipeline's: KFP would read the two as one.
        """
        from jupyter_challenge.steps.follow import follow, note

        follow("prepare", run_key)
        note(predictions, "the predictions of a run", follow("run", run_key))
        note(metrics, "the scores of a run", follow("evaluate", run_key), labelled=False)
        metrics.log_metric("scored", 1)

    return prepare, run, evaluate, all_steps
