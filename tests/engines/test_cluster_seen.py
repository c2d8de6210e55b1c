"""What happens on a cluster comes by watch: no question is asked for each run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.cluster_seen import RUN, Seen
from tests.small_api_server import SmallApiServer, small_api_server


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as api:
        yield api


@pytest.fixture
def seen(api: SmallApiServer, tmp_path: Path) -> Iterator[Seen]:
    seen = Seen(ClusterApi(api.kubeconfig(tmp_path / "kube")))
    yield seen
    seen.close()


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def add_job(api: SmallApiServer, name: str, run: str) -> dict[str, Any]:
    labels = {**jobs.OWN, RUN: run}
    return api.add("jobs", "runs", {"metadata": {"name": name, "labels": labels}})


def test_a_hundred_looks_at_a_hundred_jobs_ask_nothing(api: SmallApiServer, seen: Seen) -> None:
    woken = threading.Event()
    for number in range(100):
        add_job(api, f"job-{number}", f"run-{number}")
    seen.watch(woken.set)
    until(lambda: seen.watching)
    assert len(seen.news()) == 100
    before = api.lists
    for _ in range(100):
        assert all(seen.job("runs", f"job-{number}") for number in range(100))
    assert api.lists == before == 3  # Jobs, pods and events, once each
    woken.clear()
    add_job(api, "one-more", "run-more")
    assert woken.wait(10)
    assert seen.news() == {"run-more"}
    assert seen.job("runs", "one-more") is not None
    assert api.lists == before


def test_what_changes_and_what_goes_is_told(api: SmallApiServer, seen: Seen) -> None:
    seen.watch(lambda: None)
    until(lambda: seen.watching)
    labels = {**jobs.OWN, RUN: "r", "batch.kubernetes.io/job-name": "job"}
    pod = api.add_pod("runs", labels)
    until(lambda: seen.pod("runs", "job"))
    api.objects["pods", "runs", pod["name"]]["status"] = {"reason": "Evicted"}
    until(lambda: (seen.pod("runs", "job") or {}).get("status") == {"reason": "Evicted"})
    del api.objects["pods", "runs", pod["name"]]
    until(lambda: seen.pod("runs", "job") is None)


def test_why_a_job_has_no_pod_is_told(api: SmallApiServer, seen: Seen) -> None:
    job = add_job(api, "job", "r")
    assert seen.refusal(job) is None  # nobody watches: it has to be asked for
    woken = threading.Event()
    seen.watch(woken.set)
    until(lambda: seen.refusal(job) == "")
    until(lambda: seen.watching)
    seen.news()
    woken.clear()
    said = {"involvedObject": {"uid": job["metadata"]["uid"]}, "message": "exceeded quota"}
    api.add("events", "runs", {"metadata": {"name": "e"}, **said})
    assert woken.wait(10)
    assert seen.refusal(job) == "exceeded quota"
    assert seen.news() == {"r"}
    woken.clear()
    other = {"involvedObject": {"uid": "of-somebody-else"}, "message": "exceeded quota"}
    api.add("events", "runs", {"metadata": {"name": "f"}, **other})
    assert not woken.wait(0.5)


def test_a_version_that_is_too_old_is_listed_anew(api: SmallApiServer, seen: Seen) -> None:
    seen.watch(lambda: None)
    until(lambda: seen.watching)
    before = api.lists
    api.away = True  # ends the watches
    until(lambda: not seen.watching)
    with pytest.raises(Unavailable):
        seen.job("runs", "job")
    api.versions.clear()
    add_job(api, "job", "r")
    api.away = False
    until(lambda: seen.watching)
    assert seen.job("runs", "job") is not None
    assert api.lists >= before + 2  # Jobs and pods


def test_without_a_watch_it_is_asked_for(api: SmallApiServer, seen: Seen) -> None:
    add_job(api, "job", "r")
    assert not seen.watching
    assert seen.job("runs", "job") is not None
    assert api.lists == 2
