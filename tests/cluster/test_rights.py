"""What the platform's accounts may do at the API server: what is named here, and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.cluster.kubectl import Cluster
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
    """No secret, no command in a pod, no right for somebody else is in any of these."""
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
