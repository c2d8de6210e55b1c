"""Submit the iris starter from a real Lab to a service on the cluster, and keep what is seen.

`make screenshots-cluster` writes the pictures of its page to docs/screenshots, and what kubectl
says of that run meanwhile to docs/admins/ranked-run.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from jupyter_challenge.core.examples import example
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import EVALUATION, MADE_BY_THE_SERVICE, Platform, deployed

ROOT = Path(__file__).parents[2]
LISTINGS = ROOT / "docs" / "admins" / "ranked-run.txt"
RUNS = "challenge-run-iris"
COLUMNS = (
    "NAME:.metadata.name,INIT:.spec.initContainers[*].name,MAIN:.spec.containers[*].name,"
    "ACCOUNT:.spec.serviceAccountName,TOKEN:.spec.automountServiceAccountToken,PHASE:.status.phase"
)
COMMANDS = {
    RUNS: (
        f"get jobs,pods -n {RUNS}",
        f"get pods -n {RUNS} -o custom-columns={COLUMNS}",
        f"get networkpolicies,serviceaccounts -n {RUNS}",
    ),
    EVALUATION: (
        f"get jobs,pods -n {RUNS}",
        f"get jobs,pods -n {EVALUATION}",
    ),
}


class Listings:
    """What kubectl says while the main container of a run's and of an evaluation's pod runs."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.taken: dict[str, str] = {}

    def __enter__(self) -> Listings:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.3):
            pods = self._cluster.list("pods", "-A", "-l", MADE_BY_THE_SERVICE)
            for pod in pods:
                namespace = pod["metadata"]["namespace"]
                mains = pod["status"].get("containerStatuses") or [{}]
                if "running" in (mains[0].get("state") or {}) and namespace not in self.taken:
                    self.taken[namespace] = "\n".join(self._said(namespace))

    def _said(self, namespace: str) -> list[str]:
        return [
            f"$ kubectl {command}\n{self._cluster.kubectl(*command.split())}"
            for command in COMMANDS[namespace]
        ]


def photographed(platform: Platform, folder: Path) -> None:
    """Submit in a browser."""
    with platform.client("olga", admin=True) as organiser, example("iris") as source:
        published = organiser.publish(source)
    with platform.client("ana") as client:
        client.enter("iris", published.terms_digest)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(platform.token("ana"))
    environment = {
        **os.environ,
        "CHALLENGE_SERVICE": platform.url,
        "CHALLENGE_TOKEN_FILE": str(token),
        "UPDATE_SCREENSHOTS": "1",
    }
    command = ["jlpm", "playwright", "test", "--config", "cluster.config.js"]
    subprocess.run(command, cwd=ROOT / "ui-tests", env=environment, check=True)


def main() -> int:
    """Deploy, submit, write down."""
    cluster = Cluster(Path(os.environ["KUBECONFIG"]))
    with (
        tempfile.TemporaryDirectory(prefix="from-lab-") as folder,
        deployed(cluster) as platform,
    ):
        with Listings(cluster) as listings:
            photographed(platform, Path(folder))
            time.sleep(1)
        said = [listings.taken[namespace] for namespace in COMMANDS]
        said.append(
            f"$ kubectl auth can-i --list -n {RUNS} --as system:serviceaccount:{RUNS}:run\n"
            + cluster.kubectl(
                *("auth", "can-i", "--list", "-n", RUNS),
                *("--as", f"system:serviceaccount:{RUNS}:run"),
            )
        )
    LISTINGS.write_text("\n".join(said), encoding="utf-8")
    print(f"{LISTINGS.relative_to(ROOT)} and docs/screenshots/cluster-*.png are written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
