"""The steps of a run as its Jobs show them, and what becomes of a status. Nothing here calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.engines import jobs, run_state
from jupyter_challenge.engines.base import RunState, RunStatus
from jupyter_challenge.engines.jobs import Order, main_of
from jupyter_challenge.engines.judging import Look

Steps = Mapping[StepName, StepView]


def step_of(look: Look, name: StepName) -> StepView:
    """How a step is, of the containers of its Job."""
    began, ended = look.times(_container(look, name))
    state = StepState.PENDING
    if name is StepName.EVALUATE and began is None:
        began = look.times(jobs.PREPARE["evaluate"])[0]
    if ended is not None and name is StepName.PREPARE:
        state = StepState.SUCCEEDED
    elif began is not None:
        state, ended = StepState.RUNNING, None
    return StepView(name=name, state=state, started_at=began, ended_at=ended)


def steps_of(run: Look, order: Order | None) -> dict[StepName, StepView]:
    """The three steps, of the run Job alone."""
    steps = {
        StepName.PREPARE: step_of(run, StepName.PREPARE),
        StepName.RUN: step_of(run, StepName.RUN),
        StepName.EVALUATE: StepView(name=StepName.EVALUATE),
    }
    if order is not None and order.kind == SubmissionKind.PREDICTIONS.value:
        steps[StepName.RUN] = StepView(name=StepName.RUN, state=StepState.SKIPPED)
    return steps


def succeeded(steps: Steps, look: Look) -> dict[StepName, StepView]:
    """The same with the steps of a Job that went well, each over when its container was.

    How long a step took must not change with every look at it, so the time of the look counts only
    where the pod is gone.
    """
    names = (StepName.PREPARE, StepName.RUN) if look.kind == "run" else (StepName.EVALUATE,)
    done = dict(steps)
    for name in names:
        if done[name].state is not StepState.SKIPPED:
            ended_at = look.times(_container(look, name))[1] or run_state.now()
            update: dict[str, Any] = {"state": StepState.SUCCEEDED, "ended_at": ended_at}
            done[name] = done[name].model_copy(update=update)
    return done


def _container(look: Look, name: StepName) -> str:
    return jobs.PREPARE["run"] if name is StepName.PREPARE else main_of(look.kind)


def failed(steps: Steps, failure: RunFailure) -> dict[StepName, StepView]:
    """The same with the step that failed."""
    done = dict(steps)
    for name, step in steps.items():
        if name is failure.step and step.state is not StepState.SKIPPED:
            update = {"state": StepState.FAILED, "ended_at": run_state.now()}
            done[name] = step.model_copy(update=update)
    return done


def running(steps: Steps) -> RunStatus:
    """The status of a run that is at work."""
    began = next((step.started_at for step in steps.values() if step.started_at), None)
    return RunStatus(state=RunState.RUNNING, steps=list(steps.values()), started_at=began)


def pending(steps: Steps, *, queued: bool = False) -> RunStatus:
    """The status of a run that has not begun, or that waits in a queue (again)."""
    return RunStatus(state=RunState.PENDING, steps=list(steps.values()), queued=queued)


def closed(steps: Steps, failure: RunFailure | None) -> RunStatus:
    """The status of a run that is over: it failed where there is a failure."""
    state = RunState.SUCCEEDED if failure is None else RunState.FAILED
    return run_state.closed(running(steps), state, failure)
