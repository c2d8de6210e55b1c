"""The pace that benchmarks give the stand-in for Kubeflow Pipelines is that of a real server."""

from __future__ import annotations

import statistics
from datetime import datetime

import pytest

from benchmarks.cluster import pace
from tests.cluster.kfp_shapes import sample

TASKS = ("prepare", "run", "evaluate")


def seconds(name: str) -> dict[str, float]:
    """When each node of an answer began, after its run was made; of executors, by their task."""
    said = sample(name)

    def at(text: str) -> float:
        return (moment(text) - moment(said["created_at"])).total_seconds()

    found = {"end": at(said["finished_at"])}
    for task in said["run_details"]["task_details"]:
        if task["display_name"] != "executor":
            found[task["display_name"]] = at(task["start_time"])
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_each_wait_is_that_of_a_real_servers_answer() -> None:
    began = seconds("get_run.SUCCEEDED-without-retry-nodes")
    drivers = [began[task] - began[f"{task}-driver"] for task in TASKS]
    after = [began["run-driver"], began["evaluate-driver"], began["end"]]
    executors = [then - began[task] for task, then in zip(TASKS, after, strict=True)]

    assert began["prepare-driver"] == pace.ROOT
    assert statistics.mean(drivers) == pace.DRIVER
    assert statistics.mean(executors) == pace.EXECUTOR


@pytest.mark.parametrize(
    ("expected", "least", "most"),
    [
        pytest.param(pace.expected(3), 40, 47, id="three-steps"),
        pytest.param(pace.expected(1), 18, 19, id="one-step"),
        pytest.param(pace.expected(3, cached=True), 22, 25, id="three-steps-cached"),
    ],
)
def test_together_they_make_what_was_measured_by_the_clock(
    expected: float, least: float, most: float
) -> None:
    assert least <= expected <= most


def test_the_answers_that_were_cached_took_drivers_alone() -> None:
    began = seconds("get_run.SUCCEEDED-cached")
    assert began["end"] + pace.LAG == pytest.approx(pace.expected(3, cached=True), abs=2)
