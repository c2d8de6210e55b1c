"""What a step of Kubeflow Pipelines hears of its run."""

from __future__ import annotations

import pytest

from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.service.conducted import _followed
from jupyter_challenge.store.orm import RunRow, SubmissionRow, utc_now

DONE = {StepName.PREPARE: StepState.SUCCEEDED, StepName.RUN: StepState.SUCCEEDED}
ALL_DONE = {**DONE, StepName.EVALUATE: StepState.SUCCEEDED}


def heard(
    step: StepName, states: dict[StepName, StepState], run: str, submission: str, *, ended: bool
) -> tuple[bool, bool]:
    """Whether it is over for the step, and whether it went well."""
    steps = [StepView(name=name, state=states.get(name, StepState.PENDING)) for name in StepName]
    row = RunRow(
        id="r",
        attempt=1,
        state=run,
        steps=[each.model_dump(mode="json") for each in steps],
        ended_at=utc_now() if ended else None,
    )
    found = _followed(row, SubmissionRow(id="s", challenge_id="c", state=submission), step)
    assert (found.submission, found.attempt, found.challenge) == ("s", 1, "c")
    return found.over, found.well


@pytest.mark.parametrize(
    ("step", "states", "expected"),
    [
        pytest.param(StepName.PREPARE, {}, (False, False), id="not-begun"),
        pytest.param(StepName.PREPARE, DONE, (True, True), id="prepared"),
        pytest.param(StepName.RUN, {StepName.RUN: StepState.RUNNING}, (False, False), id="at-work"),
        pytest.param(StepName.RUN, {StepName.RUN: StepState.SKIPPED}, (True, True), id="skipped"),
        pytest.param(StepName.EVALUATE, ALL_DONE, (False, False), id="not-scored-yet"),
    ],
)
def test_while_its_run_goes_on(
    step: StepName, states: dict[StepName, StepState], expected: tuple[bool, bool]
) -> None:
    assert heard(step, states, "running", "running", ended=False) == expected


@pytest.mark.parametrize(
    ("step", "states", "run", "submission", "well"),
    [
        pytest.param(StepName.EVALUATE, {}, "succeeded", "scored", True, id="scored"),
        pytest.param(StepName.RUN, {}, "succeeded", "scored", True, id="scored-before-it-asked"),
        pytest.param(StepName.PREPARE, DONE, "failed", "failed", True, id="its-own-part-is-done"),
        pytest.param(StepName.RUN, {}, "failed", "failed", False, id="failed"),
        pytest.param(StepName.RUN, {}, "failed", "scored", False, id="scored-by-another-attempt"),
        pytest.param(StepName.EVALUATE, ALL_DONE, "failed", "failed", False, id="no-good-result"),
        pytest.param(StepName.RUN, {}, "cancelled", "cancelled", False, id="cancelled"),
    ],
)
def test_when_its_run_is_over(
    step: StepName, states: dict[StepName, StepState], run: str, submission: str, well: bool
) -> None:
    assert heard(step, states, run, submission, ended=True) == (True, well)
