"""Several replicas of service and gateway: restarted, killed, asked how they are."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jupyter_challenge.client import Client, connect
from jupyter_challenge.core.errors import QuotaExceeded
from jupyter_challenge.core.examples import example
from tests.cluster.bad_luck import kill_container
from tests.cluster.conftest import RESTRICTED
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import (
    EVALUATION,
    NAMESPACE,
    RUNS,
    Deployments,
    Platform,
    forwarded,
    ready,
)
from tests.tiny import write_challenge, write_predictions

pytestmark = pytest.mark.timeout(480)

SERVICE_IMAGE = "jupyter-challenge/service:test"
HERE = ("-n", NAMESPACE)
OURS = ("service", "gateway")

PARTICIPANT = """
import json, sys, threading, time
token, many = sys.argv[1], int(sys.argv[2])
from jupyter_challenge.client import connect
from jupyter_challenge.core.examples import example

url = "http://challenge.jupyter-challenge:8790"
refused, asked, over = [], [0], threading.Event()

def look():
    with connect(url=url, token=token) as client:
        while not over.is_set():
            try:
                client.challenge("iris")
            except Exception as error:
                refused.append(f"look: {type(error).__name__}: {error}")
            asked[0] += 1
            time.sleep(0.05)

looking = threading.Thread(target=look)
looking.start()
made, ends = [], []
with connect(url=url, token=token) as client, example("iris") as source:
    for _ in range(many):
        try:
            done = client.submit(source / "baselines" / "stump.csv", "iris")
            made.append(done.id)
            ends.append(client.wait(done.id).state.value)
        except Exception as error:
            refused.append(f"submit: {type(error).__name__}: {error}")
over.set()
looking.join()
print(json.dumps({"made": made, "ends": ends, "refused": refused, "asked": asked[0]}))
"""


@pytest.fixture(scope="module", autouse=True)
def published(deployments: Deployments, platform: Platform) -> Iterator[None]:
    """The iris challenge, which rosa and theo entered."""
    with platform.client("rosa", admin=True) as rosa, example("iris") as source:
        terms = rosa.publish(source).terms_digest
        rosa.enter("iris", terms)
    with platform.client("theo") as theo:
        theo.enter("iris", terms)
    yield
    deployments.let_go()


@contextlib.contextmanager
def rosa(platform: Platform) -> Iterator[Client]:
    """A client whose way leads to a pod that is there now."""
    with (
        forwarded(platform.cluster, "challenge", 8790) as url,
        connect(url=url, token=platform.token("rosa", admin=True)) as client,
    ):
        yield client


def handed_in(client: Client) -> str:
    """A new submission."""
    with example("iris") as source:
        return client.submit(source / "baselines" / "stump.csv", "iris").id


@pytest.fixture
def clients(cluster: Cluster, namespace: str) -> str:
    """A namespace whose pods may use the service."""
    cluster.kubectl("label", "namespace", namespace, "challenge.jupyter.org/clients=true")
    return namespace


def query(cluster: Cluster, statement: str) -> list[list[str]]:
    """Rows of the database."""
    said = cluster.kubectl(
        *(*HERE, "exec", "deploy/postgres", "--", "sh", "-c"),
        "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH PGPASSWORD=$(cat /secrets/password) "
        f'psql -h /tmp -U challenge -d challenge -At -c "{statement}"',
    )
    return [line.split("|") for line in said.splitlines()]


def pods_of(cluster: Cluster, component: str) -> list[dict[str, Any]]:
    """The pods of a part of the platform that are not about to end."""
    found = cluster.list("pods", *HERE, "-l", f"app.kubernetes.io/component={component}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def lines_of(cluster: Cluster, component: str) -> list[dict[str, Any]]:
    """The lines that the pods of a part of the platform wrote."""
    said = cluster.kubectl(
        *(*HERE, "logs", "-l", f"app.kubernetes.io/component={component}"),
        *("--tail=-1", "--max-log-requests=20"),
    )
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def participant_pod(cluster: Cluster, namespace: str) -> None:
    pod = probe_pod(
        namespace,
        "participant",
        ["sleep", "900"],
        container={
            "image": SERVICE_IMAGE,
            "env": [{"name": "HOME", "value": "/tmp"}],
        },
    )
    cluster.apply(pod)
    cluster.wait(namespace, "condition=Ready", "pod/participant", limit=120)


def test_restarts_lose_nothing_and_refuse_nobody(platform: Platform, clients: str) -> None:
    cluster = platform.cluster
    token = platform.token("theo")
    participant_pod(cluster, clients)
    submitting = subprocess.Popen(
        [
            *("kubectl", "--kubeconfig", str(cluster.kubeconfig), "-n", clients, "exec"),
            *("participant", "--", "python3", "-c", PARTICIPANT, token, "8"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    before = {p["metadata"]["uid"] for part in OURS for p in pods_of(cluster, part)}
    time.sleep(3)
    for part in OURS:
        cluster.kubectl(*HERE, "rollout", "restart", f"deploy/challenge-{part}")
    for part in OURS:
        ready(cluster, f"challenge-{part}")
    out, err = submitting.communicate(timeout=400)
    said = json.loads(out) if out else pytest.fail(err)
    after = {p["metadata"]["uid"] for part in OURS for p in pods_of(cluster, part)}
    assert not before & after
    assert len(after) == 4

    assert said["refused"] == []
    assert said["asked"] > 100
    assert said["ends"] == ["scored"] * 8
    rows = query(
        cluster,
        "SELECT s.id, s.state, count(DISTINCT r.id), count(c.id) FROM submission s "
        "JOIN run r ON r.submission_id = s.id LEFT JOIN score c ON c.submission_id = s.id "
        "JOIN member m ON m.team_id = s.team_id WHERE m.user = 'theo' GROUP BY s.id, s.state",
    )
    scores = {row[3] for row in rows}
    assert {row[0] for row in rows} == set(said["made"])
    assert {(row[1], row[2]) for row in rows} == {("scored", "1")}
    assert len(scores) == 1  # of two boards and two metrics, each once


RACERS = 20


def test_24_of_many_submits_to_two_replicas_one_gets_the_last_of_a_quota(
    platform: Platform, tmp_path: Path
) -> None:
    cluster = platform.cluster
    limited = [{"id": "main", "ranked": True, "quota": {"per_day": 1, "concurrent": 100}}]
    made = write_challenge(tmp_path / "race", id="race", phases=limited)
    guess = write_predictions(tmp_path / "guess.csv")
    with rosa(platform) as organiser:
        terms = organiser.publish(made).terms_digest
        organiser.enter("race", terms)
    token = platform.token("rosa", admin=True)
    pods = [pod["metadata"]["name"] for pod in pods_of(cluster, "service")]
    assert len(pods) == 2
    with contextlib.ExitStack() as stack:
        clients = []
        for name in pods:
            url = stack.enter_context(forwarded(cluster, f"pod/{name}", 8790))
            clients.append(stack.enter_context(connect(url=url, token=token)))

        def race(number: int) -> str:
            try:
                return clients[number % 2].submit(guess, "race").id
            except QuotaExceeded as refused:
                assert refused.details["next_at"]
                return ""

        with ThreadPoolExecutor(RACERS) as at_once:
            found = list(at_once.map(race, range(RACERS)))
    accepted = [each for each in found if each]
    rows = query(cluster, "SELECT id FROM submission WHERE challenge_id = 'race'")
    assert rows == [accepted]
    with rosa(platform) as client:
        assert client.wait(accepted[0], timeout=200).state.value == "scored"


def test_a_replica_that_is_killed_loses_its_runs_to_the_other(platform: Platform) -> None:
    cluster = platform.cluster
    with rosa(platform) as client:
        made = handed_in(client)

    def claimed_by() -> str | None:
        for pod in pods_of(cluster, "service"):
            name = pod["metadata"]["name"]
            for line in cluster.logs(NAMESPACE, name).splitlines():
                if made in line and "Run claimed." in line:
                    return str(name)
        return None

    platform.until(lambda: claimed_by() is not None)
    holder = claimed_by()
    assert holder is not None
    # Long before the five seconds for which it takes requests are over: nothing is given back.
    cluster.kubectl(*HERE, "delete", "pod", holder, "--grace-period=0", "--force")
    with rosa(platform) as client:
        done = client.wait(made, timeout=200)
    assert done.state.value == "scored", done.failure
    runs = query(cluster, f"SELECT attempt, state FROM run WHERE submission_id = '{made}'")
    assert runs == [["1", "succeeded"]]
    scores = (
        f"SELECT board, metric, count(*) FROM score WHERE submission_id = '{made}' GROUP BY 1, 2"
    )
    assert {row[2] for row in query(cluster, scores)} == {"1"}
    ready(cluster, "challenge-service")


def in_service(cluster: Cluster) -> dict[str, set[str]]:
    """The pods behind each of the platform's Services that get requests now."""
    found = {}
    for name in ("challenge", "challenge-gateway"):
        slices = cluster.list("endpointslices", *HERE, "-l", f"kubernetes.io/service-name={name}")
        found[name] = {
            each["targetRef"]["name"]
            for slice in slices
            for each in slice["endpoints"] or []
            if each["conditions"]["ready"]
        }
    return found


def killed(cluster: Cluster, app: str) -> bool:
    """Kill what runs in the pods of an app; says whether there was something to kill."""
    statuses = [
        status
        for pod in cluster.list("pods", *HERE, "-l", f"app={app}")
        for status in pod["status"].get("containerStatuses", [])
    ]
    ids = [str(each.get("containerID", "")).rpartition("//")[2] for each in statuses]
    return sum(kill_container(each) for each in ids) > 0


@pytest.mark.parametrize("app", ["postgres", "minio"])
def test_who_lacks_the_database_or_the_store_takes_no_requests_until_it_is_back(
    platform: Platform, app: str
) -> None:
    cluster = platform.cluster
    before = in_service(cluster)
    assert [len(pods) for pods in before.values()] == [2, 2]
    if not killed(cluster, app):
        pytest.skip("the cluster's containers are no processes of this machine")

    def away() -> bool:
        killed(cluster, app)  # the kubelet starts it again at once, the first time
        return not any(in_service(cluster).values())

    platform.until(away)
    platform.until(lambda: in_service(cluster) == before)
    pods = [pod for part in OURS for pod in pods_of(cluster, part)]
    # They were none the worse for it: the same pods, which nobody had to start again.
    assert {pod["metadata"]["name"] for pod in pods} == set().union(*before.values())
    assert {pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods} == {0}
    ready(cluster, app)


def test_the_numbers_are_for_who_operates_the_service(
    platform: Platform, cluster: Cluster, clients: str
) -> None:
    with rosa(platform) as client:
        done = client.wait(handed_in(client), timeout=200)
    assert done.state.value == "scored"
    monitoring = f"{clients}-numbers"
    labels = {**RESTRICTED, "challenge.jupyter.org/monitoring": "true"}
    metadata = {"name": monitoring, "labels": labels}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        for where in (monitoring, clients):
            cluster.apply(probe_pod(where, "reader", ["sleep", "600"]))
            cluster.wait(where, "condition=Ready", "pod/reader")
        found: dict[str, float] = {}
        for part in OURS:
            for pod in pods_of(cluster, part):
                address = f"http://{pod['status']['podIP']}:8792/metrics"
                closed = cluster.execute(clients, "reader", "probe", "get", address)
                assert closed.returncode != 0
                said = cluster.execute(monitoring, "reader", "probe", "get", address).stdout
                text = said[said.index("# HELP") :]
                for family in text_string_to_metric_families(text):
                    for sample in family.samples:
                        found[sample.name] = found.get(sample.name, 0.0) + sample.value
        assert found["challenge_runs_ended_total"] >= 1
        assert found["challenge_queue_wait_seconds_count"] >= 1
        assert found["challenge_run_overhead_seconds_count"] >= 1
        assert found["challenge_submissions"] >= 1
        assert found["challenge_gateway_requests_total"] >= 6
        assert found["challenge_gateway_bytes_total"] > 1_000
    finally:
        cluster.kubectl("delete", "namespace", monitoring, "--wait=false")


def test_every_part_names_the_submission(platform: Platform) -> None:
    with rosa(platform) as client:
        _every_part_names(platform, client, handed_in(client))


OF_STEPS = {"prepare", "upload", "evaluate-fetch", "evaluate-upload"}
"""Parts of the platform in the pods of a run."""


def _every_part_names(platform: Platform, client: Client, made: str) -> None:
    cluster = platform.cluster
    said: dict[tuple[str, str], list[str]] = {}

    def heard() -> bool:
        over = client.submission(made).state.value == "scored"
        for where in (f"{RUNS}iris", EVALUATION):
            marked = ("-l", f"challenge.jupyter.org/submission={made}")
            for pod in cluster.list("pods", "-n", where, *marked):
                name = pod["metadata"]["name"]
                for container in pod["spec"]["initContainers"]:
                    key = (name, container["name"])
                    log = cluster.try_kubectl("-n", where, "logs", name, "-c", key[1])
                    lines = [] if log.returncode else log.stdout.splitlines()
                    if len(lines) > len(said.get(key, [])):
                        said[key] = lines
        return over

    platform.until(heard, 200)
    parts: set[str] = set()
    for each, lines in said.items():
        told = [json.loads(line) for line in lines]
        assert [line for line in told if line.get("submission") != made] == [], each
        assert len({line["run"] for line in told}) == 1, each
        parts.update(line["part"] for line in told)
    assert parts == OF_STEPS
    for part in OURS:
        lines_there = lines_of(cluster, part)
        about = [line for line in lines_there if line.get("submission") == made]
        assert {line["part"] for line in about} == {part}
        assert all(line["run"] for line in about if line["message"] != "Submission accepted.")
        # Nothing else is under way: from its first line to its last, all are its own.
        since, until = (end(line["time"] for line in about) for end in (min, max))
        between = [line for line in lines_there if since <= line["time"] <= until]
        assert [line for line in between if line.get("submission") != made] == []


def test_one_that_hangs_is_started_again_and_no_run_is_the_worse_for_it(
    platform: Platform,
) -> None:
    """A gateway whose process stands still: after a while there is another in its place."""
    cluster = platform.cluster
    hangs, other = pods_of(cluster, "gateway")

    def restarts(pod: dict[str, Any]) -> int:
        found = cluster.get("pod", pod["metadata"]["name"], NAMESPACE)
        return int(found["status"]["containerStatuses"][0]["restartCount"])

    before = [restarts(pod) for pod in (hangs, other)]
    container = str(hangs["status"]["containerStatuses"][0]["containerID"]).rpartition("//")[2]
    if not kill_container(container, signal.SIGSTOP):
        pytest.skip("the cluster's containers are no processes of this machine")
    with rosa(platform) as client:
        made = [handed_in(client) for _ in range(2)]
        platform.until(lambda: restarts(hangs) > before[0], 200)
        done = [client.wait(each, timeout=200) for each in made]

    assert [each.state.value for each in done] == ["scored"] * 2, [each.failure for each in done]
    assert [each.attempt for each in done] == [1] * 2
    assert [restarts(pod) for pod in (hangs, other)] == [before[0] + 1, before[1]]
    both = {pod["metadata"]["name"] for pod in (hangs, other)}
    platform.until(lambda: in_service(cluster)["challenge-gateway"] == both)
