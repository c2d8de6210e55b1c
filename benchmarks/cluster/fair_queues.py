"""500 runs of 20 teams in Kueue's queues, on 200 nodes of five kinds that KWOK pretends.

Teams hand in one after the other, all of theirs at once: first come, first served would starve the
last ones, and those of another challenge, who come after all. Nothing is admitted until all of them
have handed in, as whoever does so while others compute already is behind by that alone. The pods
are pretended too and take some seconds each; everything else is real. Kueue has to weigh GPUs in
`admissionFairSharing.resourceWeights`.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jupyter_challenge.core.compute import (
    Accelerator,
    Catalogue,
    ComputeProfile,
    Toleration,
    Vendor,
)
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines import queues
from jupyter_challenge.engines.base import RunHandle
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.cluster_jobs import Ref
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.judging import moment
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from jupyter_challenge.engines.queue_settings import queue_settings
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import MADE_BY_THE_SERVICE

KINDS = ("t4", "v100", "a100", "h100", "mig-1g")
NODES, TEAMS, RUNS, AT_ONCE = 200, 20, 500, 12
GPU = "nvidia.com/gpu"
SECONDS = 6
CHALLENGES = ("bench-of-queues", "bench-latecomer")
OF_THE_LATECOMER = ("team-18", "team-19")
COHORT = "bench"
QUEUE = f"{COHORT}-runs"
FAKE = {"kwok.x-k8s.io/node": "fake"}
TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
STARTED = (100, 300, RUNS)
LOOKS = 3
LIMIT = 1_200
MOMENTS = (0.1, 0.25, 0.5, 0.75)
"""When the teams are compared: so many of the runs are over."""
Object = Mapping[str, Any]


class Sealed:
    """Pretended pods hand nothing in."""

    def get(self, *_: Any) -> None:
        """No receipt."""
        return


def settings() -> ClusterSettings:
    """What the runs are made with: of each kind so many GPUs."""
    quota = {"cpu": "1000", "memory": "1000Gi", GPU: str(AT_ONCE)}
    profiles = [
        ComputeProfile(
            id=kind,
            name=kind,
            accelerator=Accelerator(vendor=Vendor.NVIDIA, resource=GPU, count=4),
            node_labels={"bench": kind},
            tolerations=[Toleration(key=TAINT["key"])],
            quota=quota,
        )
        for kind in KINDS
    ]
    catalogue = Catalogue(profiles=profiles)
    return ClusterSettings(
        gateway_url="http://challenge-gateway:8791",
        gateway_address="10.96.0.9",
        steps_image="pretended",
        notebook_image="pretended",
        queues=queue_settings(catalogue, {"cpu": "1", "memory": "1Gi"}, COHORT),
        catalogue=catalogue,
    )


def node(number: int) -> Object:
    """A node of one of the kinds."""
    name = f"bench-{number:03}"
    there = {"cpu": "64", "memory": "512Gi", "pods": "110", GPU: "4"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": FAKE,
            "labels": {"bench": KINDS[number % len(KINDS)], "kubernetes.io/hostname": name, **FAKE},
        },
        "spec": {"taints": [TAINT]},
        "status": {"allocatable": there, "capacity": there},
    }


def order(number: int) -> Order:
    """A run: of the first team all that it hands in, then of the second, and so on."""
    team = f"team-{number * TEAMS // RUNS:02}"
    return Order(
        run_id=str(uuid.uuid4()),
        attempt=1,
        submission_id=str(uuid.uuid4()),
        challenge_id=CHALLENGES[team in OF_THE_LATECOMER],
        team_id=team,
        kind="notebook",
        seconds=600,
        cpu=1,
        memory=1_000_000_000,
        gpu=1,
        disk=1_000_000,
        volume=1_000_000,
        output=1_000_000,
        profile=KINDS[number % len(KINDS)],
    )


@contextlib.contextmanager
def pretended(cluster: Cluster, folder: Path) -> Iterator[None]:
    """KWOK with the nodes."""
    cache = Path(os.environ.get("CLUSTER_CACHE", "~/.cache/jupyter-challenge/cluster")).expanduser()
    stages = list(yaml.safe_load_all((cache / "manifests" / "kwok-stages.yaml").read_text()))
    for stage in stages:
        if stage["metadata"]["name"] == "pod-complete":
            stage["spec"]["delay"] = {"durationMilliseconds": SECONDS * 1_000}
    config = folder / "kwok.yaml"
    config.write_text(yaml.safe_dump_all(stages))
    selector = "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"
    command = [str(cache / "bin" / "kwok"), "--kubeconfig", str(cluster.kubeconfig), selector]
    with (folder / "kwok.log").open("wb") as log:
        process = subprocess.Popen([*command, "--config", str(config)], stdout=log, stderr=log)
    try:
        cluster.apply(*(node(number) for number in range(NODES)))
        wanted = ("wait", "node", "-l", "kwok.x-k8s.io/node=fake", "--for=condition=Ready")
        cluster.kubectl(*wanted, "--timeout=120s", limit=130)
        yield
    finally:
        cluster.kubectl("delete", "node", "-l", "kwok.x-k8s.io/node=fake", limit=180)
        process.terminate()
        process.wait(30)


def jain(values: list[float]) -> float:
    """Jain's index: 1 when all are equal, 1/n when one has everything."""
    return sum(values) ** 2 / (len(values) * sum(value**2 for value in values))


def most_even(runs: int) -> float:
    """The best that Jain's index can be where so many runs of the same length are over.

    A run is whole: where they do not divide, some teams have had one more than the others.
    """
    each, more = divmod(runs, TEAMS)
    return jain([float(each + (team < more)) for team in range(TEAMS)])


def looks(engine: KubernetesEngine, handles: list[RunHandle]) -> str:
    """What it costs the service to look at so many runs anew, per run: medians of some looks."""
    clock, processor = [], []
    for _ in range(LOOKS):
        engine._jobs._seen.forget()
        began, busy = time.perf_counter(), time.process_time()
        for handle in handles:
            engine.status(handle)
        clock.append(time.perf_counter() - began)
        processor.append(time.process_time() - busy)
    mine, all = (1_000 * statistics.median(each) / len(handles) for each in (processor, clock))
    return f"{len(handles)} runs {mine:.2f} ms each of its processor, {all:.2f} ms on the clock"


def hold(cluster: Cluster, queue: str, policy: str) -> None:
    """Have nothing admitted to a queue (`Hold`), or again (`None`)."""
    said = json.dumps({"spec": {"stopPolicy": policy}})
    cluster.kubectl("patch", "clusterqueue", queue, "--type=merge", "-p", said)


def until_over(api: ClusterApi, queue: str) -> None:
    """Wait until nothing is in a queue; asking for all Jobs would slow down what is measured."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        time.sleep(2)
        with contextlib.suppress(Unavailable):  # a busy API server
            status = (api.get("clusterqueues", queue) or {}).get("status") or {}
            if not status.get("pendingWorkloads") and not status.get("reservingWorkloads"):
                return
    raise TimeoutError(f"{queue} is not empty after {LIMIT} s")


@dataclass(frozen=True)
class Stay:
    """A run on a node: whose, from when, until when."""

    team: str
    began: float
    ended: float


def in_all(api: ClusterApi, resource: str) -> list[Object]:
    """What both challenges have of a resource."""
    found = [api.all(resource, f"challenge-run-{challenge}") for challenge in CHALLENGES]
    return [each for of_one in found for each in of_one]


def stays(api: ClusterApi) -> list[Stay]:
    """All runs, by when they ended."""
    found = []
    for job in in_all(api, "jobs"):
        status = job["status"]
        began, ended = moment(status.get("startTime")), moment(status.get("completionTime"))
        if began is not None and ended is not None:
            team = job["metadata"]["labels"]["challenge.jupyter.org/team"]
            found.append(Stay(team, began.timestamp(), ended.timestamp()))
    return sorted(found, key=lambda stay: stay.ended)


def used(runs: list[Stay], until: float) -> list[float]:
    """GPU seconds of each team until a moment."""
    seconds = {f"team-{number:02}": 0.0 for number in range(TEAMS)}
    for run in runs:
        seconds[run.team] += max(0.0, min(run.ended, until) - run.began)
    return [*seconds.values()]


def right_nodes(api: ClusterApi, wanted: Mapping[str, str]) -> Counter[str]:
    """How many pods were on a node of the kind that was asked for, by kind."""
    kinds = {f"bench-{number:03}": KINDS[number % len(KINDS)] for number in range(NODES)}
    right: Counter[str] = Counter()
    for pod in in_all(api, "pods"):
        run = pod["metadata"]["labels"]["challenge.jupyter.org/run"]
        if kinds.get(pod["spec"].get("nodeName", "")) == wanted[run]:
            right[wanted[run]] += 1
    return right


def admissions(api: ClusterApi) -> list[tuple[float, str]]:
    """When each run was admitted and whose it is, in order."""
    return sorted(
        (at.timestamp(), workload["spec"]["queueName"])
        for workload in in_all(api, "workloads")
        for condition in workload["status"].get("conditions") or []
        if condition["type"] == "Admitted" and (at := moment(condition["lastTransitionTime"]))
    )


def main(rounds: int) -> None:
    """Run all of them once, whatever `rounds` says: it is long."""
    kubeconfig = os.environ["KUBECONFIG"]
    cluster, api, made = Cluster(Path(kubeconfig)), ClusterApi(kubeconfig), settings()
    assert made.queues is not None
    engine = KubernetesEngine(made, Sealed(), kubeconfig=kubeconfig)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder, pretended(cluster, Path(folder)):
        try:
            for resource, manifest in queues.installation(made.queues, made):
                api.keep(resource, manifest)
            hold(cluster, QUEUE, "Hold")
            handles, wanted, costs = [], {}, []
            began = time.perf_counter()
            for number in range(RUNS):
                each = order(number)
                ref: Ref = engine._jobs.start_run(each)
                handles.append(RunHandle(engine="kubernetes", key=ref.key))
                wanted[each.run_id] = each.profile
                if number + 1 in STARTED:
                    costs.append(looks(engine, handles))
            print(f"handed over: {RUNS / (time.perf_counter() - began):.0f} runs/s", flush=True)
            print("a look at all: " + "; ".join(costs), flush=True)
            assert admissions(api) == []
            hold(cluster, QUEUE, "None")
            until_over(api, QUEUE)
            runs = stays(api)
            assert len(runs) == RUNS, len(runs)
            at = admissions(api)
            right = right_nodes(api, wanted)
            print(f"on a node of the kind that was asked for: {right.total()} of {RUNS}")
            print(f"admitted: {len(at)}, {(len(at) - 1) / (at[-1][0] - at[0][0]):.1f}/s")
            first: dict[str, float] = {}
            for when, team in at:
                first.setdefault(team, when - at[0][0])
            last = max(first.values())
            print(f"each of {len(first)} teams had its first run admitted within {last:.0f} s")
            for share in MOMENTS:
                over = int(share * RUNS)
                teams = used(runs, runs[over - 1].ended)
                print(
                    f"{over} of the runs over: Jain's index of GPU time over {TEAMS} teams "
                    f"{jain(teams):.3f} (whole runs allow {most_even(over):.3f}), "
                    f"a team's GPU seconds {min(teams):.0f} to {max(teams):.0f}, of those whose "
                    f"challenge came last {teams[-2]:.0f} and {teams[-1]:.0f}"
                )
        finally:
            spaces = [made.run_namespace(challenge) for challenge in CHALLENGES]
            cluster.kubectl("delete", "namespace", *spaces, "--ignore-not-found", limit=300)
            kinds = "clusterqueues,cohorts,resourceflavors,workloadpriorityclasses"
            cluster.kubectl("delete", kinds, "-l", MADE_BY_THE_SERVICE, "--wait=false")
