"""The log of a step that runs: as its pod prints it, up to a number of bytes and lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import Receipt, ReceiptKind
from jupyter_challenge.engines import handed_in, jobs
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.cluster_jobs import ClusterJobs, Ref
from jupyter_challenge.engines.handed_in import HandedIn
from jupyter_challenge.engines.jobs import ClusterSettings, job_name
from tests.small_api_server import SmallApiServer, small_api_server

REF = Ref("runs", "5d2d6c1e-0000-4000-8000-000000000000", 1)


class Nothing:
    """Nothing was handed in yet."""

    def get(self, run_id: str, attempt: int, kind: ReceiptKind) -> Receipt | None:
        return None

    def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        raise FileNotFoundError(digest)

    def path(self, digest: str) -> Path:
        raise FileNotFoundError(digest)


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    """A cluster with a pod of the run."""
    with small_api_server() as api:
        name = job_name("run", REF.run_id, REF.attempt)
        api.add("jobs", REF.namespace, {"metadata": {"name": name, "labels": dict(jobs.OWN)}})
        labels = {**jobs.OWN, "batch.kubernetes.io/job-name": name}
        api.add_pod(REF.namespace, labels, "pod")
        yield api


@pytest.fixture
def log(api: SmallApiServer, tmp_path: Path) -> HandedIn:
    settings = ClusterSettings(
        gateway_url="http://gateway:8791",
        gateway_address="10.0.0.1",
        steps_image="steps",
        notebook_image="notebook",
    )
    return HandedIn(Nothing(), ClusterJobs(ClusterApi(api.kubeconfig(tmp_path / "kube")), settings))


def test_no_more_lines_than_that(
    api: SmallApiServer, log: HandedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_in, "MOST_LINES", 3)
    printed = [b"1\n2\n"]
    api.logs["runs", "pod", "run"] = lambda: printed[0]
    first = log.log(REF, StepName.RUN, 0)
    assert (first.text, first.next, first.truncated, first.ended) == ("1\n2\n", 4, False, False)
    printed[0] += b"3\n4\n5\n"
    second = log.log(REF, StepName.RUN, first.next)
    assert (second.text, second.next, second.truncated) == ("3\n", 6, True)
    assert log.log(REF, StepName.RUN, second.next).text == ""


def test_no_more_bytes_than_that(
    api: SmallApiServer, log: HandedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_in, "LIVE_BYTES", 10)
    api.logs["runs", "pod", "run"] = lambda: b"0123456789"  # as the API server limits it
    chunk = log.log(REF, StepName.RUN, 6)
    assert (chunk.text, chunk.next, chunk.truncated) == ("6789", 10, True)


def test_what_prepare_prints_is_shown_without_its_ids(api: SmallApiServer, log: HandedIn) -> None:
    line = {"part": "prepare", "submission": "s", "message": "input/train.csv: 5 bytes"}
    api.logs["runs", "pod", jobs.PREPARE["run"]] = lambda: json.dumps(line).encode() + b"\n"
    assert log.log(REF, StepName.PREPARE, 0).text == "input/train.csv: 5 bytes\n"
