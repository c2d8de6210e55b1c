"""Submissions whose runs Kubeflow Pipelines conducts: here the stand-in for it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.examples import example
from jupyter_challenge.core.models import SubmissionState, SubmissionView
from tests.cluster.kfp_place import PIPELINES, STANDIN
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import EVALUATION, RUNS, Deployments, Platform, forwarded
from tests.cluster.reconfigured import reconfigured
from tests.cluster.test_runs import public_accuracy
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
CANARY = f"canary{uuid.uuid4().hex}"
PLATFORM_SECRET = "runs-must-never-hold-this"
SLEEP = ["sleep", "600"]
STEP = f"system:serviceaccount:{PIPELINES}:challenge-step"


@pytest.fixture(scope="module")
def participant(
    kfp: Platform, deployments: Deployments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """Somebody who entered iris, and a challenge whose labels hold a canary."""
    folder = write_challenge(tmp_path_factory.mktemp("organiser") / "vault", id="vault")
    labels = folder / "data" / "labels.csv"
    labels.write_text(labels.read_text().replace("even", CANARY))
    with kfp.client("olga", admin=True) as organiser, example("iris") as source:
        published = [organiser.publish(each) for each in (source, folder)]
    with kfp.client("pia") as client:
        for each in published:
            client.enter(each.id, each.terms_digest)
        yield client
    deployments.let_go()  # the service was started again


def pods_of_steps(cluster: Cluster) -> dict[str, dict[str, Any]]:
    return {pod["metadata"]["name"]: pod for pod in cluster.list("pods", "-n", PIPELINES)}


def conducted(cluster: Cluster, before: dict[str, Any]) -> dict[str, Any]:
    """The pod of the one pipeline that has come since."""
    (pod,) = (pod for name, pod in pods_of_steps(cluster).items() if name not in before)
    return pod


def ended(client: Client, folder: Path, *cells: str, challenge: str = "vault") -> SubmissionView:
    notebook = write_notebook(folder / "model.ipynb", *cells)
    return client.wait(client.submit(notebook, challenge).id)


def said_by(cluster: Cluster, pod: dict[str, Any]) -> list[dict[str, Any]]:
    """What the stand-in's runner says of tasks and artifacts."""
    return [each for each in printed(cluster, pod) if {"task", "artifact"} & each.keys()]


def printed(cluster: Cluster, pod: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of JSON of a pipeline's pod: the stand-in's own, and those of our steps."""
    lines = [line.strip() for line in cluster.logs(PIPELINES, pod["metadata"]["name"]).splitlines()]
    return [json.loads(line) for line in lines if line.startswith('{"')]


def finished(platform: Platform, pod: dict[str, Any], phase: str) -> None:
    """Wait for the end of a pipeline: the score does not."""
    name = pod["metadata"]["name"]
    platform.until(
        lambda: platform.cluster.get("pod", name, PIPELINES)["status"]["phase"] == phase, 60
    )


def test_starter_notebook_gets_a_score_in_three_steps_with_typed_artifacts(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    before = pods_of_steps(kfp.cluster)
    got = participant.get("iris", tmp_path / "iris")
    assert got.notebook is not None

    done = participant.wait(participant.submit(got.notebook, "iris").id)

    assert public_accuracy(done) >= 0.85
    assert [step.state.value for step in participant.submission(done.id).steps] == ["succeeded"] * 3
    pod = conducted(kfp.cluster, before)
    finished(kfp, pod, "Succeeded")
    said = said_by(kfp.cluster, pod)
    assert [each["task"] for each in said if each.get("state") == "SUCCEEDED"] == [
        "prepare", "run", "evaluate",
    ]  # fmt: skip
    assert [
        (each["of"], each["artifact"], each["type"]) for each in said if "artifact" in each
    ] == [
        ("prepare", "data", "system.Dataset"),
        ("run", "predictions", "system.Dataset"),
        ("evaluate", "metrics", "system.Metrics"),
    ]
    # What they say of themselves: whose they are, and that there is a score.
    whose = {"submission": done.id, "attempt": 1, "challenge": "iris"}
    artifacts = {each["artifact"]: each for each in said if "artifact" in each}
    for name in ("data", "predictions"):
        metadata = artifacts[name]["metadata"]
        assert {key: metadata[key] for key in whose} == whose
        assert metadata["run"] and metadata["stands_for"]
    assert artifacts["metrics"]["metadata"] == {"scored": 1}
    assert len({each["uri"] for each in artifacts.values()}) == 3 and all(
        each["uri"] for each in artifacts.values()
    )
    # The steps' own lines say whose they are too.
    lines = [each for each in printed(kfp.cluster, pod) if "part" in each]
    assert {line["part"] for line in lines} == {"follow-prepare", "follow-run", "follow-evaluate"}
    assert {(line["submission"], line["level"]) for line in lines} == {(done.id, "info")}
    assert {line["run"] for line in lines} == {artifacts["data"]["metadata"]["run"]}
    # The Jobs are the service's, where they always are.
    assert {owner.get("kind") for owner in pod["metadata"].get("ownerReferences", [])} <= {"Job"}
    assert pod["spec"]["serviceAccountName"] == "challenge-step"


def test_nothing_secret_is_in_pods_parameters_or_logs_of_steps(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    before = pods_of_steps(kfp.cluster)
    printing = f"print('printed-{CANARY}')"

    done = ended(participant, tmp_path, printing, WRITE_ALL_EVEN)

    assert done.state is SubmissionState.SCORED, done.failure
    pod = conducted(kfp.cluster, before)
    finished(kfp, pod, "Succeeded")
    token = kfp.cluster.kubectl("-n", PIPELINES, "create", "token", "challenge-step").strip()
    shown = json.dumps(pod) + kfp.cluster.logs(PIPELINES, pod["metadata"]["name"])
    for needle in (CANARY, PLATFORM_SECRET, token.split(".")[0]):
        assert needle not in shown
    for scored in done.scores:
        assert f'"{scored.value}"' not in shown


DIFFERS = """
import os, uuid
with open(os.environ["CHALLENGE_OUTPUT"] + "/predictions.csv", "w") as file:
    print("id,label", *(f"{n},{uuid.uuid4().hex}" for n in range(1, 11)), sep="\\n", file=file)
"""


def test_26_the_same_notebook_of_another_team_is_run_anew(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    before = pods_of_steps(kfp.cluster)
    notebook = write_notebook(tmp_path / "model.ipynb", DIFFERS)
    with kfp.client("rex") as other:
        other.enter("vault", other.challenge("vault").terms_digest)
        made = [(client, client.submit(notebook, "vault")) for client in (participant, other)]
        ends = [client.wait(each.id) for client, each in made]

    assert [each.state for each in ends] == [SubmissionState.SCORED] * 2
    found = {pod["metadata"]["labels"]["pipeline/runid"] for name, pod in
             pods_of_steps(kfp.cluster).items() if name not in before}  # fmt: skip
    assert len(found) == 2
    for kind, what in (("run", "predictions"), ("evaluate", "result.json")):
        sealed = kfp.sql(
            f"select s.id, r.files::json->'{what}'->>'digest', r.pod_uid from receipt r "
            "join run on run.id = r.run_id join submission s on s.id = run.submission_id "
            f"where r.kind = '{kind}' and s.id in ('{ends[0].id}', '{ends[1].id}')"
        )
        assert {row[0] for row in sealed} == {each.id for each in ends}
        assert len({row[2] for row in sealed}) == 2
        if kind == "run":
            assert len({row[1] for row in sealed}) == 2


def test_a_notebook_that_fails_ends_the_pipeline_and_is_not_evaluated(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    before = pods_of_steps(kfp.cluster)

    done = ended(participant, tmp_path, "raise ValueError('on purpose')")

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.CELL_ERROR
    pod = conducted(kfp.cluster, before)
    finished(kfp, pod, "Failed")
    assert [each["task"] for each in said_by(kfp.cluster, pod) if "task" in each][-1] == "run"
    selected = f"challenge.jupyter.org/submission={done.id}"
    assert kfp.cluster.list("jobs", "-n", EVALUATION, "-l", selected) == []


PERSON = "olga@example.org"


def test_a_run_that_a_person_has_tried_again_in_pipelines_changes_nothing(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    """Its steps hear that their run is over; the submission has had its one end."""
    before = pods_of_steps(kfp.cluster)
    done = ended(participant, tmp_path, "raise ValueError('on purpose')")
    pod = conducted(kfp.cluster, before)
    finished(kfp, pod, "Failed")
    run = pod["metadata"]["labels"]["pipeline/runid"]
    meta = {"name": "person", "namespace": PIPELINES}
    rbac, group = "rbac.authorization.k8s.io", "pipelines.kubeflow.org"
    kfp.cluster.apply(
        {
            "apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta,
            "rules": [{"apiGroups": [group], "resources": ["runs"], "verbs": ["get", "retry"]}],
        },
        {
            "apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "person"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": PERSON}],
        },
    )  # fmt: skip
    with (
        forwarded(kfp.cluster, STANDIN, 8888, STANDIN) as url,
        httpx.Client(base_url=f"{url}/apis/v2beta1/runs", trust_env=False) as http,
    ):
        who = {"kubeflow-userid": PERSON}

        def states() -> list[str]:
            said = http.get(f"/{run}", headers=who).raise_for_status().json()
            return [each.get("state", "") for each in said["state_history"]]

        was = states()
        http.post(f"/{run}:retry", headers=who).raise_for_status()
        end = time.monotonic() + 90
        while states()[len(was) :] != ["RUNNING", "FAILED"]:
            assert time.monotonic() < end, states()
            time.sleep(0.3)

    after = participant.submission(done.id)
    assert (after.state, after.failure, after.attempt) == (done.state, done.failure, done.attempt)
    selected = f"challenge.jupyter.org/submission={done.id}"
    assert kfp.cluster.list("jobs", "-A", "-l", selected) == []


def test_a_cancelled_run_leaves_neither_pipeline_nor_jobs(
    kfp: Platform, participant: Client, tmp_path: Path
) -> None:
    before = pods_of_steps(kfp.cluster)
    notebook = write_notebook(tmp_path / "model.ipynb", "import time; time.sleep(100)")
    submitted = participant.submit(notebook, "vault")
    selected = f"challenge.jupyter.org/submission={submitted.id}"
    kfp.until(lambda: bool(kfp.cluster.list("pods", "-A", "-l", selected)))

    participant.cancel(submitted.id)
    done = participant.wait(submitted.id)

    assert done.state is SubmissionState.CANCELLED
    kfp.until(lambda: not kfp.cluster.list("jobs", "-A", "-l", selected))
    kfp.until(lambda: pods_of_steps(kfp.cluster).keys() <= before.keys())


RIGHTS = [
    ("create", "jobs.batch"),
    ("get", "jobs.batch"),
    ("create", "pods"),
    ("get", "pods"),
    ("list", "pods"),
    ("get", "pods/log"),
    ("create", "pods/exec"),
    ("list", "secrets"),
    ("get", "secrets"),
    ("list", "configmaps"),
    ("create", "serviceaccounts/token"),
    ("create", "workflows.argoproj.io"),
    ("create", "runs.pipelines.kubeflow.org"),
]


STEPS_RULES: list[dict[str, list[str]]] = [
    {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    },
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["kfp-launcher"],
        "verbs": ["get"],
    },
    {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": ["mlpipeline-minio-artifact"],
        "verbs": ["get"],
    },
]
"""What the launcher of Kubeflow Pipelines needs, and no more."""


def _as_text(rule: dict[str, list[str]]) -> str:
    return json.dumps({key: sorted(said) for key, said in rule.items()}, sort_keys=True)


def _is_the_steps(subject: dict[str, str]) -> bool:
    """Whether rights are given to the steps' account by its name, or to all of its namespace."""
    if subject["kind"] == "ServiceAccount":
        return (subject.get("namespace"), subject["name"]) == (PIPELINES, "challenge-step")
    return subject["name"] in {STEP, f"system:serviceaccounts:{PIPELINES}"}


def test_the_account_of_steps_can_do_what_the_launcher_needs_and_nothing_more(
    cluster: Cluster, standin: None
) -> None:
    def may(verb: str, what: str, *where: str) -> bool:
        # Not by `kubectl auth can-i`, which knows no kinds that are not installed.
        kind, _, name = what.partition("/")
        resource, _, group = kind.partition(".")
        attributes = {"verb": verb, "resource": resource, "group": group}
        if where != ("-A",):
            attributes["namespace"] = where[-1]
        if kind in {"pods", "serviceaccounts"}:
            attributes["subresource"] = name
        elif name:
            attributes["name"] = name
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": STEP, "resourceAttributes": attributes},
        }
        said = cluster.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review))
        return bool(json.loads(said)["status"]["allowed"])

    # All that is given to the account, wherever: the rules of its one Role, whole.
    given = [
        (kind, each["metadata"].get("namespace"), each["roleRef"]["kind"], each["roleRef"]["name"])
        for kind in ("rolebindings", "clusterrolebindings")
        for each in cluster.list(kind, "-A")
        if any(_is_the_steps(subject) for subject in each.get("subjects") or [])
    ]
    assert given == [("rolebindings", PIPELINES, "Role", "challenge-step")]
    rules = cluster.get("role", "challenge-step", PIPELINES)["rules"]
    assert sorted(map(_as_text, rules)) == sorted(map(_as_text, STEPS_RULES))

    here = ("-n", PIPELINES)
    assert may("create", "workflowtaskresults.argoproj.io", *here)
    assert may("patch", "workflowtaskresults.argoproj.io", *here)
    assert may("get", "configmaps/kfp-launcher", *here)
    assert may("get", "secrets/mlpipeline-minio-artifact", *here)
    for where in (here, ("-A",)):
        found = [right for right in RIGHTS if may(*right, *where)]
        assert found == []


def test_nobody_but_the_service_comes_to_the_server(
    kfp: Platform, cluster: Cluster, namespace: str
) -> None:
    """It believes who a header says that one is, and shows logs to anybody."""
    found = cluster.get("service", STANDIN, STANDIN)["spec"]["clusterIP"]
    way = ("probe", "get", f"http://{found}:8888/apis/v2beta1/healthz")
    ours = {"app.kubernetes.io/component": "service"}
    cluster.apply(
        probe_pod(PIPELINES, "step", SLEEP),
        probe_pod(namespace, "anybody", SLEEP, labels=ours),
        probe_pod(STANDIN, "part", SLEEP),
    )
    asked = {(PIPELINES, "step"): 1, (namespace, "anybody"): 1, (STANDIN, "part"): 0}
    try:
        for where, pod in asked:
            cluster.wait(where, "condition=Ready", f"pod/{pod}")
        passed = {each: int(cluster.execute(*each, *way).returncode != 0) for each in asked}
    finally:
        for where, pod in asked:
            cluster.kubectl("-n", where, "delete", "pod", pod, "--ignore-not-found", "--wait=false")
    assert passed == asked


def test_one_task_follows_the_whole_run_where_that_is_set_and_couriers_carry_it(
    kfp: Platform, tmp_path: Path
) -> None:
    # Two settings at once: each start of the service with others takes most of a minute.
    limits = {"memory": "600 MB", "disk": "20 MB"}  # its volumes are small
    folder = write_challenge(tmp_path / "carried", id="carried", limits=limits)
    rights = str(ROOT / "deploy/couriers/rights.yaml")
    kfp.cluster.kubectl("apply", "-f", rights)
    try:
        with (
            reconfigured(kfp, kfp_one_step=True, exchange_class="test-volumes") as changed,
            changed.client("olga", admin=True) as organiser,
            changed.client("pia") as client,
        ):
            client.enter("carried", organiser.publish(folder).terms_digest)
            before = pods_of_steps(kfp.cluster)
            notebook = write_notebook(tmp_path / "model.ipynb", WRITE_ALL_EVEN)
            made = client.submit(notebook, "carried")
            whose = ("-n", f"{RUNS}carried", "-l", f"challenge.jupyter.org/submission={made.id}")

            kfp.until(lambda: len(kfp.cluster.list("persistentvolumeclaims", *whose)) == 2)
            done = client.wait(made.id)

            assert done.state is SubmissionState.SCORED, done.failure
            pod = conducted(kfp.cluster, before)
            finished(kfp, pod, "Succeeded")
            said = said_by(kfp.cluster, pod)
            assert {each["task"] for each in said if "task" in each} == {"all_steps"}
            assert {each["type"] for each in said if "artifact" in each} == {
                "system.Dataset", "system.Metrics",
            }  # fmt: skip
    finally:
        kfp.cluster.kubectl("delete", "-f", rights)


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        pytest.param(
            {"steps_image": "cluster.test/missing:1"},
            "cluster.test/missing:1",
            id="image",
        ),
        pytest.param(
            {"kfp_service_account": "nobody"},
            f"{PIPELINES}/nobody",
            id="account",
        ),
    ],
)
def test_what_pipelines_says_nothing_of_is_noticed(
    kfp: Platform,
    participant: Client,
    tmp_path: Path,
    settings: dict[str, str],
    detail: str,
) -> None:
    with (
        reconfigured(kfp, **settings) as changed,
        changed.client("pia") as client,
        changed.client("olga", admin=True) as organiser,
    ):
        done = ended(client, tmp_path, WRITE_ALL_EVEN)

        seen = organiser.submission(done.id)
        assert seen.failure is not None
        assert seen.failure.failure_class is FailureClass.PLATFORM_ERROR
        assert detail in (seen.failure.detail or "")
