"""The gateway tells nobody anything but a run's own pod."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.platform import Platform, forwarded

pytestmark = pytest.mark.timeout(300)

ROUTES = [
    ("GET", "/run/spec"),
    ("GET", "/run/bundle"),
    ("GET", "/run/inputs"),
    ("GET", "/run/state"),
    ("POST", "/run/state"),
    ("POST", "/run/output"),
    ("GET", "/evaluate/spec"),
    ("GET", "/evaluate/predictions"),
    ("GET", "/evaluate/labels"),
    ("POST", "/evaluate/result"),
]
STEPS = [f"/step/{step}" for step in ("prepare", "run", "evaluate")]
"""For pods of Kubeflow Pipelines, of which this platform has none."""
AUDIENCES = {"run": "run-gateway", "evaluate": "evaluate-gateway"}
FORGED = (
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdC5zdmMuY2x1c3Rlci5sb2NhbCIsImF1ZCI6InJ1bi1n"
    "YXRld2F5In0.c2lnbmF0dXJl"
)


@pytest.fixture(scope="module")
def gateway(platform: Platform) -> Iterator[httpx.Client]:
    with (
        forwarded(platform.cluster, "challenge-gateway", 8791) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def no_token(cluster: Cluster, namespace: str, kind: str) -> str:
    return ""


def forged(cluster: Cluster, namespace: str, kind: str) -> str:
    return FORGED


def of_an_account(cluster: Cluster, namespace: str, kind: str) -> str:
    """A token for the gateway that is bound to no pod."""
    return cluster.kubectl(
        "-n", namespace, "create", "token", "default", f"--audience={AUDIENCES[kind]}"
    ).strip()


def of_another_audience(cluster: Cluster, namespace: str, kind: str) -> str:
    """A pod's token, but for the API server."""
    return of_a_pod(cluster, namespace, kind, audience="https://kubernetes.default.svc")


def of_a_foreign_pod(cluster: Cluster, namespace: str, kind: str) -> str:
    """A token for the gateway of a pod that calls itself one of a run's."""
    return of_a_pod(cluster, namespace, kind, audience=AUDIENCES[kind])


def of_a_pod(cluster: Cluster, namespace: str, kind: str, audience: str) -> str:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": kind, "namespace": namespace},
    }
    source = {"serviceAccountToken": {"audience": audience, "path": "token"}}
    cluster.apply(
        account,
        probe_pod(
            namespace,
            f"foreign-{kind}",
            ["sleep", "600"],
            labels={
                "challenge.jupyter.org/step": kind,
                "challenge.jupyter.org/run": "of-somebody-else",
                "challenge.jupyter.org/attempt": "1",
            },
            container={"volumeMounts": [{"name": "token", "mountPath": "/token"}]},
            serviceAccountName=kind,
            volumes=[{"name": "token", "projected": {"sources": [source]}}],
        ),
    )
    cluster.wait(namespace, "condition=Ready", f"pod/foreign-{kind}")
    return cluster.execute(namespace, f"foreign-{kind}", "cat", "/token/token").stdout.strip()


@pytest.mark.parametrize(
    ("token_of", "status"),
    [
        pytest.param(no_token, 401, id="no-token"),
        pytest.param(forged, 401, id="forged"),
        pytest.param(of_an_account, 401, id="bound-to-no-pod"),
        pytest.param(of_another_audience, 401, id="for-another-audience"),
        pytest.param(of_a_foreign_pod, 403, id="of-a-foreign-pod"),
    ],
)
def test_29_whoever_is_not_a_pod_of_a_run_is_refused(
    gateway: httpx.Client,
    cluster: Cluster,
    namespace: str,
    token_of: Callable[[Cluster, str, str], str],
    status: int,
) -> None:
    answers = {}
    for kind in AUDIENCES:
        token = token_of(cluster, namespace, kind)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for verb, route in ROUTES:
            if route.startswith(f"/{kind}/"):
                answer = gateway.request(verb, route, headers=headers)
                answers[verb, route] = answer.status_code
        for route in STEPS:
            assert gateway.post(route, headers=headers).status_code == 401

    assert answers == dict.fromkeys(ROUTES, status)
