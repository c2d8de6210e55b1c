"""Runs that may not reach the gateway: their containers' programs and couriers, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from jupyter_challenge.core.run import PodReport, Receipt, ReceiptKind, RunSpec
from jupyter_challenge.engines.couriers import COURIER
from jupyter_challenge.engines.jobs import DOMAIN
from jupyter_challenge.steps.exchange import GIVEN, MADE
from jupyter_challenge.store import challenges, receipts, submissions
from tests.steps.test_inside import SLOW, Pods, notebook, pods
from tests.tiny import WRITE_ALL_EVEN

__all__ = ["pods"]


class Carried:
    """A run's pod with neither token nor gateway, and couriers that have both."""

    def __init__(self, pods: Pods) -> None:
        self.pods = pods
        self.exchange = pods.folder / "exchange"
        self.folder = pods.folder / "run"
        for made in (self.exchange, self.exchange / GIVEN, self.exchange / MADE, self.folder):
            made.mkdir()

    def courier(self, which: str, spec: RunSpec) -> int:
        """Send a courier; how it ended."""
        token = self.pods.folder / "courier.token"
        marked = {f"{DOMAIN}/step": COURIER}
        token.write_text(self.pods.gate.token(spec, "run", labels=marked))
        return self._start(which, "--token", str(token), CHALLENGE_GATEWAY=self.pods.url).wait(SLOW)

    def pod(self, end: signal.Signals | None = None) -> None:
        """Prepare, run, upload; `end` befalls the step once it says that it has begun."""
        assert self._start("prepare").wait(SLOW) == 0
        sidecar = self._start("upload")
        step = self._start("run")
        if end is not None:
            log = self.folder / "run.log"
            while not log.exists() or "begun" not in log.read_text():
                assert step.poll() is None
            os.kill(step.pid, end)
        step.wait(SLOW)
        sidecar.send_signal(signal.SIGTERM)
        assert sidecar.wait(SLOW) == 0

    def receipt(self, spec: RunSpec) -> Receipt | None:
        with self.pods.gate.gateway.db.read() as session:
            return receipts.get(session, spec.run_id, spec.attempt, "run")

    def _start(self, step: str, *more: str, **env: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "jupyter_challenge.steps.inside", step]
        known = {name: each for name, each in os.environ.items() if name != "CHALLENGE_GATEWAY"}
        known["CHALLENGE_EXCHANGE"] = str(self.exchange)
        if step == "run":
            known |= {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        return subprocess.Popen(
            [*command, "--folder", str(self.folder), *more], env={**known, **env}
        )


@pytest.fixture
def carried(pods: Pods) -> Iterator[Carried]:
    yield Carried(pods)


def test_what_a_run_needs_and_makes_is_carried(carried: Carried) -> None:
    spec = notebook(carried.pods, "print('hello')", WRITE_ALL_EVEN)
    assert carried.courier("bring", spec) == 0

    carried.pod()

    assert carried.receipt(spec) is None  # nothing of it has reached the gateway yet
    assert carried.courier("take", spec) == 0
    receipt = carried.receipt(spec)
    assert carried.pods.report(receipt) == PodReport(ended=True)
    assert "hello" in carried.pods.content(receipt, "run.log").decode()
    executed = json.loads(carried.pods.content(receipt, "executed.ipynb"))
    assert executed["cells"][0]["outputs"][0]["text"] == "hello\n"
    scored = carried.pods.pod(spec, "evaluate")
    assert carried.pods.report(scored) == PodReport(ended=True)
    # Taken once more, by a courier that did not live to tell: it is the same.
    assert carried.courier("take", spec) in {0, 1}
    assert carried.receipt(spec) == receipt


COUNTS = """
import os, pathlib, time
begun = pathlib.Path(os.environ["CHALLENGE_STATE"]) / "begun.txt"
before = begun.read_text() if begun.exists() else ""
begun.write_text(before + "I")
print("begun", before + "I", flush=True)
while not before:
    time.sleep(0.05)
"""


def test_a_pod_that_made_way_goes_on_from_its_state(carried: Carried) -> None:
    """In the same volumes: what the first left as its output is not the run's."""
    spec = notebook(carried.pods, COUNTS, WRITE_ALL_EVEN)
    assert carried.courier("bring", spec) == 0
    carried.pod(signal.SIGKILL)

    carried.pod()

    assert carried.courier("take", spec) == 0
    receipt = carried.receipt(spec)
    assert carried.pods.report(receipt) == PodReport(ended=True)
    assert "begun II" in carried.pods.content(receipt, "run.log").decode()


def test_a_pod_that_left_nothing_is_taken_nothing_of(carried: Carried) -> None:
    spec = notebook(carried.pods, "print('hello')")
    assert carried.courier("bring", spec) == 0

    assert carried.courier("take", spec) == 0
    assert carried.receipt(spec) is None


def test_data_that_is_no_longer_there_is_said_by_the_courier(carried: Carried) -> None:
    spec = notebook(carried.pods, "print('hello')")
    stored = {"train": {"prefix": "s3://datasets", "path": "train", "files": []}}
    with carried.pods.gate.gateway.db.read() as session:  # which keeps versions
        submission = submissions.get(session, spec.submission_id)
        assert submission is not None
        version = challenges.version(session, submission.version)
        assert version is not None
        version.layout = {**version.layout, "stored": stored}

    assert carried.courier("bring", spec) == 1

    assert carried.pods.failure(carried.receipt(spec)) == "data_missing"


def test_a_courier_asks_for_its_run_and_for_no_evaluation(carried: Carried) -> None:
    """Evaluations go on asking the gateway themselves."""
    spec, marked = notebook(carried.pods, "print('hello')"), {f"{DOMAIN}/step": COURIER}

    def asked(kind: ReceiptKind) -> int:
        token = carried.pods.gate.token(spec, kind, labels=marked)
        return httpx.get(
            f"{carried.pods.url}/{kind}/spec",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ).status_code

    assert (asked("run"), asked("evaluate")) == (200, 403)
