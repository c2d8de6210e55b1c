"""What can befall a platform: parts of it are killed, or removed by hand."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from tests.cluster.kfp_place import PIPELINES, STANDIN
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import NAMESPACE

DOMAIN = "challenge.jupyter.org"
CONDUCTED = "pipeline/runid"
STATES = ("queued", "prepare", "run", "evaluate")
AT_WORK = STATES[2:]
WITH_A_POD = STATES[1:]
WHEN = {"sidecar": ("run",), "step's process": WITH_A_POD, "step's pod": WITH_A_POD}
"""States at which a kind can befall a submission; at others there is nothing to kill."""
NEEDED_AT_WORK = ("gateway", "store", "database")
"""What a Job needs while it is at work: each of these dies then, whatever is drawn."""
PARTS = {*NEEDED_AT_WORK, "service", "containerd", "server", "server and database"}
"""What is there at any time, so that a kill of it never misses."""
FROM_OUTSIDE = {"output_lost", "platform_error"}
FITS = {
    **dict.fromkeys(PARTS | {"sidecar"}, FROM_OUTSIDE),
    **dict.fromkeys(("pod", "pod, politely", "Job", "namespace"), FROM_OUTSIDE | {"preempted"}),
}
"""Why an attempt may have failed, by what befell it: only who removes pods makes them make way."""


def schedule(luck: random.Random, kinds: Collection[str], kills: int) -> list[tuple[str, str]]:
    """What dies, and at which state of its submission.

    Each kind dies once at least, as far as there are kills for it.

    Args:
        luck: Who draws.
        kinds: What can befall a submission.
        kills: How many do.
    """
    needed = [kind for kind in NEEDED_AT_WORK if kind in kinds]
    others = sorted(set(kinds) - set(needed))
    at = ["run", luck.choice(AT_WORK), luck.choice(AT_WORK)]
    luck.shuffle(at)
    drawn = list(zip(needed, at, strict=False))
    more = luck.sample(others, len(others))
    while len(needed) + len(more) < kills:
        more.append(luck.choice(sorted(kinds)))
    drawn += [(kind, luck.choice(WHEN.get(kind, STATES))) for kind in more]
    drawn = drawn[:kills]
    luck.shuffle(drawn)
    return drawn


class BadLuck:
    """Kills parts of a cluster that has the platform."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def kinds(self) -> Mapping[str, Callable[[str], bool]]:
        """What can befall a submission, by name; each is given its id and says whether it did."""
        kinds: dict[str, Callable[[str], bool]] = {
            "service": lambda _: self._component("service"),
            "gateway": lambda _: self._component("gateway"),
            "database": lambda _: self._pod_of(NAMESPACE, "app=postgres", "postgres"),
            "store": lambda _: self._pod_of(NAMESPACE, "app=minio", "minio"),
            "sidecar": lambda each: self._sidecar(each),
            "pod": lambda each: self._remove(each, "pod", "--grace-period=0", "--force"),
            "pod, politely": lambda each: self._remove(each, "pod"),
            "Job": lambda each: self._remove(each, "job"),
            "namespace": lambda each: self._namespace(each),
        }
        if self._containerd is not None:
            kinds["containerd"] = lambda _: self._kill_containerd()
        return kinds

    def of_pipelines(self) -> Mapping[str, Callable[[str], bool]]:
        """What can befall the stand-in for Kubeflow Pipelines, and its pods."""
        return {
            "server": lambda _: self._pod_of(STANDIN, f"app={STANDIN}", "standin"),
            "server and database": lambda _: self._gone(STANDIN, f"app={STANDIN}"),
            "step's process": lambda _: self._pod_of(PIPELINES, CONDUCTED, "main"),
            "step's pod": lambda _: self._gone(PIPELINES, CONDUCTED),
        }

    def steps_at_work(self) -> list[str]:
        """Pods of pipelines that have not ended."""
        return [
            pod["metadata"]["name"]
            for pod in self._cluster.list("pods", "-n", PIPELINES, "-l", CONDUCTED)
            if pod["status"].get("phase") not in {"Succeeded", "Failed"}
        ]

    def _gone(self, namespace: str, selector: str) -> bool:
        """Remove pods at once."""
        now = ("--grace-period=0", "--force", "--wait=false")
        done = self._cluster.kubectl("-n", namespace, "delete", "pod", "-l", selector, *now)
        return "deleted" in done

    def _component(self, name: str) -> bool:
        return self._pod_of(NAMESPACE, f"app.kubernetes.io/component={name}", name)

    def _pod_of(self, namespace: str, selector: str, container: str) -> bool:
        """Kill the processes of a container; where that cannot be done, its pod is removed."""
        pods = self._cluster.list("pods", "-n", namespace, "-l", selector)
        killed = False
        for pod in pods:
            ids = [
                str(each.get("containerID", "")).rpartition("//")[2]
                for part in ("containerStatuses", "initContainerStatuses")
                for each in pod["status"].get(part, [])
                if each["name"] == container and "running" in each.get("state", {})
            ]
            done = [kill_container(each) for each in ids]
            if ids and not any(done):  # its processes are on another machine
                self._cluster.try_kubectl(
                    *("-n", namespace, "delete", "pod", pod["metadata"]["name"]),
                    *("--grace-period=0", "--force", "--wait=false"),
                )
            killed = killed or bool(ids)
        return killed

    def _sidecar(self, submission: str) -> bool:
        selector = f"{DOMAIN}/submission={submission}"
        return any(
            self._pod_of(pod["metadata"]["namespace"], selector, "upload")
            for pod in self._cluster.list("pods", "-A", "-l", selector)
        )

    def _remove(self, submission: str, kind: str, *options: str) -> bool:
        selector = ("-l", f"{DOMAIN}/submission={submission}")
        found = self._cluster.list(kind, "-A", *selector)
        for each in found:
            meta = each["metadata"]
            self._cluster.try_kubectl(
                *("-n", meta["namespace"], "delete", kind, meta["name"], "--wait=false"), *options
            )
        return bool(found)

    def _namespace(self, submission: str) -> bool:
        found = self._cluster.list("jobs", "-A", "-l", f"{DOMAIN}/submission={submission}")
        names = {each["metadata"]["namespace"] for each in found}
        for name in names:
            self._cluster.kubectl("delete", "namespace", name, "--wait=false")
        return bool(names)

    @property
    def _containerd(self) -> Path | None:
        """The folder of the test cluster, where this is the test cluster."""
        folder = Path(os.environ.get("CLUSTER_DIR", "/nonexistent"))
        return folder if (folder / "run" / "containerd.pid").exists() else None

    def _kill_containerd(self) -> bool:
        folder = self._containerd
        assert folder is not None
        record = folder / "run" / "containerd.pid"
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(record.read_text()), signal.SIGKILL)
        log = (folder / "logs" / "containerd.log").open("ab")
        started = subprocess.Popen(
            ["containerd", "-c", str(folder / "etc" / "containerd.toml"), "-l", "warn"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        record.write_text(f"{started.pid}\n")
        # It outlives the tests; nobody waits for it here.
        started.returncode = 0
        return True


def kill_container(id: str, number: int = signal.SIGKILL) -> bool:
    """Kill the processes of a container on this machine at once; says whether there were any.

    Args:
        id: The container's.
        number: Another signal for all of them.
    """
    killed = False
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if id and id in (folder / "cgroup").read_text():
                os.kill(int(folder.name), number)
                killed = True
    return killed
