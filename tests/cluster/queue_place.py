"""The queues of the tests' platform, set up as its admin does."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.kubectl import Cluster
from tests.cluster.platform import MADE_BY_THE_SERVICE

OVERLAY = Path(__file__).parent / "deploy_queues"
KINDS = "clusterqueues,cohorts,resourceflavors,workloadpriorityclasses"
# It waits to be interrupted once, then goes on.
COUNTS_ITS_STARTS = """
import os, pathlib, time
begun = pathlib.Path(os.environ["CHALLENGE_STATE"]) / "deep" / "begun.txt"
begun.parent.mkdir(exist_ok=True)
before = begun.read_text() if begun.exists() else ""
begun.write_text(before + "I")
print("begun", before + "I", flush=True)
while not before:
    time.sleep(0.1)
"""


def setup(cluster: Cluster, *options: str) -> list[str]:
    """What `jupyter challenge cluster setup` prints."""
    return done_by_admin(cluster, *options).stdout.splitlines()


def done_by_admin(cluster: Cluster, *options: str) -> subprocess.CompletedProcess[str]:
    """`jupyter challenge cluster setup`, as it was done."""
    done = subprocess.run(
        ["jupyter-challenge", "cluster", "setup", *options],
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@contextlib.contextmanager
def queues(cluster: Cluster, folder: Path) -> Iterator[None]:
    """The queues of the overlay's catalogue; what is typed meanwhile has the service's settings.

    Args:
        cluster: Where Kueue is, else the test is skipped.
        folder: An empty one, for the settings of where the admin types.
    """
    if cluster.try_kubectl("get", "crd", "clusterqueues.kueue.x-k8s.io").returncode:
        pytest.skip("needs Kueue in the cluster")
    name = "jupyter_challenge_config.json"
    # The catalogue is in another folder there.
    said = (OVERLAY / name).read_text().replace("/etc/challenge", str(OVERLAY))
    (folder / name).write_text(said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_PATH", str(folder))
        setup(cluster)
        try:
            yield
        finally:
            cluster.kubectl("delete", KINDS, "-l", MADE_BY_THE_SERVICE, "--wait=false")
