"""How long the steps of a run took, by its Jobs."""

from __future__ import annotations

from datetime import timedelta

from jupyter_challenge.core.models import StepName, StepState
from jupyter_challenge.engines.cluster_steps import step_of, steps_of, succeeded
from tests.engines.test_judging import BEGAN, RUNS, ended, look


def test_a_step_took_as_long_as_its_container() -> None:
    run = look(prepare=ended(seconds=3), main=ended(seconds=10), phase="Succeeded")

    steps = succeeded(steps_of(run, None), run)

    assert steps[StepName.PREPARE].ended_at == BEGAN + timedelta(seconds=3)
    assert steps[StepName.RUN].ended_at == BEGAN + timedelta(seconds=10)
    assert steps[StepName.EVALUATE].state is StepState.PENDING
    evaluation = look("evaluate", prepare=ended(), main=ended(seconds=4), phase="Succeeded")
    scored = {**steps, StepName.EVALUATE: step_of(evaluation, StepName.EVALUATE)}
    done = succeeded(scored, evaluation)[StepName.EVALUATE]
    assert (done.state, done.ended_at) == (StepState.SUCCEEDED, BEGAN + timedelta(seconds=4))


def test_a_step_is_not_over_before_its_output_is_handed_in() -> None:
    leaving = look(prepare=ended(seconds=3), main=ended(seconds=10))

    step = step_of(leaving, StepName.RUN)

    assert (step.state, step.ended_at) == (StepState.RUNNING, None)
    assert step_of(look(prepare=RUNS), StepName.RUN).state is StepState.PENDING
