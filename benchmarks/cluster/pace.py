"""What a real Kubeflow Pipelines server takes for what the stand-in has none of, as measured.

A real server makes a driver's pod for the pipeline, then for each task a driver's pod and one that
does it, and a while later its API says what the workflow is. The stand-in has one pod for all, and
waits in it instead. The figures are of a server 2.17.0 with DEFAULT_REQUEUE_TIME=100ms on the test
cluster (tests/cluster/kfp_samples/README.md); `tests/test_pace.py` reads the first three from an
answer of it, and sees that together they make the times that were measured by the clock.
"""

from __future__ import annotations

ROOT = 6.0
"""Seconds from a run's making until its first task is begun: the driver of the pipeline."""

DRIVER = 5.0
"""Seconds from a task's beginning until its own pod is made: its driver, and the way there."""

EXECUTOR = 6.0
"""Seconds from then until the next task is begun, where the task does next to nothing: its pod."""

LAG = 1.3
"""Seconds until the API says of a workflow that it has ended: 1.1 to 1.5, the persistence agent."""

PACE = f"{ROOT} {DRIVER} {EXECUTOR} {LAG}"
"""The same as the stand-in's runner takes it."""


def expected(tasks: int, *, cached: bool = False) -> float:
    """Seconds that a server is to take for tasks that do next to nothing, one after the other.

    Args:
        tasks: How many.
        cached: Whether all are answered from the cache: then there are drivers alone.
    """
    return ROOT + tasks * (DRIVER if cached else DRIVER + EXECUTOR) + LAG
