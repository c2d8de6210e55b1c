"""The platform on a cluster: deployed from deploy/, used over HTTP."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_challenge.client import Client, connect
from tests.cluster.kubectl import Cluster

NAMESPACE = "jupyter-challenge"
EVALUATION = "challenge-evaluation"
RUNS = "challenge-run-"
OVERLAY = Path(__file__).parent / "deploy"
MADE_BY_THE_SERVICE = "app.kubernetes.io/managed-by=jupyter-challenge"
START_LIMIT = 300


class Platform:
    """A running platform."""

    def __init__(self, cluster: Cluster, url: str) -> None:
        self.cluster = cluster
        self.url = url

    def client(self, name: str, *, admin: bool = False) -> Client:
        """A client of a new user; close it."""
        return connect(url=self.url, token=self.token(name, admin=admin))

    def token(self, name: str, *, admin: bool = False) -> str:
        """A new token of a user, new or not."""
        options = ["--admin"] if admin else []
        added = ("jupyter-challenge", "serve", "--add-user", name, "--print-token", *options)
        return self._in_service(*added).strip()

    def until(self, true: Callable[[], bool], seconds: float = 90) -> None:
        """Wait until something is true.

        Raises:
            TimeoutError: It does not get true.
        """
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"not in {seconds} s")
            time.sleep(0.5)

    def sql(self, query: str) -> list[list[str]]:
        """Ask the database, past the service."""
        script = (
            "PGPASSWORD=$(cat /secrets/password) exec /usr/lib/postgresql/*/bin/psql "
            '-h /tmp -U challenge challenge -At -F "|" -c "$1"'
        )
        said = self.cluster.kubectl(
            *("-n", NAMESPACE, "exec", "deploy/postgres", "--", "sh", "-c", script, "sh", query)
        )
        return [line.split("|") for line in said.splitlines()]

    def _in_service(self, *command: str) -> str:
        return self.cluster.kubectl(
            "-n", NAMESPACE, "exec", "deploy/challenge-service", "--", *command
        )


@contextlib.contextmanager
def deployed(cluster: Cluster, overlay: Path = OVERLAY) -> Iterator[Platform]:
    """Deploy the platform, take it away afterwards with all that it made."""
    with _installed(cluster, overlay), _reached(cluster) as platform:
        yield platform


@contextlib.contextmanager
def _installed(cluster: Cluster, overlay: Path) -> Iterator[None]:
    remove(cluster)
    cluster.kubectl("apply", "-k", str(overlay))
    try:
        yield
    finally:
        remove(cluster)


@contextlib.contextmanager
def _reached(cluster: Cluster) -> Iterator[Platform]:
    for name in ("postgres", "minio", "challenge-gateway", "challenge-service"):
        ready(cluster, name)
    with forwarded(cluster, "challenge", 8790) as url:
        yield Platform(cluster, url)


class Deployments:
    """One platform at a time: whoever asks for another overlay has the one before taken away."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._open = contextlib.ExitStack()
        self._way = contextlib.ExitStack()
        self._overlay: Path | None = None
        self._found: Platform | None = None

    def get(self, overlay: Path = OVERLAY) -> Platform:
        """The platform of an overlay."""
        if self._overlay != overlay:
            self.close()
            self._open.enter_context(_installed(self._cluster, overlay))
            self._overlay = overlay
        if self._found is None:
            self._found = self._way.enter_context(_reached(self._cluster))
        return self._found

    def let_go(self) -> None:
        """Have the next one find its own way to it: the pod that this one leads to may be gone."""
        self._found = None
        self._way.close()

    def close(self) -> None:
        """Take away what is there."""
        self.let_go()
        self._overlay = None
        self._open.close()


def ready(cluster: Cluster, deployment: str) -> None:
    """Wait until a deployment is ready.

    Raises:
        RuntimeError: It does not get ready; the message is what its pods say.
    """
    waited = cluster.try_kubectl(
        *("-n", NAMESPACE, "rollout", "status", f"deploy/{deployment}"),
        f"--timeout={START_LIMIT}s",
        limit=START_LIMIT + 10,
    )
    if waited.returncode:
        described = cluster.try_kubectl("-n", NAMESPACE, "describe", "pods").stdout
        logs = cluster.try_kubectl("-n", NAMESPACE, "logs", f"deploy/{deployment}").stdout
        raise RuntimeError(f"{deployment}: {waited.stderr}\n{described}\n{logs}")


def remove(cluster: Cluster) -> None:
    """Take the platform and every namespace of its runs away; harmless where there is none."""
    emptied(cluster, NAMESPACE)  # the service first: it would begin its runs anew
    made = [
        name
        for namespace in cluster.list("namespaces", "-l", MADE_BY_THE_SERVICE)
        if (name := namespace["metadata"]["name"]) == EVALUATION or name.startswith(RUNS)
    ]
    for name in made:
        emptied(cluster, name)
    namespaces = ("delete", "namespace", *made, "--ignore-not-found")
    if made:  # they go while all else does
        cluster.kubectl(*namespaces, "--wait=false")
    cluster.kubectl("delete", "-k", str(OVERLAY), "--ignore-not-found", limit=180)
    if made:
        cluster.kubectl(*namespaces, limit=180)


def emptied(cluster: Cluster, namespace: str) -> None:
    """End all that runs in a namespace at once.

    One that is removed with pods in it is looked at again only after half of the longest time that
    these may take to end, however soon they did.
    """
    cluster.kubectl("-n", namespace, "delete", "deployments,jobs", "--all", "--wait=false")
    end = time.monotonic() + 60
    while cluster.list("pods", "-n", namespace) and time.monotonic() < end:
        cluster.kubectl(
            *("-n", namespace, "delete", "pods", "--all"), "--grace-period=1", "--wait=false"
        )
        time.sleep(0.5)


@contextlib.contextmanager
def forwarded(
    cluster: Cluster, service: str, port: int, namespace: str = NAMESPACE, local: str = ""
) -> Iterator[str]:
    """A port of this machine through which a service is reached; any, or `local`.

    Args:
        cluster: Where it is.
        service: Its name, or `pod/NAME` for one pod.
        port: Its port.
        namespace: Its namespace.
        local: The port of this machine.
    """
    target = service if "/" in service else f"service/{service}"
    process = subprocess.Popen(
        [
            *("kubectl", "--kubeconfig", str(cluster.kubeconfig), "-n", namespace),
            *("port-forward", target, f"{local}:{port}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()  # Forwarding from 127.0.0.1:40123 -> 8790
        if not line.startswith("Forwarding from 127.0.0.1:"):
            raise RuntimeError(line + process.stdout.read())
        yield f"http://127.0.0.1:{line.split(':')[1].split()[0]}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
