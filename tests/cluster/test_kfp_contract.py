"""What KfpEngine relies on of a Kubeflow Pipelines server, asked of one.

With KFP_ENDPOINT and KFP_TOKEN (KFP_NAMESPACE, KFP_ACCOUNT and KFP_IMAGE where they differ; in
KFP_OTHER_IMAGE the same image by another name) these tests run against that server, unchanged.
Without, they run against the stand-in on the test cluster, which answers as the samples of a real
server do. docs/developers/cluster.md says which test shows what.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.kfp_api import KfpRefused
from tests.cluster.kfp_pipelines import RESULT
from tests.cluster.kfp_place import AUDIENCE, PIPELINES, STANDIN
from tests.cluster.kfp_server import (
    API,
    Server,
    began,
    connected,
    executors,
    let_in,
    listed,
    over,
    running,
    settled,
    told,
)
from tests.cluster.kfp_shapes import all_runs, sample, unlike
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import forwarded
from tests.cluster.test_gateway import FORGED

pytestmark = pytest.mark.timeout(300)

NEVER = "1970-01-01T00:00:00Z"
FOREIGN = "kube-system"
"""A namespace in which nobody may run pipelines."""


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    token_file = tmp_path_factory.mktemp("kfp") / "token"
    given = os.environ.get("KFP_ENDPOINT")
    if given:
        token_file.write_text(os.environ.get("KFP_TOKEN", ""))
        yield from connected(given, token_file)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    request.getfixturevalue("standin")
    let_in(cluster)
    token_file.write_text(
        cluster.kubectl("-n", PIPELINES, "create", "token", "contract", f"--audience={AUDIENCE}")
    )
    with forwarded(cluster, STANDIN, 8888, STANDIN) as url:
        yield from connected(url, token_file)


def cluster_of_the_server() -> Cluster | None:
    """The cluster that the server runs on, where these tests have one to ask."""
    kubeconfig = os.environ.get("CLUSTER_KUBECONFIG")
    return Cluster(Path(kubeconfig)) if kubeconfig else None


@pytest.fixture
def asked_cluster(server: Server, request: pytest.FixtureRequest) -> Cluster:
    """The same for tests that are nothing without it."""
    if cluster_of_the_server() is None:
        pytest.skip("needs the server's own cluster too: CLUSTER_KUBECONFIG")
    found: Cluster = request.getfixturevalue("cluster")
    return found


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    return server.api().experiment("contract")


def test_what_is_said_of_a_run_from_its_beginning_to_its_end(
    server: Server, experiment: str
) -> None:
    run = began(server, experiment, "three")
    seen = server.until(run, over)

    assert [problem for said in seen for problem in unlike(said, all_runs())] == []
    # At times no state is said at all.
    states = [said["state"] for said in seen if said.get("state")]
    assert list(dict.fromkeys(states)) in (
        ["PENDING", "RUNNING", "SUCCEEDED"],
        ["RUNNING", "SUCCEEDED"],
    )
    assert {said["finished_at"] for said in seen[:-1]} <= {NEVER, seen[-1]["finished_at"]}
    assert seen[0]["finished_at"] == NEVER != seen[-1]["finished_at"]
    assert not any("error" in said for said in seen)


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("get_run.SUCCEEDED-without-retry-nodes", {"SUCCEEDED"}),
        ("get_run.SUCCEEDED-cached", {"SKIPPED"}),
    ],
)
def test_the_samples_say_by_their_executors_what_was_cached(name: str, states: set[str]) -> None:
    assert executors(sample(name)) == states


def test_tasks_are_named_and_say_nothing_of_what_they_made(server: Server, experiment: str) -> None:
    run = began(server, experiment, "three")
    done = server.until(run, over)[-1]

    tasks = done["run_details"]["task_details"]
    assert {"prepare", "run", "evaluate", "root"} <= {task["display_name"] for task in tasks}
    # Names repeat, so they say nothing of which step it is.
    assert len({task["display_name"] for task in tasks}) < len(tasks)
    assert not {"inputs", "outputs", "error", "executor_detail"} & {n for t in tasks for n in t}
    # What is called a pod's name there is a node's of the workflow.
    named = {child["pod_name"] for task in tasks for child in task.get("child_tasks", [])}
    if cluster := cluster_of_the_server():
        pods = cluster.list("pods", "-n", server.namespace, "-l", f"pipeline/runid={run}")
        assert pods
        assert not named & {pod["metadata"]["name"] for pod in pods}
    # A result comes by another way, or not at all.
    assert str(RESULT) not in told(done) and str(RESULT + 3) not in told(done)


def test_all_runs_are_asked_for_at_once(server: Server, experiment: str) -> None:
    runs = [began(server, experiment, "sleeps", seconds=1) for _ in range(2)]
    for run in runs:
        server.until(run, over)
    gone = str(uuid.uuid4())

    found = server.api().runs([*runs, gone])

    assert {id: run.state for id, run in found.items()} == dict.fromkeys(runs, "SUCCEEDED")
    predicates = [
        {"operation": "IN", "key": "run_id", "stringValues": {"values": runs}},
        {"operation": "IN", "key": "state", "stringValues": {"values": ["RUNNING"]}},
    ]
    asked = {"namespace": server.namespace, "filter": json.dumps({"predicates": predicates[:1]})}
    said = server.ask("/runs", **asked)
    assert list(unlike(said, [{**sample("list_runs.one"), "next_page_token": ""}])) in (
        [],
        [".next_page_token is missing"],
    )
    assert len(said["runs"]) == said["total_size"] == 2
    # An empty list is none at all.
    none = server.ask("/runs", **{**asked, "filter": json.dumps({"predicates": predicates})})
    assert none.get("runs") is None


def test_runs_are_found_by_state_name_and_time(server: Server, experiment: str) -> None:
    name = f"found-{uuid.uuid4().hex[:8]}"
    first = began(server, experiment, "fails", called=name)
    server.until(first, over)
    time.sleep(1.1)  # times are whole seconds
    second = began(server, experiment, "sleeps", seconds=300)
    server.until(second, running)
    ours = {"operation": "IN", "key": "run_id", "stringValues": {"values": [first, second]}}
    at = server.run(second)["created_at"]

    def found(operation: str, key: str, **value: Any) -> list[str]:
        return listed(server, ours, {"operation": operation, "key": key, **value})

    assert found("IN", "state", stringValues={"values": ["RUNNING"]}) == [second]
    assert found("IN", "state", stringValues={"values": ["RUNNING", "FAILED"]}) == [first, second]
    assert found("EQUALS", "display_name", stringValue=name) == [first]
    assert found("LESS_THAN", "created_at", timestampValue=at) == [first]
    assert found("GREATER_THAN_EQUALS", "created_at", timestampValue=at) == [second]
    server.api().terminate(second)
    server.until(second, over)


def test_more_runs_than_a_page_come_on_pages(server: Server, experiment: str) -> None:
    runs = [began(server, experiment, "fails") for _ in range(2)]
    predicate = {"operation": "IN", "key": "run_id", "stringValues": {"values": runs}}
    asked = {"namespace": server.namespace, "page_size": 1}
    chosen = {"filter": json.dumps({"predicates": [predicate]})}

    first = server.ask("/runs", **asked, **chosen)
    page = {**asked, "page_token": first["next_page_token"]}
    second = server.ask("/runs", **page)

    # The token itself says what was asked for; said again beside it, that is refused.
    assert server.http.get(f"{API}/runs", params={**page, **chosen}).status_code == 400
    assert {said["runs"][0]["run_id"] for said in (first, second)} == set(runs)
    for run in runs:
        server.until(run, over)


def test_a_run_that_was_told_to_end_has_failed(server: Server, experiment: str) -> None:
    run = began(server, experiment, "sleeps", seconds=300)
    server.until(run, running)

    server.api().terminate(run)
    seen = server.until(run, over)
    done = seen[-1]

    # It may go on for a while as if nothing had been asked.
    assert {said["state"] for said in seen[:-1]} <= {"RUNNING", "CANCELING"}
    assert done["state"] == "FAILED"
    said = [each.get("state") for each in done["state_history"]]
    assert "CANCELED" not in said
    assert list(unlike(done, all_runs())) == []
    again = server.http.post(f"{API}/runs/{run}:terminate")
    assert again.status_code == 400
    assert again.json()["code"] and again.json()["message"]
    server.api().terminate(run)  # for us that is harmless


def test_a_run_that_failed_says_no_reason(server: Server, experiment: str) -> None:
    done = server.until(began(server, experiment, "fails"), over)[-1]

    assert done["state"] == "FAILED"
    assert "error" not in done and "on purpose" not in told(done)
    assert list(unlike(done, all_runs())) == []


def test_a_run_that_is_tried_again_does_only_what_failed(server: Server, experiment: str) -> None:
    """Why a submission is tried again as another run; what becomes of one: test_kfp_runs.py."""
    run = began(server, experiment, "second_fails")
    before = server.until(run, over)[-1]
    asked = server.http.post(f"{API}/runs/{run}:retry")
    if asked.status_code == 403:
        pytest.skip("the token's owner may not retry runs on that server")
    asked.raise_for_status()

    server.until(run, lambda said: len(said["state_history"]) > len(before["state_history"]))
    done = server.until(run, over)[-1]

    assert done["created_at"] == before["created_at"]
    states = [each.get("state") for each in done["state_history"]]
    was = [each.get("state") for each in before["state_history"]]
    assert states[: len(was)] == was
    assert states[len(was) :] in (["RUNNING", "FAILED"], ["FAILED"])
    assert _began(done, "prepare") == _began(before, "prepare")
    assert _began(done, "refuse") > _began(before, "refuse")
    assert list(unlike(done, all_runs())) == []


def _began(said: dict[str, Any], task: str) -> str:
    (found,) = (t for t in said["run_details"]["task_details"] if t["display_name"] == task)
    return str(found["start_time"])


def test_a_run_that_is_the_same_again_comes_from_the_cache_unless_its_tasks_forbid_it(
    server: Server, experiment: str
) -> None:
    """Why the pipelines of submissions forbid it: see test_kfp_seams.py."""
    never_before = random.SystemRandom().randrange(10**9)

    def ran(**options: Any) -> set[str]:
        run = began(server, experiment, "three", n=never_before, **options)
        done = server.until(run, settled)[-1]
        assert done["state"] == "SUCCEEDED"
        assert list(unlike(done, all_runs())) == []
        return executors(done)

    assert ran(cached=True) == {"SUCCEEDED"}
    assert ran(cached=True) == {"SKIPPED"}
    assert ran(cached=False) == {"SUCCEEDED"}


def test_the_cache_tells_images_apart_by_name(server: Server, experiment: str) -> None:
    other = os.environ.get("KFP_OTHER_IMAGE")
    if not other and os.environ.get("KFP_ENDPOINT"):
        pytest.skip("needs the steps' image by another name too: KFP_OTHER_IMAGE")
    never_before = random.SystemRandom().randrange(10**9)
    found = []
    for image in (server.image, other or "jupyter-challenge/service:test"):
        run = began(server, experiment, "three", n=never_before, cached=True, image=image)
        found.append(executors(server.until(run, settled)[-1]))

    assert found == [{"SUCCEEDED"}, {"SUCCEEDED"}]


def test_a_missing_image_is_waited_for_without_a_word(server: Server, experiment: str) -> None:
    run = began(server, experiment, "sleeps", image="cluster.test/missing:1")
    server.until(run, running)
    if cluster := cluster_of_the_server():
        # What the server does not say, its pods do; they carry the run's id.
        def waits(said: dict[str, Any]) -> bool:
            pods = cluster.list("pods", "-n", server.namespace, "-l", f"pipeline/runid={run}")
            seen = json.dumps([pod["status"].get("containerStatuses") for pod in pods])
            return "ErrImagePull" in seen or "ImagePullBackOff" in seen

        server.until(run, waits)  # a pod or two of the server's own come before
    else:
        time.sleep(30)
    time.sleep(5)

    said = server.run(run)

    assert said["state"] == "RUNNING" and "error" not in said
    assert "missing:1" not in told(said)
    assert list(unlike(said, all_runs())) == []
    server.api().terminate(run)
    assert server.until(run, over)[-1]["state"] == "FAILED"


def test_a_missing_account_is_accepted_and_fails_without_a_word(
    server: Server, experiment: str
) -> None:
    run = began(server, experiment, "sleeps", account="nobody-of-that-name")
    done = server.until(run, over)[-1]

    assert done["state"] == "FAILED" and done["service_account"] == "nobody-of-that-name"
    assert "error" not in done
    assert list(unlike(done, all_runs())) == []


def test_any_account_of_the_namespace_may_be_named(server: Server, experiment: str) -> None:
    run = began(server, experiment, "fails", account="default")

    assert server.run(run)["service_account"] == "default"
    server.until(run, over)
    # It is that of all its pods, the server's own steps among them.
    if cluster := cluster_of_the_server():
        pods = cluster.list("pods", "-n", server.namespace, "-l", f"pipeline/runid={run}")
        assert {pod["spec"]["serviceAccountName"] for pod in pods} == {"default"}


def test_the_same_made_twice_is_two_runs_and_the_first_is_found_by_its_name(
    server: Server, experiment: str
) -> None:
    name = f"twice-{uuid.uuid4().hex[:8]}"
    first = began(server, experiment, "fails", called=name)
    time.sleep(1.1)  # times are whole seconds
    second = began(server, experiment, "fails", called=name)

    assert first != second
    assert server.api().named(name) == first
    chosen = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    newest = server.ask(
        "/runs",
        namespace=server.namespace,
        filter=json.dumps({"predicates": [chosen]}),
        sort_by="created_at desc",
    )
    assert [run["run_id"] for run in newest["runs"]] == [second, first]
    assert server.api().named(f"{name}-never") is None
    for run in (first, second):
        server.until(run, over)


def test_an_experiment_is_made_once(server: Server) -> None:
    name = f"contract-{uuid.uuid4().hex[:8]}"

    first, second = server.api().experiment(name), server.api().experiment(name)

    assert first == second
    body = {"display_name": name, "namespace": server.namespace}
    assert server.http.post(f"{API}/experiments", json=body).status_code == 409


def test_a_run_of_no_experiment_is_refused(server: Server) -> None:
    with pytest.raises(KfpRefused) as refused:
        began(server, str(uuid.uuid4()), "fails")
    assert refused.value.status == 404


def test_whoever_has_no_token_is_refused(server: Server, tmp_path: Path) -> None:
    query = {"namespace": server.namespace}
    for headers in ({}, {"Authorization": f"Bearer {FORGED}"}):
        said = httpx.get(
            f"{server.endpoint}{API}/runs", params=query, headers=headers, trust_env=False
        )
        assert said.status_code == 401
    forged = tmp_path / "token"
    forged.write_text(FORGED)
    with pytest.raises(Unavailable, match="401"):  # it may be one that is renewed in a moment
        server.api(token_file=forged).runs([str(uuid.uuid4())])


def test_a_token_for_somebody_else_is_refused(
    server: Server, asked_cluster: Cluster, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(asked_cluster.kubectl("-n", server.namespace, "create", "token", "default"))

    with pytest.raises(Unavailable, match="401"):
        server.api(token_file=token).runs([str(uuid.uuid4())])


def test_rights_of_a_group_do_not_count(
    server: Server, asked_cluster: Cluster, tmp_path: Path
) -> None:
    """Why the service's account is named in the RoleBinding itself."""
    here, name = server.namespace, f"group-{uuid.uuid4().hex[:8]}"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "challenge-service"}
    group = f"system:serviceaccounts:{here}"
    meta = {"name": name, "namespace": here}
    asked_cluster.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": role,
            "subjects": [{"kind": "Group", "name": group, "apiGroup": "rbac.authorization.k8s.io"}],
        },
    )
    try:
        account = f"system:serviceaccount:{here}:{name}"
        attributes = {
            "group": "pipelines.kubeflow.org", "resource": "runs", "verb": "list", "namespace": here
        }  # fmt: skip
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": account, "groups": [group], "resourceAttributes": attributes},
        }
        may = asked_cluster.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review))
        token = tmp_path / "token"
        made = ("-n", here, "create", "token", name, f"--audience={AUDIENCE}")
        token.write_text(asked_cluster.kubectl(*made))
        with pytest.raises(Unavailable, match="403"):
            server.api(token_file=token).runs([str(uuid.uuid4())])
        assert json.loads(may)["status"]["allowed"]  # Kubernetes itself would let it
    finally:
        asked_cluster.kubectl("-n", here, "delete", "rolebinding,serviceaccount", name)


def test_another_namespace_is_refused(server: Server) -> None:
    assert server.http.get(f"{API}/runs", params={"namespace": FOREIGN}).status_code == 403
    with pytest.raises(Unavailable, match="403"):
        server.api(FOREIGN).experiment("contract")


def test_a_header_that_names_a_user_is_believed_and_wins(server: Server) -> None:
    """Why a network policy stands in front of the server, and we never hand on headers."""
    payload = server.token.split(".")[1]
    user = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]
    query = {"namespace": server.namespace}

    def status(**headers: str) -> int:
        return httpx.get(
            f"{server.endpoint}{API}/runs", params=query, headers=headers, trust_env=False
        ).status_code

    believed = {"kubeflow-userid": user}
    assert status(**believed) == 200
    nobody = {"kubeflow-userid": "nobody@example.org"}
    assert status(Authorization=f"Bearer {server.token}", **nobody) == 403


def test_logs_are_for_everybody(server: Server, experiment: str) -> None:
    """Why nothing secret is ever printed by a step."""
    run = began(server, experiment, "fails")
    done = server.until(run, over)[-1]
    nodes = {
        child["pod_name"]
        for task in done["run_details"]["task_details"]
        for child in task.get("child_tasks", [])
    }

    # Nor does the cache's own route ask who one is.
    tasks = httpx.get(f"{server.endpoint}/apis/v1alpha1/tasks", trust_env=False)
    assert tasks.status_code == 200
    for node in [*nodes, "nonsense"]:
        said = httpx.get(
            f"{server.endpoint}/apis/v1alpha1/runs/{run}/nodes/{node}/log", trust_env=False
        )
        assert said.status_code == 200
