"""The example's profiles as KubeSpawner and Kubernetes are told of them, beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_challenge.core.compute import Catalogue, ComputeProfile, load_catalogue
from jupyter_challenge.core.compute.rendering import RENDERERS, bytes_text, rendered

EXAMPLE = Path(__file__).parents[3] / "deploy" / "profiles.yaml"
RENDERED = Path(__file__).with_name("rendered")
OPTIONS: dict[str, dict[str, Any]] = {"trainjob": {"nodes": 2}}


@pytest.mark.parametrize("kind", RENDERERS)
def test_each_example_is_rendered_as_it_stands_here(kind: str) -> None:
    made = rendered(load_catalogue(EXAMPLE), kind, **OPTIONS.get(kind, {}))

    documents = list(yaml.safe_load_all((RENDERED / f"{kind}.yaml").read_text("utf-8")))
    known = documents[0] if kind == "kubespawner" else documents
    assert made == known, (
        f"`jupyter challenge profiles render --as {kind} --file deploy/profiles.yaml` "
        "(--nodes 2 for trainjob) says what it is now"
    )
    assert len(made) == 10


def one(kind: str, **said: Any) -> Any:
    catalogue = Catalogue(profiles=[ComputeProfile(id="x", name="X", **said)])
    return rendered(catalogue, kind)[0]


def test_what_is_not_said_is_left_to_the_hub_and_the_cluster() -> None:
    entry = one("kubespawner")
    assert entry["kubespawner_override"] == {
        "extra_labels": {"challenge.jupyter.org/profile": "x"},
        "environment": {"NVIDIA_VISIBLE_DEVICES": "void"},
    }
    assert one("trainjob")["spec"].keys() == {"runtimeRef", "trainer"}
    assert one("job")["spec"]["template"]["spec"]["containers"] == [
        {"name": "main", "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]}
    ]


def test_names_are_safe_in_the_hubs_page() -> None:
    entry = one("kubespawner", description="<b>fast</b>")
    assert entry["description"] == "&lt;b&gt;fast&lt;/b&gt;"


def test_a_priority_is_that_of_the_queue_where_there_is_one() -> None:
    label = "kueue.x-k8s.io/priority-class"
    queued = one("kubespawner", queue="q", priority="high")["kubespawner_override"]
    assert queued["extra_labels"][label] == "high"
    assert "priority_class_name" not in queued
    plain = one("kubespawner", priority="high")["kubespawner_override"]
    assert (label in plain["extra_labels"], plain["priority_class_name"]) == (False, "high")
    assert one("job", priority="high")["spec"]["template"]["spec"]["priorityClassName"] == "high"


@pytest.mark.parametrize(
    ("by", "required", "expected"),
    [
        ("kueue", True, "kueue.x-k8s.io/podset-required-topology"),
        ("kueue", False, "kueue.x-k8s.io/podset-preferred-topology"),
        ("affinity", True, "requiredDuringSchedulingIgnoredDuringExecution"),
        ("affinity", False, "preferredDuringSchedulingIgnoredDuringExecution"),
    ],
)
def test_nodes_of_a_training_job_are_near_each_other(
    by: str, required: bool, expected: str
) -> None:
    job = one("trainjob", topology={"label": "example.org/rack", "required": required, "by": by})
    (patch,) = job["spec"]["runtimePatches"]
    (node,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    pod = node["template"]["spec"]["template"]
    if by == "kueue":
        assert pod["metadata"]["annotations"] == {expected: "example.org/rack"}
    else:
        assert list(pod["spec"]["affinity"]["podAffinity"]) == [expected]


@pytest.mark.parametrize(
    ("number", "text"),
    [(1 << 40, "1Ti"), (3 << 30, "3Gi"), (5 * 10**9, "5G"), (1 << 20, "1Mi"), (1234, "1234")],
)
def test_amounts_of_memory_are_written_as_in_kubernetes(number: int, text: str) -> None:
    assert bytes_text(number) == text
