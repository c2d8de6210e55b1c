"""What the platform's accounts may do at the API server: what is named here, and nothing else."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.engines.jobs import OWN, ClusterSettings
from jupyter_challenge.engines.namespaces import namespace_objects
from tests.cluster.conftest import RESTRICTED
from tests.cluster.kubectl import Cluster, Manifest
from tests.cluster.platform import EVALUATION, NAMESPACE, RUNS, Platform

pytestmark = pytest.mark.timeout(300)

RUN = f"{RUNS}anything"
KUEUE, VISIBLE = "kueue.x-k8s.io", "visibility.kueue.x-k8s.io"
EVERYWHERE: dict[str, dict[str, str]] = {
    f"{NAMESPACE}:challenge-service": {
        "namespaces": "create get",
        "serviceaccounts": "create get",
        "networkpolicies.networking.k8s.io": "create get update",
        "jobs.batch": "create delete get list watch",
        "pods": "get list watch",
        "pods/log": "get",
        "events": "list watch",
        f"clusterqueues.{KUEUE}": "create get list update",
        f"localqueues.{KUEUE}": "create delete get update",
        f"workloads.{KUEUE}": "list",
        f"clusterqueues/pendingworkloads.{VISIBLE}": "get",
    },
    f"{NAMESPACE}:challenge-gateway": {
        "tokenreviews.authentication.k8s.io": "create",
        "pods": "get",
    },
    f"{RUN}:run": {},
    f"{EVALUATION}:evaluate": {},
}
SERVICE = f"system:serviceaccount:{NAMESPACE}:challenge-service"
COURIERS = Path(__file__).parents[2] / "deploy" / "couriers" / "rights.yaml"
BOUNDS = {"service", "namespaces", "queues"}
IN_ITS_OWN = {f"{NAMESPACE}:challenge-service": {"services challenge-gateway": "get"}}


def rights(cluster: Cluster, account: str, namespace: str) -> dict[str, str]:
    """The verbs of an account by resource and, where it is bound to one, its name."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    said = cluster.kubectl(
        *("create", "--validate=false", "-f", "-", "-o", "json"),
        *("--as", f"system:serviceaccount:{account}"),
        stdin=json.dumps(review),
    )
    status = json.loads(said)["status"]
    assert not status.get("incomplete"), status
    found: dict[str, set[str]] = {}
    for rule in status["resourceRules"]:
        for resource in rule["resources"]:
            kind, slash, below = resource.partition("/")
            for group in rule["apiGroups"]:
                what = f"{kind}{slash}{below}" + (f".{group}" if group else "")
                for name in rule.get("resourceNames") or [""]:
                    found.setdefault(f"{what} {name}".strip(), set()).update(rule["verbs"])
    for rule in status["nonResourceRules"]:
        for path in rule.get("nonResourceURLs") or []:
            found.setdefault(path, set()).update(rule["verbs"])
    return {what: " ".join(sorted(verbs)) for what, verbs in found.items()}


@pytest.mark.parametrize("account", EVERYWHERE)
def test_an_account_may_do_what_is_written_here_and_nothing_else(
    platform: Platform, account: str
) -> None:
    """No secret, no command in a pod, no right for somebody else is in any of these.

    Roles say what, also in kube-system; where, admission says (below).
    """
    cluster, expected = platform.cluster, EVERYWHERE[account]
    for namespace in (NAMESPACE, EVALUATION, RUN, "kube-system"):
        of_all = rights(cluster, "kube-system:is-not-there", namespace)
        mine = rights(cluster, account, namespace)
        assert of_all.items() <= mine.items()
        own = {what: verbs for what, verbs in mine.items() if of_all.get(what) != verbs}
        here = IN_ITS_OWN.get(account, {}) if namespace == NAMESPACE else {}
        assert own == {**expected, **here}, namespace


def test_what_every_account_may_do_is_no_more_than_to_ask_about_itself(platform: Platform) -> None:
    of_all = rights(platform.cluster, "kube-system:is-not-there", NAMESPACE)
    kinds = {what for what in of_all if not what.startswith("/")}
    assert {what.partition(".")[2] for what in kinds} <= {
        "authorization.k8s.io", "authentication.k8s.io"
    }, of_all  # fmt: skip
    assert {of_all[what] for what in kinds} <= {"create"}


def by_the_service(
    cluster: Cluster, verb: str, *objects: Manifest, dry: bool = True
) -> subprocess.CompletedProcess[str]:
    """What the API server answers the service's account; where it is dry, nothing is done."""
    items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    dryly = ("--dry-run=server",) if dry else ()
    loosely = ("--validate=false",) if verb != "delete" else ()
    return cluster.try_kubectl(
        *(verb, *loosely, "-f", "-", "-o", "name", "--as", SERVICE, *dryly),
        stdin=json.dumps(items),
    )


def written(namespace: str) -> list[Manifest]:
    """One of each kind that the service makes in a namespace."""
    meta = {"name": "of-the-service", "namespace": namespace}
    main = {"name": "main", "image": "cluster.test/probe:1"}
    job = {"template": {"spec": {"restartPolicy": "Never", "containers": [main]}}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    specs: dict[tuple[str, str], dict[str, object]] = {
        ("batch/v1", "Job"): {"spec": job},
        ("v1", "ServiceAccount"): {},
        ("networking.k8s.io/v1", "NetworkPolicy"): {"spec": {"podSelector": {}}},
        ("v1", "PersistentVolumeClaim"): {"spec": claim},
        (f"{KUEUE}/v1beta2", "LocalQueue"): {"spec": {"clusterQueue": "any"}},
    }
    return [
        {"apiVersion": version, "kind": kind, "metadata": meta, **rest}
        for (version, kind), rest in specs.items()
    ]


@pytest.fixture
def run_namespace(platform: Platform) -> Iterator[str]:
    """A namespace as the service makes it, made by its account."""
    settings = ClusterSettings("http://10.96.0.9:8791", "10.96.0.9", "steps:1", "notebook:1")
    name = f"{RUNS}{uuid.uuid4().hex[:8]}"
    objects = [manifest for _, manifest in namespace_objects(name, "run", settings)]
    try:
        made = by_the_service(platform.cluster, "create", *objects, dry=False)
        assert made.returncode == 0, made.stderr
        yield name
    finally:
        platform.cluster.kubectl(
            *("delete", "namespace", name, "--ignore-not-found", "--wait=false")
        )


def test_the_service_writes_where_runs_are_and_nowhere_else(
    platform: Platform, namespace: str, run_namespace: str
) -> None:
    """`namespace` is one that nobody's runs are in, hardened or not."""
    cluster = platform.cluster
    cluster.kubectl("apply", "-f", str(COURIERS))  # who may make claims too
    try:
        for where in ("kube-system", "default", NAMESPACE, namespace):
            said = by_the_service(cluster, "create", *written(where))
            refused = said.stderr.count(f"the namespace {where} is not one of jupyter-challenge's")
            assert (refused, said.stdout) == (len(written(where)), ""), said.stderr
        said = by_the_service(cluster, "create", *written(run_namespace))
    finally:
        cluster.kubectl("delete", "-f", str(COURIERS))
    assert (said.returncode, len(said.stdout.split())) == (0, len(written(run_namespace))), said


def test_the_service_changes_and_ends_nothing_elsewhere(
    platform: Platform, namespace: str, run_namespace: str
) -> None:
    cluster = platform.cluster
    theirs = cluster.list("networkpolicies", "-n", NAMESPACE)[0]
    assert "is not one of" in by_the_service(cluster, "replace", theirs).stderr
    ours = cluster.list("networkpolicies", "-n", run_namespace)[0]
    assert by_the_service(cluster, "replace", ours).returncode == 0
    for where, sentence in ((namespace, "is not one of"), (run_namespace, "")):
        job, *_ = written(where)
        cluster.apply({**job, "spec": {**job["spec"], "suspend": True}})
        said = by_the_service(cluster, "delete", job)
        assert sentence in said.stderr
        assert bool(said.returncode) is bool(sentence), said


NAMESPACES: dict[str, tuple[str, dict[str, str], str]] = {
    "of runs": (f"{RUNS}another", RESTRICTED, ""),
    "of others": ("kube-another", RESTRICTED, f"is called {EVALUATION}, or begins with {RUNS}"),
    "like the platform's": (f"{NAMESPACE}-2", RESTRICTED, "is called challenge-evaluation"),
    "for any kind of pods": (f"{RUNS}another", OWN, "carries the label pod-security"),
    "for privileged ones": (
        f"{RUNS}another",
        {"pod-security.kubernetes.io/enforce": "privileged"},
        "carries the label pod-security",
    ),
}


@pytest.mark.parametrize("case", NAMESPACES)
def test_a_namespace_that_the_service_makes_is_one(platform: Platform, case: str) -> None:
    name, labels, sentence = NAMESPACES[case]
    metadata = {"name": name, "labels": labels}
    said = by_the_service(
        platform.cluster, "create", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    )
    assert sentence in said.stderr
    assert bool(said.returncode) is bool(sentence)


def test_a_queue_of_a_cluster_is_the_services_own(platform: Platform) -> None:
    cluster = platform.cluster
    queue = {
        "apiVersion": f"{KUEUE}/v1beta2", "kind": "ClusterQueue",
        "metadata": {"name": "of-rights"}, "spec": {"namespaceSelector": {}},
    }  # fmt: skip
    marked = {**queue, "metadata": {"name": "of-rights", "labels": OWN}}
    assert "carries the label" in by_the_service(cluster, "create", queue).stderr
    assert by_the_service(cluster, "create", marked).returncode == 0
    cluster.apply(queue)
    try:
        theirs = cluster.get("clusterqueue", "of-rights", "default")
        theirs["metadata"]["labels"] = OWN
        assert "carries the label" in by_the_service(cluster, "replace", theirs).stderr
    finally:
        cluster.kubectl("delete", "clusterqueue", "of-rights")


def test_all_that_the_service_may_write_is_bounded(platform: Platform) -> None:
    """Whoever gives it a right more has to say where."""
    bounded: set[str] = set()
    for policy in platform.cluster.list("validatingadmissionpolicies"):
        if policy["metadata"]["name"].removeprefix("jupyter-challenge-") in BOUNDS:
            for rule in policy["spec"]["matchConstraints"]["resourceRules"]:
                assert {*rule["operations"]} == {"CREATE", "UPDATE", "DELETE"}
                group = f".{rule['apiGroups'][0]}".rstrip(".")
                bounded |= {f"{resource}{group}" for resource in rule["resources"]}
    writes = {
        what
        for what, verbs in EVERYWHERE[f"{NAMESPACE}:challenge-service"].items()
        if {"create", "update", "patch", "delete"} & {*verbs.split()}
    }
    assert writes | {"persistentvolumeclaims"} == bounded
