"""From Submit to the score of a trivial notebook through each engine, against floors.

The floors are pods that do nothing: a Job, a Job with an init container and a sidecar, and a
pipeline of three trivial steps on the stand-in for Kubeflow Pipelines, in one pod. A real server
takes a driver's pod and an executor's for each step; in the last rows the stand-in takes as long as
a real one was measured to take for them (`benchmarks/cluster/pace.py`).
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cluster.pace import PACE, expected
from benchmarks.cluster.timeline import Timeline
from benchmarks.timing import report
from jupyter_challenge.client import Client
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.kfp_api import KfpApi
from tests.cluster import kfp_place
from tests.cluster.kfp_pipelines import pipeline
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import NAMESPACE, Platform, deployed, forwarded
from tests.cluster.reconfigured import restarted
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

IMAGE = "jupyter-challenge/steps:test"
SIDECAR = {"init": ["true"], "sidecar": ["sleep", "600"]}
KFP = {"engine": "kfp", "kfp_endpoint": "http://kfp-standin.kfp-standin:8888"}
ENGINES: dict[str, dict[str, Any]] = {
    "KubernetesEngine": {"engine": "jobs"},
    "KfpEngine": KFP,
    "KfpEngine, one step": {**KFP, "kfp_one_step": True},
}


class Place:
    """The cluster with the platform and the stand-in on it."""

    def __init__(self, platform: Platform, folder: Path, kubeconfig: str) -> None:
        """Publish what is submitted to."""
        self.platform = platform
        self.api = ClusterApi(kubeconfig)
        self.timelines: dict[str, list[dict[str, float]]] = {}
        self._notebook = write_notebook(folder / "model.ipynb", WRITE_ALL_EVEN)
        with platform.client("olga", admin=True) as organiser:
            published = organiser.publish(write_challenge(folder / "tiny"))
        with platform.client("pia") as client:
            client.enter("tiny", published.terms_digest)

    @contextlib.contextmanager
    def engine(self, name: str) -> Iterator[Callable[[], object]]:
        """Have an engine conduct; gives what submits and waits for the score."""
        cluster = self.platform.cluster
        restarted(cluster, ENGINES[name])
        with (
            forwarded(cluster, "challenge", 8790) as url,
            Platform(cluster, url).client("pia") as client,
        ):
            client.challenge("tiny")
            yield lambda: self._scored(client, name)

    def _scored(self, client: Client, engine: str) -> None:
        began = time.perf_counter()
        with Timeline(self.api) as timeline:
            done = client.wait(client.submit(self._notebook, "tiny").id)
            seconds = time.perf_counter() - began
        if done.state.value != "scored":
            raise RuntimeError(f"{engine}: {done.failure}")
        self.timelines.setdefault(engine, []).append({**timeline.seen, "the score": seconds})

    @contextlib.contextmanager
    def job(self, **init: list[str]) -> Iterator[Callable[[], object]]:
        """A Job that does nothing."""
        yield lambda: self._job(**init)

    def _job(self, **init: list[str]) -> None:
        name = f"floor-{uuid.uuid4().hex[:8]}"
        pod = probe_pod("default", name, ["true"])["spec"]
        for each, command in init.items():
            container = {**pod["containers"][0], "name": each, "command": command}
            if each == "sidecar":
                container["restartPolicy"] = "Always"
            pod.setdefault("initContainers", []).append(container)
        manifest = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"backoffLimit": 0, "template": {"spec": pod}},
        }
        self.api.create("jobs", manifest)
        while not ((self.api.get("jobs", name, "default") or {}).get("status") or {}).get(
            "succeeded"
        ):
            time.sleep(0.05)
        self.api.delete("jobs", name, "default")

    @contextlib.contextmanager
    def stock(self) -> Iterator[Callable[[], object]]:
        """Three trivial steps on the stand-in."""
        cluster = self.platform.cluster
        with tempfile.NamedTemporaryFile("w", suffix=".token") as token:
            account = ("create", "token", "challenge-service", f"--audience={kfp_place.AUDIENCE}")
            token.write(cluster.kubectl("-n", NAMESPACE, *account))
            token.flush()
            with forwarded(cluster, kfp_place.STANDIN, 8888, kfp_place.STANDIN) as url:
                kfp = KfpApi(url, kfp_place.PIPELINES, token.name)
                experiment = kfp.experiment("floor")
                spec = pipeline("three", IMAGE)
                yield lambda: _ran(kfp, experiment, spec)

    def pace(self, pace: str) -> None:
        """Have the stand-in take its time, or not."""
        where = ("-n", kfp_place.STANDIN)
        deployment = f"deploy/{kfp_place.STANDIN}"
        self.platform.cluster.kubectl(*where, "set", "env", deployment, f"STANDIN_PACE={pace}")
        self.platform.cluster.kubectl(*where, "rollout", "status", deployment, "--timeout=90s")


def _ran(kfp: KfpApi, experiment: str, spec: dict[str, Any]) -> None:
    name = f"floor-{uuid.uuid4().hex[:8]}"
    run = kfp.create(name, experiment, spec, {"n": 3}, "challenge-step")
    while not (found := kfp.runs([run])[run]).over:
        time.sleep(0.1)
    if found.state != "SUCCEEDED":
        raise RuntimeError(f"the stock pipeline: {found.state}")


def measured(
    rivals: dict[str, Callable[[], contextlib.AbstractContextManager[Callable[[], object]]]],
    rounds: int,
    warm_up: int,
) -> dict[str, list[float]]:
    """Time each rival once a round, what it needs beforehand left out."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(warm_up + rounds):
        for name, rival in rivals.items():
            with rival() as go:
                began = time.perf_counter()
                go()
                if number >= warm_up:
                    seconds[name].append(time.perf_counter() - began)
    return seconds


def main(rounds: int) -> None:
    """Measure in turn, and say where the time of a submission goes."""
    kubeconfig = os.environ["KUBECONFIG"]
    cluster = Cluster(Path(kubeconfig))
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as name,
        kfp_place.standin(cluster),
        deployed(cluster, kfp_place.OVERLAY) as platform,
    ):
        place = Place(platform, Path(name), kubeconfig)
        seconds = measured(
            {
                "a Job": place.job,
                "a Job with init container and sidecar": lambda: place.job(**SIDECAR),
                **{each: lambda each=each: place.engine(each) for each in ENGINES},
                "the stand-in's three steps": place.stock,
            },
            rounds,
            warm_up=1,
        )
        timelines = {each: found[1:] for each, found in place.timelines.items()}
        place.pace(PACE)
        paced = measured(
            {
                "KfpEngine at a real server's pace": lambda: place.engine("KfpEngine"),
                "KfpEngine, one step, at that pace": lambda: place.engine("KfpEngine, one step"),
                "three steps at a real server's pace": place.stock,
            },
            max(1, rounds // 2),
            warm_up=0,
        )
    report(
        seconds,
        "a Job with init container and sidecar",
        {"KubernetesEngine": "at most 12 s on an idle cluster"},
    )
    report(paced, "three steps at a real server's pace", {next(iter(paced)): "at most 1.3"})
    print(
        f"\nA real server takes {expected(3):.1f} s for three steps, {expected(1):.1f} s for one."
    )
    for engine, found in timelines.items():
        print(f"\n{engine}: seconds after Submit, medians, and since the line before")
        medians = {
            what: statistics.median(each[what] for each in found if what in each)
            for what in {what for each in found for what in each}
        }
        before = 0.0
        for what, at in sorted(medians.items(), key=lambda each: each[1]):
            print(f"  {at:6.2f}  +{at - before:5.2f}  {what}")
            before = at
