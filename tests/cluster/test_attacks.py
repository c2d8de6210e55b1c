"""Attacks on secrets: what hostile code looks for, by number and name; none is found.

Which test holds which attack is said in docs/admins/security.md.
"""

from __future__ import annotations

import contextlib
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.core.errors import FailureClass, NotFound
from jupyter_challenge.core.models import StepName, SubmissionState, SubmissionView
from tests.cluster.examining import BUCKET, store
from tests.cluster.hub_place import HOST
from tests.cluster.images import by_digest
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import Platform
from tests.cluster.playing import (
    GATEWAY_STATUS,
    HIDDEN,
    LABEL_CANARY,
    LIMITS,
    TEAM_CANARY,
    Play,
    addresses,
    looking,
    pod_of,
    reported,
)
from tests.tiny import WRITE_ALL_EVEN, write_challenge

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def victim(game: Play, tmp_path_factory: pytest.TempPathFactory) -> SubmissionView:
    """What another team handed in: a canary is in its notebook, its log and its predictions."""
    cells = (f"print('{TEAM_CANARY}')", WRITE_ALL_EVEN.replace(",even", f",{TEAM_CANARY}"))
    done = game.ended(tmp_path_factory.mktemp("vera"), *cells, by=game.vera)
    assert done.state is SubmissionState.SCORED, done.failure
    return done


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    """The address of a hub's API: here something on the node that takes connections."""
    try:
        listening = socket.create_server((HOST, 0))
    except OSError:
        pytest.skip("needs the test cluster's node: runs look for a hub's API there")
    with listening:
        yield f"{HOST}:{listening.getsockname()[1]}"


ANOTHER_RUN = "another team's run"
LISTENS = """
import socket, time
listening = socket.create_server(("0.0.0.0", 8080), backlog=64)
time.sleep(220)
"""


@contextlib.contextmanager
def another_run(game: Play, folder: Path) -> Iterator[str]:
    """Where another team's run, at the same time, takes connections."""
    made = game.submitted(folder, LISTENS, by=game.vera)
    try:
        pod = pod_of(game.platform, made, "run")
        yield f"{pod['status']['podIP']}:8080"
    finally:
        game.vera.cancel(made.id)


PLANTED = f"canary{uuid.uuid4().hex}"
PLANT = """
import os, subprocess
planted = {reversed!r}[::-1]
os.makedirs("deep/er")
with open("/tmp/planted", "w") as file:
    file.write(planted)
with open("deep/er/across", "wb") as file:  # over the end of what is read at once
    file.write(bytes((1 << 22) - 10) + planted.encode())
subprocess.Popen(["sleep", "100"], env={{"PLANTED": planted}})
os.environ["PLANTED_TOKEN"] = "found"
del planted, file
"""


@pytest.fixture(scope="module")
def told(cluster: Cluster) -> Iterator[str]:
    """An image that does what its challenge's data tell it to."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    try:
        (image,) = by_digest(cluster, name, ["cluster.test/submitted:told"]).values()
        yield image
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module", params=["notebook", "image"])
def report(
    request: pytest.FixtureRequest,
    game: Play,
    victim: SubmissionView,
    hub: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """What code found that looked for everything, and for what it had planted itself."""
    folder = tmp_path_factory.mktemp("mallory")
    with another_run(game, folder / "neighbour") as neighbour:
        ways = {"a hub's API": hub, ANOTHER_RUN: neighbour}
        looks = looking(game.platform, {**HIDDEN, PLANTED: "planted"}, **ways)
        code = (PLANT.format(reversed=PLANTED[::-1]), looks, WRITE_ALL_EVEN)
        if request.param == "notebook":
            done = game.ended(folder, *code)
        else:
            challenge = told_by_its_data(game, folder / "boxed", "\n".join(code))
            made = game.mallory.submit_image(request.getfixturevalue("told"), challenge)
            done = game.mallory.wait(made.id)
        assert done.state is SubmissionState.SCORED, done.failure
        yield {**reported(game.log(done)), "ways": ways}


def told_by_its_data(game: Play, folder: Path, code: str) -> str:
    """A challenge with the canary in its labels that takes images, and tells them what to do."""
    write_challenge(
        folder, id="boxed", limits=LIMITS,
        submission={"kinds": ["container"], "output": {"prediction": "label"}},
        data={
            "train": "data/train.py", "test": "data/test.csv", "labels": "data/labels.csv",
        },
    )  # fmt: skip
    (folder / "data" / "train.py").write_text(code)
    labels = folder / "data" / "labels.csv"
    labels.write_text(labels.read_text().replace("even", LABEL_CANARY))
    published = game.organiser.publish(folder)
    game.mallory.enter(published.id, published.terms_digest)
    return published.id


def test_1_2_who_looks_for_what_is_there_finds_it(report: dict[str, Any]) -> None:
    """So that what is not found is not there."""
    found = {re.sub("[0-9]+", "N", each) for each in report["files"] if "planted in" in each}
    assert found == {
        "planted in /tmp/planted",
        "planted in /challenge/work/deep/er/across",
        "planted in /proc/N/environ",
    }
    assert "PLANTED_TOKEN" in report["environment"]


def test_1_labels_are_in_no_file_of_the_pod(report: dict[str, Any]) -> None:
    assert [found for found in report["files"] if "labels" in found] == []


def test_1_nothing_of_another_team_is_in_the_pod(report: dict[str, Any]) -> None:
    assert [found for found in report["files"] if "another team" in found] == []


def test_2_no_credential_of_the_store_is_in_the_pod(report: dict[str, Any]) -> None:
    assert [found for found in report["files"] if not found.startswith("planted in")] == []
    assert [name for name in report["environment"] if name != "PLANTED_TOKEN"] == []


def test_2_the_store_gives_labels_to_nobody_who_has_no_keys(game: Play) -> None:
    """Even from where it can be reached."""
    cluster = game.platform.cluster
    ((digest,),) = game.platform.sql(
        "select layout::json->'places'->>'hidden/labels/labels.csv' from version "
        "where challenge_id = 'vault'"
    )
    key = f"sha256/{digest[:2]}/{digest}"
    with store(cluster) as client:
        held = client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        url = f"{client.meta.endpoint_url}/{BUCKET}"
        with httpx.Client(trust_env=False, timeout=60) as nobody:
            forged = {"Authorization": "AWS4-HMAC-SHA256 Credential=challenge/20260101/us-east-1/s3"
                      "/aws4_request, SignedHeaders=host, Signature=00"}  # fmt: skip
            answers = {
                "read": nobody.get(f"{url}/{key}"),
                "read, forged": nobody.get(f"{url}/{key}", headers=forged),
                "list": nobody.get(url, params={"list-type": "2"}),
                "write": nobody.put(f"{url}/{key}", content=b"id,label\n"),
                "remove": nobody.delete(f"{url}/{key}"),
                "policy": nobody.put(f"{url}?policy", content=b"{}"),
            }
        again = client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    assert LABEL_CANARY in held
    said = {what: answer.status_code for what, answer in answers.items()}
    assert said.pop("read, forged") in {400, 403}
    assert set(said.values()) == {403}, said
    assert [what for what, answer in answers.items() if LABEL_CANARY in answer.text] == []
    assert again == held


def test_4_there_is_no_token_and_no_api_server(report: dict[str, Any]) -> None:
    assert report["tokens"] == []
    assert report["reached"]["API server"] != "connected"


def test_4_the_account_of_runs_may_do_nothing(game: Play, report: dict[str, Any]) -> None:
    """Even if somebody got hold of a token of it."""
    said = game.platform.cluster.kubectl(
        *("auth", "can-i", "--list", "-n", "challenge-run-vault"),
        *("--as", "system:serviceaccount:challenge-run-vault:run"),
        *("--as-group", "system:serviceaccounts", "--as-group", "system:authenticated"),
    )
    lines = [line.split() for line in said.splitlines()[1:]]
    resources = [line[0] for line in lines if not line[0].startswith("[")]

    assert "selfsubjectaccessreviews.authorization.k8s.io" in resources
    assert [name for name in resources if "self" not in name] == []


@contextlib.contextmanager
def let_in(cluster: Cluster, namespace: str) -> Iterator[None]:
    """Whoever is in this namespace may read the platform's numbers, and reach runs."""
    mark = ("label", "namespace", namespace, "--overwrite")
    cluster.kubectl(*mark, "challenge.jupyter.org/monitoring=true")
    known = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    meta = {"name": namespace, "namespace": "challenge-run-vault"}
    cluster.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta,
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"namespaceSelector": known}]}],
            },
        }
    )
    try:
        yield
    finally:
        cluster.kubectl("-n", meta["namespace"], "delete", "networkpolicy", namespace)
        cluster.kubectl(*mark, "challenge.jupyter.org/monitoring-")


def test_5_nothing_but_the_gateway_can_be_reached(
    report: dict[str, Any], game: Play, cluster: Cluster, namespace: str
) -> None:
    there = {**addresses(game.platform), **report["ways"]}
    open_to_all = ("a hub's API", "API server", "kubelet", "metadata of the cloud")
    cluster.apply(probe_pod(namespace, "without-walls", ["sleep", "600"]))
    cluster.wait(namespace, "condition=Ready", "pod/without-walls")
    for what in open_to_all:
        way = ("probe", "tcp", there[what])
        assert cluster.execute(namespace, "without-walls", *way).returncode == 0, what
        assert what in report["reached"]
    # Shut by policies, and by these alone: who is let in comes there.
    ways = {what: ("probe", "tcp", there[what]) for what in (GATEWAY_STATUS, ANOTHER_RUN)}
    for what, way in ways.items():
        assert cluster.execute(namespace, "without-walls", *way).returncode != 0, what
        assert what in report["reached"]
    with let_in(cluster, namespace):
        for way in ways.values():
            game.platform.until(
                lambda way=way: not cluster.execute(namespace, "without-walls", *way).returncode, 30
            )

    assert len(report["reached"]) >= 11
    assert [what for what, how in report["reached"].items() if how == "connected"] == []


def test_6_no_name_is_resolved(report: dict[str, Any]) -> None:
    assert set(report["resolved"].values()) == {"gaierror"}
    assert report["answered"]
    assert not report["answered"].startswith("answered")


def test_22_the_process_has_no_rights(report: dict[str, Any]) -> None:
    assert (report["user"], int(report["capabilities"], 16)) == (1000, 0)


def test_22_who_asked_for_no_gpu_sees_none(report: dict[str, Any]) -> None:
    assert report["gpus"] == "void"


# These names belong to nobody, here or elsewhere.
DOWNLOADS = {
    "urllib": "import urllib.request\nurllib.request.urlopen('https://files.invalid/weights.bin')",
    "a program that is started": "import subprocess, sys\n"
    "ask = 'import urllib.request; urllib.request.urlopen(\"https://packages.invalid/x.whl\")'\n"
    "print(subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True).stderr)\n"
    "import left_behind",
}


@pytest.mark.parametrize("what", DOWNLOADS)
def test_7_download_fails_and_says_why(game: Play, tmp_path: Path, what: str) -> None:
    done = game.ended(tmp_path, DOWNLOADS[what])

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.NETWORK_DISABLED, game.log(done)
    assert "declare it as " in done.failure.hint


READ_OUT = """
import os
print(open(os.environ["CHALLENGE_INPUT"] + "/test.csv").read())
raise ValueError(open(os.environ["CHALLENGE_INPUT"] + "/test.csv").read())
"""


def test_17_18_what_a_run_reads_out_stays_with_the_organiser(game: Play, tmp_path: Path) -> None:
    """In logs, in outputs of the notebook, in its error, in its predictions."""
    done = game.ended(tmp_path, WRITE_ALL_EVEN, READ_OUT, challenge="silent")

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.CELL_ERROR
    assert (done.failure.detail, done.failure.cell) == ("", None)
    assert (done.started_at, done.ended_at) == (None, None)
    for step in StepName:
        with pytest.raises(NotFound):
            game.mallory.log(done.id, step)
    with pytest.raises(NotFound):
        game.mallory.notebook(done.id, tmp_path / "executed.ipynb")
    with pytest.raises(NotFound):
        game.mallory.predictions(done.id, tmp_path / "predictions.csv")
    assert "10,10" in game.log(done)
    executed = game.organiser.notebook(done.id, tmp_path / "executed.ipynb").read_text()
    assert "10,10" in executed


def test_27_what_another_team_handed_in_is_not_there(
    game: Play, victim: SubmissionView, tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        game.mallory.submission(victim.id)
    with pytest.raises(NotFound):
        game.mallory.log(victim.id, StepName.RUN)
    for fetch in (game.mallory.notebook, game.mallory.predictions, game.mallory.bundle):
        with pytest.raises(NotFound):
            fetch(victim.id, tmp_path / "stolen")
    with pytest.raises(NotFound):
        game.mallory.cancel(victim.id)


@pytest.fixture
def outside(platform: Platform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{platform.url}/api/v1", trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("what", ["score", "scores", "status", "state", "result", "callback"])
def test_29_no_route_takes_a_score(
    game: Play, victim: SubmissionView, outside: httpx.Client, verb: str, what: str
) -> None:
    headers = {"Authorization": f"Bearer {game.tokens['ivo']}"}
    asked = [f"/submissions/{victim.id}/{what}", f"/runs/{victim.id}/{what}"]

    answers = {
        outside.request(verb, path, headers=headers, json={"value": 1}).status_code
        for path in asked
    }

    assert answers <= {404, 405}


FORGED = (
    "kubeflow-userid", "x-forwarded-user", "x-remote-user", "x-auth-request-user", "x-goog-iap",
    "remote-user", "x-forwarded-email", "x-jupyterhub-user",
)  # fmt: skip


def test_30_headers_name_nobody(game: Play, outside: httpx.Client) -> None:
    forged = dict.fromkeys(FORGED, "ivo")

    nobody = outside.get("/me", headers=forged)
    mallory = outside.get(
        "/me", headers={**forged, "Authorization": f"Bearer {game.tokens['mallory']}"}
    )

    assert nobody.status_code == 401
    assert mallory.json()["name"] == "mallory"
    assert mallory.json()["admin"] is False


def test_30_tokens_of_others_are_no_token_here(platform: Platform, outside: httpx.Client) -> None:
    account = platform.cluster.kubectl("-n", "default", "create", "token", "default").strip()

    answer = outside.get("/me", headers={"Authorization": f"Bearer {account}"})

    assert answer.status_code == 401
