"""What is recorded of whatever ended a step."""

from __future__ import annotations

import errno
import os

import pytest

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.steps.context import translated


def system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (system(errno.ENOSPC), FailureClass.DISK_FULL),
        (system(errno.EDQUOT), FailureClass.DISK_FULL),
        (system(errno.EIO), FailureClass.PLATFORM_ERROR),
        (MemoryError(), FailureClass.OUT_OF_MEMORY),
        (ValueError("a surprise"), FailureClass.PLATFORM_ERROR),
    ],
    ids=["disk", "quota", "broken disk", "memory", "anything"],
)
def test_what_was_raised_has_a_class(error: Exception, kind: FailureClass) -> None:
    failure = translated(error, StepName.RUN)
    assert (failure.failure_class, failure.step) == (kind, StepName.RUN)
    assert failure.detail == f"{type(error).__name__}: {error}"


def test_a_step_that_says_why_is_taken_at_its_word() -> None:
    error = RunFailed(FailureClass.CELL_ERROR, "2 is odd", cell=3, cell_index=5)
    failure = translated(error, StepName.RUN)
    assert (failure.step, failure.cell, failure.cell_index) == (StepName.RUN, 3, 5)
    assert (failure.failure_class, failure.detail) == (FailureClass.CELL_ERROR, "2 is odd")
    error.step = StepName.EVALUATE.value
    assert translated(error, StepName.RUN).step is StepName.EVALUATE
