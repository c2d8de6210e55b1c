"""Runs in the queues of a real Kueue: they wait, make way, and go on from their state."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.examples import example
from jupyter_challenge.core.models import StepName
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import EVALUATION, MADE_BY_THE_SERVICE, Deployments, Platform
from tests.cluster.test_runs import public_accuracy
from tests.tiny import write_notebook

pytestmark = pytest.mark.timeout(1200)

OVERLAY = Path(__file__).parent / "deploy_queues"
RUNS = "challenge-run-iris"
KINDS = "clusterqueues,cohorts,resourceflavors,workloadpriorityclasses"
SERVICE = "system:serviceaccount:jupyter-challenge:challenge-service"
# It waits to be interrupted once, then does what it is for.
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
PREDICTS = """
import os, pathlib
import pandas
root = pathlib.Path(os.environ["CHALLENGE_INPUT"])
test = pandas.read_csv(root / "test.csv", dtype=str)
frame = pandas.DataFrame({"id": test["id"], "species": "setosa"})
frame.to_csv(pathlib.Path(os.environ["CHALLENGE_OUTPUT"]) / "predictions.csv", index=False)
"""


def setup(cluster: Cluster, *options: str) -> list[str]:
    """What `jupyter challenge cluster setup` prints."""
    done = subprocess.run(
        ["jupyter-challenge", "cluster", "setup", *options],
        env={
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "JUPYTER_CONFIG_PATH": str(OVERLAY),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def platform(cluster: Cluster, deployments: Deployments) -> Iterator[Platform]:
    """The platform with its queues."""
    if cluster.try_kubectl("get", "crd", "clusterqueues.kueue.x-k8s.io").returncode:
        pytest.skip("needs Kueue in the cluster")
    setup(cluster)
    yield deployments.get(OVERLAY)
    deployments.close()
    cluster.kubectl("delete", KINDS, "-l", MADE_BY_THE_SERVICE, "--wait=false")


@pytest.fixture(scope="module")
def people(platform: Platform) -> Iterator[tuple[Client, Client]]:
    """Two teams of iris."""
    with platform.client("olga", admin=True) as organiser, example("iris") as source:
        published = organiser.publish(source)
    with platform.client("pia") as one, platform.client("quin") as other:
        for client in (one, other):
            client.enter("iris", published.terms_digest)
        yield one, other


def test_set_up_again_nothing_changes_and_what_was_spoilt_is_set_right(
    platform: Platform,
) -> None:
    cluster = platform.cluster
    assert [line for line in setup(cluster) if not line.endswith("as it should be")] == []

    cluster.kubectl(
        *("patch", "workloadpriorityclass", "challenge-ranked", "--type=merge"),
        *("-p", '{"value": 5}'),
    )
    changed = [line for line in setup(cluster) if not line.endswith("as it should be")]

    assert changed == ["WorkloadPriorityClass challenge-ranked: changed"]
    assert setup(cluster, "--dry-run")[0] == "apiVersion: kueue.x-k8s.io/v1beta2"


def test_a_submission_goes_through_its_queues(
    platform: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    client = people[0]
    got = client.get("iris", tmp_path / "iris")
    assert got.notebook is not None
    submitted = client.submit(got.notebook, "iris")
    jobs: dict[str, dict[str, str]] = {}

    def over() -> bool:
        for job in platform.cluster.list(
            "jobs", "-A", "-l", f"challenge.jupyter.org/submission={submitted.id}"
        ):
            jobs[job["metadata"]["namespace"]] = job["metadata"]["labels"]
        return client.submission(submitted.id).state.terminal

    platform.until(over, 500)

    assert public_accuracy(client.submission(submitted.id)) >= 0.85
    queues = {space: labels["kueue.x-k8s.io/queue-name"] for space, labels in jobs.items()}
    assert queues[RUNS].startswith("team-")
    assert queues[EVALUATION] == "evaluations"
    found = {
        (queue["metadata"]["namespace"], queue["metadata"]["name"])
        for queue in platform.cluster.list("localqueues", "-A")
    }
    assert set(queues.items()) <= found


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("create", "cohorts.kueue.x-k8s.io"),
        ("update", "resourceflavors.kueue.x-k8s.io"),
        ("delete", "clusterqueues.kueue.x-k8s.io"),
        ("update", "workloads.kueue.x-k8s.io"),
        ("update", "jobs.batch"),
    ],
)
def test_the_service_can_not_change_what_is_the_admins(
    platform: Platform, verb: str, what: str
) -> None:
    said = platform.cluster.try_kubectl("auth", "can-i", verb, what, "--as", SERVICE, "-A")
    assert said.stdout.strip() == "no"


def test_a_try_makes_way_for_a_ranked_run_and_goes_on_from_its_state(
    platform: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    pia, quin = people
    notebook = write_notebook(tmp_path / "model.ipynb", COUNTS_ITS_STARTS, PREDICTS)
    tried = pia.try_out(notebook, challenge="iris")
    platform.until(lambda: "begun I" in pia.log(tried.id, StepName.RUN).text, 300)
    assert pia.submission(tried.id).state.value == "running"

    with example("iris") as source:
        ranked = quin.submit(source / "baselines" / "stump.csv", "iris")
    platform.until(lambda: pia.submission(tried.id).interruptions == 1, 300)
    places = []

    def goes_on() -> bool:
        seen = pia.submission(tried.id)
        places.append(seen.position)
        return seen.state.value != "queued"

    platform.until(goes_on, 300)
    # Kueue tells the place a moment after it has told the run to make way.
    assert 1 in places

    assert 0.5 < public_accuracy(quin.wait(ranked.id)) < 0.9
    done = pia.wait(tried.id)

    assert done.state.value == "scored", done.failure
    assert (done.attempt, done.interruptions) == (1, 1)
    assert "begun II" in pia.log(tried.id, StepName.RUN).text
