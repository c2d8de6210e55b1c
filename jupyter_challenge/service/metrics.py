"""Numbers for Prometheus: of submissions and runs, and of the loop that follows them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jupyter_challenge.core.models import StepName, StepView
from jupyter_challenge.service.observing import Observer
from jupyter_challenge.store import submissions
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import RunRow, SubmissionRow

_WAIT = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 4 * 3_600, 24 * 3_600)
_OVERHEAD = (0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600)
_TURN = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics(Observer):
    """Counts what this process sees; of submissions by state the database is asked."""

    def __init__(self, db: Database) -> None:
        """Begin with nothing counted."""
        self.registry = CollectorRegistry()
        self.registry.register(_Submissions(db))
        self._wait = Histogram(
            "challenge_queue_wait_seconds",
            "From when a run begins to wait to its turn; one that has to make way waits again.",
            ["challenge"],
            buckets=_WAIT,
            registry=self.registry,
        )
        self._overhead = Histogram(
            "challenge_run_overhead_seconds",
            "Of a scored run, all of its time but its wait and that of the notebook itself.",
            ["challenge"],
            buckets=_OVERHEAD,
            registry=self.registry,
        )
        self._ended = Counter(
            "challenge_runs_ended",
            "Runs by how they ended: scored, cancelled, or a failure class.",
            ["challenge", "outcome"],
            registry=self.registry,
        )
        self._gpu = Counter(
            "challenge_gpu_seconds",
            "Seconds that runs held GPUs, times their number; 3600 are a GPU-hour.",
            ["challenge", "team"],
            registry=self.registry,
        )
        self._turn = Histogram(
            "challenge_loop_turn_seconds",
            "How long a turn of the loop took.",
            buckets=_TURN,
            registry=self.registry,
        )
        self._last_turn = Gauge(
            "challenge_loop_last_turn_timestamp_seconds",
            "When the loop made its last turn.",
            registry=self.registry,
        )
        self._followed = Gauge(
            "challenge_runs_followed",
            "Runs at work that this replica follows.",
            registry=self.registry,
        )

    def waited(self, run: RunRow, submission: SubmissionRow, seconds: float | None) -> None:
        """A run's turn has come."""
        super().waited(run, submission, seconds)
        if seconds is not None:
            self._wait.labels(submission.challenge_id).observe(seconds)

    def ended(
        self, run: RunRow, submission: SubmissionRow, outcome: str, ended_at: datetime, gpu: int
    ) -> None:
        """A run's end was stored."""
        super().ended(run, submission, outcome, ended_at, gpu)
        challenge = submission.challenge_id
        self._ended.labels(challenge, outcome).inc()
        notebook = _seconds(run, StepName.RUN)
        if outcome == "scored":
            whole = (ended_at - run.created_at).total_seconds()
            self._overhead.labels(challenge).observe(max(0.0, whole - run.waited - notebook))
        if gpu and run.started_at is not None:
            # A pod holds its GPUs from its first container on, whatever that does with them.
            held = _seconds(run, StepName.PREPARE) + notebook
            team = submission.team_id if submission.verifies is None else "verification"
            self._gpu.labels(challenge, team).inc(gpu * held)

    def turned(self, seconds: float, followed: int) -> None:
        """The loop made a turn."""
        self._turn.observe(seconds)
        self._last_turn.set(time.time())
        self._followed.set(followed)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)


class _Submissions(Collector):
    """Asks the database at each scrape: every replica says the same of them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def collect(self) -> Iterable[Metric]:
        found = GaugeMetricFamily(
            "challenge_submissions",
            "Submissions by state, of all replicas: take the maximum over them, not the sum.",
            labels=["challenge", "state", "is_try"],
        )
        with self._db.read() as session:
            for challenge, state, is_try, number in submissions.count_by_state(session):
                found.add_metric([challenge, state, str(is_try).lower()], number)
        yield found


def _seconds(run: RunRow, name: StepName) -> float:
    """How long a step of a run took."""
    for step in run.steps:
        view = StepView.model_validate(step)
        if view.name is name and view.started_at is not None and view.ended_at is not None:
            return max(0.0, (view.ended_at - view.started_at).total_seconds())
    return 0.0
