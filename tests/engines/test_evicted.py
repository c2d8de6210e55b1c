"""What becomes of a submitted image's run that a kubelet evicts, look by look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.engines.base import RunState, RunStatus
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from tests.engines.small_challenge import SmallChallenge
from tests.engines.test_couriers import NAMESPACE, Sealed, made
from tests.engines.test_jobs import SETTINGS
from tests.engines.test_judging import FULL, RUNS, UNSEEN, WELL, ended, waits
from tests.small_api_server import SmallApiServer, small_api_server


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as api:
        yield api


class Evicted:
    """A run whose program had predicted, filled its disk and was killed for it."""

    def __init__(self, api: SmallApiServer, folder: Path) -> None:
        self.sealed = Sealed()
        kubeconfig = api.kubeconfig(folder / "kube")
        self.engine = KubernetesEngine(SETTINGS, self.sealed, kubeconfig=kubeconfig)  # type: ignore[arg-type]
        image = {"kind": SubmissionKind.CONTAINER, "image": "team/model@sha256:" + 64 * "1"}
        spec = SmallChallenge(folder).spec(b"").model_copy(update=image)
        self.handle = self.engine.start(spec)
        job = made(api, "jobs")["run"]
        named = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
        meta = api.add_pod(NAMESPACE, {**job["metadata"]["labels"], **named})
        self.pod = api.objects["pods", NAMESPACE, meta["name"]]

    def seen(self, main: dict[str, Any], **status: Any) -> RunStatus:
        """The run once its pod has a status."""
        before = [{"name": "prepare", "state": ended()}, {"name": "upload", "state": RUNS}]
        self.pod["status"] = {
            "phase": "Running", **status,
            "initContainerStatuses": before,
            "containerStatuses": [{"name": "run", **main}],
        }  # fmt: skip
        self.engine._jobs._seen.forget()
        return self.engine.status(self.handle)


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
def test_it_is_told_why_however_its_pod_comes_to_say_so(
    api: SmallApiServer, tmp_path: Path, seen: bool
) -> None:
    run = Evicted(api, tmp_path)
    run.sealed.hand_in(WELL)
    killed = {"state": ended(137)}
    # What the API server may have for a moment: nothing says yet that this is an eviction.
    assert run.seen(killed).state is RunState.RUNNING
    lost = {"state": waits("PodInitializing", ""), "lastState": {"terminated": UNSEEN}}
    status = run.seen(killed if seen else lost, **FULL)

    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.DISK_FULL
    assert "exceeds the limit" in status.failure.detail


def test_who_ended_well_before_is_not_kept_waiting(api: SmallApiServer, tmp_path: Path) -> None:
    run = Evicted(api, tmp_path)
    run.sealed.hand_in(WELL)

    assert run.seen({"state": ended()}).state is RunState.RUNNING

    assert [key for key in api.objects if key[0] == "jobs" and "evaluation" in key[1]]
