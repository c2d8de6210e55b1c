"""Runs in the queues of a real Kueue: they wait, make way, and go on from their state."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.examples import example
from jupyter_challenge.core.models import StepName
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import EVALUATION, Deployments, Platform
from tests.cluster.queue_place import COUNTS_ITS_STARTS, OVERLAY, done_by_admin, queues, setup
from tests.cluster.test_runs import public_accuracy
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook, write_predictions

pytestmark = pytest.mark.timeout(1200)

RUNS = "challenge-run-iris"
SERVICE = "system:serviceaccount:jupyter-challenge:challenge-service"
PREDICTS = """
import os, pathlib
import pandas
root = pathlib.Path(os.environ["CHALLENGE_INPUT"])
test = pandas.read_csv(root / "test.csv", dtype=str)
frame = pandas.DataFrame({"id": test["id"], "species": "setosa"})
frame.to_csv(pathlib.Path(os.environ["CHALLENGE_OUTPUT"]) / "predictions.csv", index=False)
"""


@pytest.fixture(scope="module")
def platform(
    cluster: Cluster, deployments: Deployments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """The platform with its queues, of the profiles of a catalogue."""
    with queues(cluster, tmp_path_factory.mktemp("config")):
        yield deployments.get(OVERLAY)
        deployments.close()


@contextlib.contextmanager
def played(platform: Platform, folder: Path, who: str, id: str, **changes: Any) -> Iterator[Client]:
    """Somebody who entered a small challenge of that id."""
    phases = [{"id": "main", "ranked": True, "feedback": "full"}]
    limits = {"time": "2 min", "memory": "600 MB", "disk": "20 MB", **changes.pop("limits")}
    made = write_challenge(folder, id=id, title=id, phases=phases, limits=limits, **changes)
    with platform.client("olga", admin=True) as organiser, platform.client(who) as client:
        client.enter(id, organiser.publish(made).terms_digest)
        yield client


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
    spoilt = cluster.get("workloadpriorityclass", "challenge-ranked", "default")

    assert setup(cluster, "--dry-run")[0] == "apiVersion: kueue.x-k8s.io/v1beta2"
    assert cluster.get("workloadpriorityclass", "challenge-ranked", "default") == spoilt
    changed = [line for line in setup(cluster) if not line.endswith("as it should be")]

    assert changed == ["WorkloadPriorityClass challenge-ranked: changed"]
    right = cluster.get("workloadpriorityclass", "challenge-ranked", "default")
    assert (spoilt["value"], right["value"] > 5) == (5, True)


def test_what_makes_kueue_unfair_is_told_where_queues_are_set_up(platform: Platform) -> None:
    """The tests' own Kueue counts usage, but was not told what a slice is worth."""
    said = done_by_admin(platform.cluster).stderr.splitlines()

    (note,) = [line for line in said if line.startswith("Note: Kueue")]
    assert note.startswith("Note: Kueue weighs one nvidia.com/mig-1g.10gb like one core.")


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


def quota(cluster: Cluster, kind: str, name: str, of: str = "cpu") -> dict[str, str]:
    """What a cohort or a queue has by itself, by kind of nodes."""
    found = json.loads(cluster.kubectl("get", kind, name, "-o", "json"))
    return {
        flavor["name"]: resource["nominalQuota"]
        for group in found["spec"]["resourceGroups"]
        for flavor in group["flavors"]
        for resource in flavor["resources"]
        if resource["name"] == of
    }


def test_a_challenges_own_share_is_not_the_cohorts_and_is_lent(platform: Platform) -> None:
    cluster = platform.cluster
    assert quota(cluster, "clusterqueue", "challenge-run-owned") == {
        "challenge-any": "120m",
        "challenge-slice": "0",
    }
    assert quota(cluster, "cohort", "challenge")["challenge-any"] == "80m"
    assert quota(cluster, "cohort", "challenge", "memory")["challenge-any"] == "32Gi"
    # Spoilt, it is set right; and a share that is taken back from the settings is the cohort's.
    for name in ("challenge-run-owned", "challenge-run-formerly"):
        queue = json.loads(
            cluster.kubectl("get", "clusterqueue", "challenge-run-owned", "-o", "json")
        )
        queue["metadata"] = {"name": name, "labels": queue["metadata"]["labels"]}
        queue["spec"]["resourceGroups"][0]["flavors"][0]["resources"][0]["nominalQuota"] = "60m"
        cluster.apply(queue)

    changed = [line for line in setup(cluster) if not line.endswith("as it should be")]

    assert changed == [
        "ClusterQueue challenge-run-owned: changed",
        "ClusterQueue challenge-run-formerly: changed",
    ]
    assert set(quota(cluster, "clusterqueue", "challenge-run-formerly").values()) == {"0"}


def with_a_past(client: Client) -> None:
    """See to it that a run of iris has ended, which says how long one takes."""
    if not any(each.state.value == "scored" for each in client.submissions("iris")):
        with example("iris") as source:
            client.wait(client.submit(source / "baselines" / "stump.csv", "iris").id)


@contextlib.contextmanager
def all_in_use(platform: Platform, client: Client, folder: Path) -> Iterator[None]:
    """A run of iris that leaves no room for another: 120m of the 80m to 200m that there are."""
    notebook = write_notebook(folder / "sleeps.ipynb", "import time", "time.sleep(3600)")
    made = client.submit(notebook, "iris")
    try:
        platform.until(lambda: client.submission(made.id).state.value == "running", 200)
        yield
    finally:
        client.cancel(made.id)


def scored_in_order(platform: Platform, *ids: str) -> None:
    """Expect that two submissions were scored, the first of which began first and came later."""
    with platform.client("olga", admin=True) as organiser:
        first, second = (organiser.submission(each) for each in ids)
    assert (first.state.value, second.state.value) == ("scored", "scored")
    assert first.created_at > second.created_at
    assert first.started_at is not None
    assert second.started_at is not None
    assert first.started_at < second.started_at


def test_what_is_a_challenges_own_comes_before_what_others_would_borrow(
    platform: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    """Iris borrows of the share as long as nobody needs it, and then waits for it to be free."""
    pia, quin = people
    with_a_past(pia)
    with (
        played(platform, tmp_path / "owned", "otto", "owned", limits={"cpu": 1}) as otto,
        example("iris") as source,
    ):
        with all_in_use(platform, pia, tmp_path):
            later = quin.submit(source / "baselines" / "stump.csv", "iris")
            owned = otto.submit(write_predictions(tmp_path / "predictions.csv"), "owned")
            platform.until(lambda: quin.submission(later.id).position == 1, 60)
            about = quin.submission(later.id).wait_seconds
            assert about is not None
            assert (about > 0, about % 10) == (True, 0)  # once the run at work has ended
            platform.until(lambda: otto.submission(owned.id).position == 1, 60)
        otto.wait(owned.id)
        quin.wait(later.id)
    scored_in_order(platform, owned.id, later.id)


def test_who_has_used_least_comes_first_whatever_the_challenge(
    platform: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    """A small challenge does not wait for all that a large one has waiting already."""
    pia, _ = people
    with (
        played(platform, tmp_path / "small", "zoe", "small", limits={"cpu": 1}) as zoe,
        example("iris") as source,
    ):
        with all_in_use(platform, pia, tmp_path):
            waits = pia.submit(source / "baselines" / "stump.csv", "iris")
            platform.until(lambda: pia.submission(waits.id).position == 1, 60)
            last = zoe.submit(write_predictions(tmp_path / "predictions.csv"), "small")
            platform.until(lambda: zoe.submission(last.id).position == 1, 60)
            platform.until(lambda: pia.submission(waits.id).position == 2, 60)
        zoe.wait(last.id)
        pia.wait(waits.id)
    scored_in_order(platform, last.id, waits.id)


def test_a_slice_of_a_gpu_is_asked_for_given_and_counted(
    platform: Platform, tmp_path: Path
) -> None:
    slice = "nvidia.com/mig-1g.10gb"
    looks = "import os\nprint('DEVICES', os.environ.get('NVIDIA_VISIBLE_DEVICES'))"
    notebook = write_notebook(tmp_path / "model.ipynb", looks, WRITE_ALL_EVEN)
    limits = {"cpu": 0.2, "gpu": 1}
    seen: dict[str, Any] = {}
    with played(
        platform, tmp_path / "sliced", "mia", "sliced", limits=limits, profiles=["slice"]
    ) as mia:
        submitted = mia.submit(notebook, "sliced")

        def over() -> bool:
            for kind in ("workloads", "pods"):
                for found in platform.cluster.list(kind, "-n", "challenge-run-sliced"):
                    if kind == "pods" or (found.get("status") or {}).get("admission"):
                        seen[kind] = found
            return mia.submission(submitted.id).state.terminal

        platform.until(over, 300)
        done = mia.submission(submitted.id)
        log = mia.log(submitted.id, StepName.RUN).text

    assert done.state.value == "scored", done.failure
    assert done.profile == "slice"
    labels, pod = seen["pods"]["metadata"]["labels"], seen["pods"]["spec"]
    assert labels["challenge.jupyter.org/profile"] == "slice"
    assert pod["nodeSelector"]["kubernetes.io/os"] == "linux"
    (main,) = [each for each in pod["containers"] if each["name"] == "run"]
    # Of what the challenge allows, 600 MB, no more than the profile has.
    assert main["resources"]["limits"]["memory"] == str(512 << 20)
    (device,) = [line for line in log.splitlines() if line.startswith("DEVICES")]
    assert device.startswith("DEVICES MIG-pretended-1g.10gb-")
    assert "," not in device
    asked = {
        name: amount
        for container in seen["pods"]["spec"]["containers"]
        for name, amount in container["resources"]["limits"].items()
        if "nvidia" in name
    }
    assert asked == {slice: "1"}
    (counted,) = seen["workloads"]["status"]["admission"]["podSetAssignments"]
    assert counted["flavors"][slice] == "challenge-slice"
    assert counted["resourceUsage"][slice] == "1"


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


def test_what_an_organiser_verifies_comes_before_ranked_runs_and_changes_no_board(
    platform: Platform, people: tuple[Client, Client], tmp_path: Path
) -> None:
    pia, quin = people
    with example("iris") as source:
        done = quin.wait(quin.submit(source / "baselines" / "stump.csv", "iris").id)
    notebook = write_notebook(tmp_path / "model.ipynb", COUNTS_ITS_STARTS, PREDICTS)
    ranked = pia.submit(notebook, "iris")
    with platform.client("olga", admin=True) as organiser:
        platform.until(lambda: "begun I" in organiser.log(ranked.id, StepName.RUN).text, 300)
        before = organiser.leaderboard("iris").rows

        made = organiser.verify(done.id)

        jobs: dict[str, dict[str, str]] = {}

        def over() -> bool:
            for job in platform.cluster.list(
                "jobs", "-A", "-l", f"challenge.jupyter.org/submission={made.id}"
            ):
                jobs[job["metadata"]["namespace"]] = job["metadata"]["labels"]
            return organiser.submission(made.id).state.terminal

        platform.until(over, 300)
        (found,) = organiser.verifications(done.id)
        assert found.verdict == "same", organiser.submission(made.id).failure
        assert organiser.leaderboard("iris").rows == before
        assert organiser.submission(ranked.id).interruptions == 1
        assert organiser.wait(ranked.id).state.value == "scored"
        assert "begun II" in organiser.log(ranked.id, StepName.RUN).text
    waited = {
        space: (labels["kueue.x-k8s.io/queue-name"], labels["kueue.x-k8s.io/priority-class"])
        for space, labels in jobs.items()
    }
    assert waited[RUNS] == ("verifications", "challenge-verification")
    assert waited[EVALUATION] == ("evaluations", "challenge-verification")
