"""The attacks of hostile notebooks that a cluster has to hold, by number and name."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName, SubmissionState, SubmissionView
from tests.cluster.platform import NAMESPACE, Platform
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(300)

LOOKING = Path(__file__).with_name("looking.py").read_text(encoding="utf-8")
CANARY = f"canary{uuid.uuid4().hex}"
PLATFORM_SECRET = "runs-must-never-hold-this"
"""The password of database and store, as tests/cluster/deploy has it."""
METADATA = "169.254.169.254:80"
"""Where clouds tell machines their credentials; the test cluster's node has a stand-in there."""
LIMITS = {"time": "2 min", "cpu": 1, "memory": "600 MB", "processes": 256, "disk": "100 MB"}


@pytest.fixture(scope="module")
def participant(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Somebody who entered a challenge whose labels hold a canary, and one with little time."""
    organisers = tmp_path_factory.mktemp("organiser")
    folders = [
        write_challenge(organisers / "vault", id="vault", limits=LIMITS),
        write_challenge(organisers / "brief", id="brief", limits={**LIMITS, "time": "10 s"}),
    ]
    labels = folders[0] / "data" / "labels.csv"
    labels.write_text(labels.read_text().replace("even", CANARY))
    with platform.client("ivo", admin=True) as organiser, platform.client("mallory") as client:
        for folder in folders:
            published = organiser.publish(folder)
            client.enter(published.id, published.terms_digest)
        yield client


def submitted(
    client: Client, folder: Path, *cells: str, challenge: str = "vault"
) -> SubmissionView:
    notebook = write_notebook(folder / "model.ipynb", *cells)
    return client.submit(notebook, challenge)


def ended(client: Client, folder: Path, *cells: str, challenge: str = "vault") -> SubmissionView:
    return client.wait(submitted(client, folder, *cells, challenge=challenge).id)


def addresses(platform: Platform) -> dict[str, str]:
    """What a pod without a policy could connect to."""
    cluster = platform.cluster
    node = cluster.list("nodes")[0]["status"]["addresses"][0]["address"]
    found = {
        "API server": cluster.get("service", "kubernetes", "default")["spec"]["clusterIP"] + ":443",
        "kubelet": f"{node}:10250",
        "metadata of the cloud": METADATA,
    }
    for service in cluster.list("services", "-n", NAMESPACE):
        name, spec = service["metadata"]["name"], service["spec"]
        if name != "challenge-gateway":
            found[name] = f"{spec['clusterIP']}:{spec['ports'][0]['port']}"
    for pod in cluster.list("pods", "-n", NAMESPACE):
        port = pod["spec"]["containers"][0]["ports"][0]["containerPort"]
        if pod["metadata"]["labels"].get("app.kubernetes.io/component") != "gateway":
            found[f"pod {pod['metadata']['name']}"] = f"{pod['status']['podIP']}:{port}"
    return found


@pytest.fixture(scope="module")
def report(
    platform: Platform, participant: Client, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a notebook found that looked for everything."""
    hidden = {CANARY: "labels", PLATFORM_SECRET: "the platform's secret"}
    wanted = {
        "hidden": {needle[::-1]: what for needle, what in hidden.items()},
        "addresses": addresses(platform),
        "names": ["kubernetes.default.svc.cluster.local", "example.org"],
        "resolver": platform.cluster.get("service", "kube-dns", "kube-system")["spec"]["clusterIP"],
    }
    folder = tmp_path_factory.mktemp("mallory")
    done = ended(participant, folder, f"WANTED = {wanted!r}\n{LOOKING}", WRITE_ALL_EVEN)
    assert done.state is SubmissionState.SCORED, done.failure
    log = participant.log(done.id, StepName.RUN).text
    (line,) = (line for line in log.splitlines() if "REPORT {" in line)
    found: dict[str, Any] = json.loads(line[line.index("{") :])
    return found


def test_1_labels_are_in_no_file_of_the_pod(report: dict[str, Any]) -> None:
    assert [found for found in report["files"] if "labels" in found] == []


def test_2_no_credential_of_the_store_is_in_the_pod(report: dict[str, Any]) -> None:
    assert report["files"] == []
    assert report["environment"] == []


def test_4_there_is_no_token_and_no_api_server(report: dict[str, Any]) -> None:
    assert report["tokens"] == []
    assert report["reached"]["API server"] != "connected"


def test_5_nothing_but_the_gateway_can_be_reached(report: dict[str, Any]) -> None:
    assert len(report["reached"]) >= 8
    assert [what for what, how in report["reached"].items() if how == "connected"] == []


def test_6_no_name_is_resolved(report: dict[str, Any]) -> None:
    assert set(report["resolved"].values()) == {"gaierror"}
    assert report["answered"]
    assert not report["answered"].startswith("answered")


def test_22_the_process_has_no_rights(report: dict[str, Any]) -> None:
    assert (report["user"], int(report["capabilities"], 16)) == (1000, 0)


FORGE = """
import json, os
best = {"accuracy": 1.0, "score": 1.0, "boards": {"public": {"accuracy": {"value": 1.0}}}}
for name in ("scores.json", "metrics.json", "result.json", "report.json", "evaluation.json"):
    for folder in (os.environ["CHALLENGE_OUTPUT"], ".", "/tmp", "/challenge"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                json.dump(best, file)
        except OSError:
            pass
print('{"score": 1.0}')
"""


def test_8_forged_scores_count_for_nothing(participant: Client, tmp_path: Path) -> None:
    done = ended(participant, tmp_path, WRITE_ALL_EVEN, FORGE)

    assert done.state is SubmissionState.SCORED, done.failure
    assert {score.value for score in done.scores} == {0.0}


def test_19_endless_run_is_ended_at_its_limit(participant: Client, tmp_path: Path) -> None:
    endless = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True: time.sleep(1)"
    )

    done = ended(participant, tmp_path, endless, challenge="brief")

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.TIME_LIMIT


def test_20_memory_beyond_the_limit_ends_only_the_run(participant: Client, tmp_path: Path) -> None:
    done = ended(participant, tmp_path, "held = b'x' * 2_000_000_000")

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.OUT_OF_MEMORY


def test_cancelled_run_leaves_no_pod_running(
    platform: Platform, participant: Client, tmp_path: Path
) -> None:
    handed_in = submitted(participant, tmp_path, "import time\nwhile True: time.sleep(1)")
    selection = ("-A", "-l", f"challenge.jupyter.org/submission={handed_in.id}")
    platform.until(lambda: bool(platform.cluster.list("pods", *selection)))

    participant.cancel(handed_in.id)

    assert participant.wait(handed_in.id).state is SubmissionState.CANCELLED
    platform.until(lambda: not platform.cluster.list("pods", *selection))
