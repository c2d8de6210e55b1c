"""What a cluster has to hold before anything of ours runs on it."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.cluster.kubectl import Cluster, probe_pod

SLEEP = ["sleep", "600"]
SERVE = ["probe", "serve", ":8080", "served"]


def deny_egress(namespace: str, **labels: str) -> dict[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny-egress", "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Egress"]},
    }


def service(namespace: str, name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
    }


def test_pod_without_egress_reaches_nothing(cluster: Cluster, namespace: str) -> None:
    cluster.apply(
        deny_egress(namespace, app="shut"),
        service(namespace, "web"),
        probe_pod(namespace, "web", SERVE, labels={"app": "web"}),
        probe_pod(namespace, "open", SLEEP),
        probe_pod(namespace, "shut", SLEEP, labels={"app": "shut"}),
    )
    cluster.wait(namespace, "condition=Ready", "pod/web", "pod/open", "pod/shut")
    web = cluster.get("pod", "web", namespace)["status"]
    api = cluster.get("service", "kubernetes", "default")["spec"]["clusterIP"]
    ways = {
        "pod": ["get", f"http://{web['podIP']}:8080/"],
        "service by name": ["get", "http://web/"],
        "name": ["dns", f"web.{namespace}.svc.cluster.local"],
        "API server": ["tcp", f"{api}:443"],
        "kubelet": ["tcp", f"{web['hostIP']}:10250"],
    }
    if metadata := os.environ.get("CLUSTER_METADATA"):  # the test cluster's stand-in
        ways["metadata of the cloud"] = ["get", f"http://{metadata}/"]

    def passes(pod: str, way: str) -> bool:
        return cluster.execute(namespace, pod, "probe", *ways[way]).returncode == 0

    passed = {}
    with ThreadPoolExecutor() as at_once:  # each that is shut takes its time to give up
        for pod in ("open", "shut"):
            found = at_once.map(partial(passes, pod), ways)
            passed[pod] = [way for way, did in zip(ways, found, strict=True) if did]

    assert passed == {"open": list(ways), "shut": []}


def test_pod_without_egress_has_none_in_its_first_instant(cluster: Cluster, namespace: str) -> None:
    cluster.apply(
        deny_egress(namespace, app="shut"),
        probe_pod(namespace, "web", SERVE, labels={"app": "web"}),
    )
    cluster.wait(namespace, "condition=Ready", "pod/web")
    address = cluster.get("pod", "web", namespace)["status"]["podIP"]
    script = f"for n in 1 2 3 4; do probe tcp {address}:8080; sleep 0.1; done; echo done"

    cluster.apply(probe_pod(namespace, "early", ["sh", "-c", script], labels={"app": "shut"}))
    cluster.wait(namespace, "jsonpath={.status.phase}=Succeeded", "pod/early")

    said = cluster.logs(namespace, "early").splitlines()
    assert said[-1] == "done"
    assert [line.split()[0] for line in said[:-1]] == ["FAIL"] * 4


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"hostNetwork": True}, id="host-network"),
        pytest.param({"hostPID": True}, id="host-processes"),
        pytest.param({"securityContext": {}}, id="root"),
        pytest.param(
            {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, id="folder-of-the-host"
        ),
    ],
)
def test_restricted_namespace_refuses(
    cluster: Cluster, namespace: str, spec: dict[str, object]
) -> None:
    pod = probe_pod(namespace, "greedy", SLEEP, **spec)

    done = cluster.try_kubectl("apply", "-f", "-", stdin=json.dumps(pod))

    assert done.returncode != 0
    assert 'violates PodSecurity "restricted' in done.stderr


def test_limits_end_or_hold_what_goes_beyond_them(cluster: Cluster, namespace: str) -> None:
    many = "n=0; while [ $n -lt 1500 ]; do sleep 30 & n=$((n+1)); done; echo all of them"
    cluster.apply(
        probe_pod(
            namespace,
            "memory",
            ["probe", "mem", "200"],
            container={"resources": {"limits": {"memory": "64Mi"}}},
        ),
        probe_pod(namespace, "time", SLEEP, activeDeadlineSeconds=3),
        probe_pod(namespace, "processes", ["sh", "-c", many]),
    )
    failed = "jsonpath={.status.phase}=Failed"
    cluster.wait(namespace, failed, "pod/memory", "pod/time", "pod/processes")

    memory = cluster.get("pod", "memory", namespace)["status"]["containerStatuses"][0]
    assert memory["state"]["terminated"]["reason"] == "OOMKilled"
    assert cluster.get("pod", "time", namespace)["status"]["reason"] == "DeadlineExceeded"
    assert "can't fork" in cluster.logs(namespace, "processes")


def test_token_of_a_pod_names_it_and_is_for_one_audience(cluster: Cluster, namespace: str) -> None:
    source = {"serviceAccountToken": {"audience": "here", "path": "token"}}
    cluster.apply(
        probe_pod(
            namespace,
            "bearer",
            SLEEP,
            container={"volumeMounts": [{"name": "token", "mountPath": "/token"}]},
            volumes=[{"name": "token", "projected": {"sources": [source]}}],
        )
    )
    cluster.wait(namespace, "condition=Ready", "pod/bearer")
    token = cluster.execute(namespace, "bearer", "cat", "/token/token").stdout

    def review(audience: str) -> dict[str, object]:
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [audience]},
        }
        answer = cluster.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(asked))
        status: dict[str, object] = json.loads(answer)["status"]
        return status

    user = review("here")["user"]
    assert isinstance(user, dict)
    assert user["username"] == f"system:serviceaccount:{namespace}:default"
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["bearer"]
    uid = cluster.get("pod", "bearer", namespace)["metadata"]["uid"]
    assert user["extra"]["authentication.kubernetes.io/pod-uid"] == [uid]
    assert not review("elsewhere").get("authenticated", False)
