"""The catalogue's profiles before a real API server, in Kubeflow Trainer and in Kueue's queues."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.compute import Catalogue, load_catalogue
from jupyter_challenge.core.compute.rendering import rendered
from jupyter_challenge.engines import jobs, queues
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.queue_settings import queue_settings
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import MADE_BY_THE_SERVICE

TRAINER = Path(__file__).parent / "kit" / "inside" / "trainer.sh"
EXAMPLE = Path(__file__).parents[2] / "deploy" / "profiles.yaml"
RUNTIME = {
    "apiVersion": "trainer.kubeflow.org/v1alpha1",
    "kind": "ClusterTrainingRuntime",
    "metadata": {
        "name": "torch-distributed",
        "labels": {"trainer.kubeflow.org/framework": "torch"},
    },
    "spec": {
        "mlPolicy": {"numNodes": 1, "torch": {}},
        "template": {
            "spec": {
                "replicatedJobs": [
                    {
                        "name": "node",
                        "template": {
                            "metadata": {
                                "labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
                            },
                            "spec": {
                                "template": {
                                    "spec": {"containers": [{"name": "node", "image": "torch:1"}]}
                                }
                            },
                        },
                    }
                ]
            }
        },
    },
}


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not in {seconds} s"
        time.sleep(0.5)


@pytest.fixture
def space(cluster: Cluster) -> Iterator[str]:
    """A namespace that nothing is forbidden in."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def trainer(cluster: Cluster) -> None:
    """Kubeflow Trainer: brought to the tests' own cluster; another one has it or not."""
    if "CLUSTER_METADATA" in os.environ:
        said = subprocess.run([TRAINER], capture_output=True, text=True, timeout=400, check=False)
        assert said.returncode == 0, said.stderr
    elif cluster.try_kubectl("get", "crd", "trainjobs.trainer.kubeflow.org").returncode:
        pytest.skip("needs Kubeflow Trainer in the cluster")


@pytest.fixture
def runtime(cluster: Cluster, trainer: None) -> Iterator[None]:
    """Trainer's runtime of the name that profiles are rendered for."""
    cluster.apply(RUNTIME)
    yield
    cluster.kubectl("delete", "clustertrainingruntime", "torch-distributed", "--wait=false")


@pytest.mark.timeout(500)
def test_every_rendered_job_is_one_that_the_api_server_takes(
    cluster: Cluster, space: str, runtime: None
) -> None:
    catalogue = load_catalogue(EXAMPLE)
    made = [*rendered(catalogue, "job"), *rendered(catalogue, "trainjob", nodes=2)]

    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    said = cluster.kubectl(
        *("-n", space, "create", "--dry-run=server", "--validate=strict", "-f", "-"), stdin=items
    )

    assert said.count("created (server dry run)") == len(made) == 20


@pytest.mark.timeout(500)
def test_a_training_job_has_on_its_nodes_what_its_profile_says(
    cluster: Cluster, space: str, runtime: None
) -> None:
    (job,) = rendered(load_catalogue(EXAMPLE), "trainjob", ["h100"], nodes=2)
    cluster.kubectl("-n", space, "create", "-f", "-", stdin=json.dumps(job))

    found: list[dict[str, Any]] = []
    until(lambda: bool(found.extend(cluster.list("jobsets", "-n", space)) or found))

    (node,) = found[0]["spec"]["replicatedJobs"]
    template = node["template"]["spec"]["template"]
    pod, (container,) = template["spec"], template["spec"]["containers"]
    assert found[0]["spec"]["suspend"] is True  # it waits in its queue, which is not there
    assert node["template"]["spec"]["completions"] == 2
    assert pod["nodeSelector"]["nvidia.com/gpu.product"] == "NVIDIA-H100-80GB-HBM3"
    assert {"key": "nvidia.com/gpu", "operator": "Exists"} in pod["tolerations"]
    assert pod["volumes"] == [
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "128Gi"}}
    ]
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]
    assert container["resources"]["limits"] == {
        "cpu": "96", "memory": "1Ti", "nvidia.com/gpu": "8", "rdma/rdma_shared_device_a": "1",
    }  # fmt: skip
    assert container["securityContext"]["capabilities"]["add"] == ["IPC_LOCK"]
    assert template["metadata"]["annotations"]["k8s.v1.cni.cncf.io/networks"] == "infiniband"
    (term,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"] == {
        "jobset.sigs.k8s.io/jobset-name": found[0]["metadata"]["name"]
    }


CATALOGUE = Catalogue.model_validate(
    {
        "profiles": [
            {"id": "pt-cpu", "name": "CPU", "quota": {"cpu": 1, "memory": "8Gi"}},
            {
                "id": "pt-gpu",
                "name": "GPU",
                "accelerator": {"vendor": "nvidia"},
                "node_labels": {"kubernetes.io/os": "linux"},
                "quota": {"cpu": 8, "memory": "8Gi", "nvidia.com/gpu": 2},
            },
        ]
    }
)
SETTINGS = ClusterSettings(
    gateway_url="http://challenge-gateway:8791",
    gateway_address="10.96.0.9",
    steps_image="not-there",
    notebook_image="not-there",
    run_namespace_prefix="test-profiles-",
    evaluation_namespace="test-profiles-evaluation",
    queues=queue_settings(CATALOGUE, {"cpu": "1", "memory": "1Gi"}, "test-profiles"),
    catalogue=CATALOGUE,
)


def order(profile: str, gpu: int = 0) -> Order:
    return Order(
        run_id=str(uuid.uuid4()), attempt=1, submission_id="s", challenge_id="iris",
        team_id="team", kind="notebook", seconds=600, cpu=0.9, memory=1_000_000, gpu=gpu,
        disk=1_000_000, volume=1_000_000, output=1_000, profile=profile,
    )  # fmt: skip


@pytest.fixture
def waiting(cluster: Cluster) -> Iterator[str]:
    """A namespace with the queues of the profiles."""
    if cluster.try_kubectl("get", "crd", "clusterqueues.kueue.x-k8s.io").returncode:
        pytest.skip("needs Kueue in the cluster")
    assert SETTINGS.queues is not None
    namespace = SETTINGS.run_namespace("iris")
    cluster.kubectl("create", "namespace", namespace)
    cluster.kubectl("label", "namespace", namespace, MADE_BY_THE_SERVICE)
    made = [
        *queues.installation(SETTINGS.queues, SETTINGS),
        *queues.of_run(SETTINGS.queues, namespace, queues.team_queue_name("team")),
    ]
    cluster.apply(*[manifest for _, manifest in made])
    yield namespace
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    for resource, manifest in reversed(made):
        if resource != "localqueues":
            name = manifest["metadata"]["name"]
            cluster.kubectl("delete", resource, name, "--wait=false", "--ignore-not-found")


def test_runs_get_the_nodes_of_their_profile_and_no_others(cluster: Cluster, waiting: str) -> None:
    wanted = [order("pt-gpu", gpu=1), order("pt-cpu"), order("pt-cpu")]
    for each in wanted:
        job = queues.queued(jobs.run_job(each, SETTINGS), each, "run", SETTINGS)
        cluster.kubectl("-n", waiting, "create", "-f", "-", stdin=json.dumps(job))

    def flavors() -> dict[str, dict[str, str]]:
        """What Kueue has given to whom, by resource."""
        given = {}
        for workload in cluster.list("workloads", "-n", waiting):
            owner = workload["metadata"]["ownerReferences"][0]["name"].removeprefix("run-")
            admission = (workload.get("status") or {}).get("admission")
            if admission:
                given[owner] = admission["podSetAssignments"][0]["flavors"]
        return given

    until(lambda: len(flavors()) == 2)
    gpu, *cpus = (each.run_id for each in wanted)
    given = flavors()
    assert set(given[gpu].values()) == {"challenge-pt-gpu"}
    (first,) = [name for name in cpus if name in given]
    assert set(given[first].values()) == {"challenge-pt-cpu"}
    # There is room on the other nodes, and the second waits all the same.
    time.sleep(5)
    assert flavors() == given
    cluster.kubectl("-n", waiting, "delete", "job", f"run-{first}")
    (second,) = set(cpus) - {first}
    until(lambda: second in flavors())
    assert set(flavors()[second].values()) == {"challenge-pt-cpu"}
