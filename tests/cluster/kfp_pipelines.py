"""Small pipelines for a Kubeflow Pipelines server."""

# No `from __future__ import annotations`: kfp reads the annotations as objects.

from typing import Any

from google.protobuf.json_format import MessageToDict
from kfp import dsl

RESULT = 0.271828182


def pipeline(name: str, image: str, seconds: int = 0, *, cached: bool = False) -> dict[str, Any]:
    """A compiled pipeline: `three` steps, one that `sleeps`, one that `fails`, `second_fails`.

    Args:
        name: Which of them.
        image: Image of its steps.
        seconds: How long the one sleeps.
        cached: Whether KFP may answer its tasks from what equal ones made.
    """

    @dsl.component(base_image=image, install_kfp_package=False)
    def prepare(n: int, data: dsl.Output[dsl.Dataset]) -> None:
        with open(data.path, "w") as file:
            file.write(str(n))
        data.metadata["rows"] = n

    @dsl.component(base_image=image, install_kfp_package=False)
    def run(data: dsl.Input[dsl.Dataset], predictions: dsl.Output[dsl.Dataset]) -> None:
        with open(predictions.path, "w") as file:
            file.write(str(int(data.metadata["rows"])))

    @dsl.component(base_image=image, install_kfp_package=False)
    def evaluate(
        predictions: dsl.Input[dsl.Dataset], result: float, metrics: dsl.Output[dsl.Metrics]
    ) -> float:
        metrics.log_metric("accuracy", result)
        with open(predictions.path) as file:
            return result + float(file.read())

    @dsl.component(base_image=image, install_kfp_package=False)
    def sleep(seconds: int) -> None:
        import time

        time.sleep(seconds)

    @dsl.component(base_image=image, install_kfp_package=False)
    def fail() -> None:
        raise ValueError("on purpose")

    @dsl.component(base_image=image, install_kfp_package=False)
    def refuse(data: dsl.Input[dsl.Dataset]) -> None:
        raise ValueError("on purpose")

    def settled(task: Any) -> Any:
        return task.set_caching_options(cached)

    @dsl.pipeline(name="three")
    def three(n: int) -> None:
        prepared = settled(prepare(n=n))
        executed = settled(run(data=prepared.outputs["data"]))
        settled(evaluate(predictions=executed.outputs["predictions"], result=RESULT))

    @dsl.pipeline(name="sleeps")
    def sleeps(n: int) -> None:
        settled(sleep(seconds=seconds))

    @dsl.pipeline(name="fails")
    def fails(n: int) -> None:
        settled(fail())

    @dsl.pipeline(name="second-fails")
    def second_fails(n: int) -> None:
        prepared = settled(prepare(n=n))
        settled(refuse(data=prepared.outputs["data"]))

    made = {"three": three, "sleeps": sleeps, "fails": fails, "second_fails": second_fails}[name]
    found: dict[str, Any] = MessageToDict(made.pipeline_spec)
    return found
