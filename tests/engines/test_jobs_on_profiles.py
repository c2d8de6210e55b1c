"""The manifests of runs that chose a compute profile, or nothing where there are such."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.base import NoMachine
from jupyter_challenge.engines.jobs import Order
from tests.engines.manifests import SETTINGS, container, environment, pod

CATALOGUE = Catalogue.model_validate(
    {
        "images": {"amd64": "notebook:amd64", "arm64": "notebook:arm64"},
        "profiles": [
            {"id": "small", "name": "Small", "cpu": 1, "memory": "1 GB", "arch": "arm64"},
            {
                "id": "slice",
                "name": "A slice",
                "arch": "amd64",
                "accelerator": {
                    "vendor": "nvidia",
                    "resource": "nvidia.com/mig-1g.10gb",
                    "sharing": "mig",
                    "product_labels": {"nvidia.com/mig.strategy": "mixed"},
                },
                "shm": "1 GiB",
                "tolerations": [{"key": "nvidia.com/gpu"}],
            },
        ],
    }
)
OFFERED = replace(SETTINGS, catalogue=CATALOGUE)


def test_a_run_on_a_slice_asks_for_it_and_goes_where_it_is(order: Order) -> None:
    wanted = replace(order, profile="slice", gpu=4)
    job = jobs.run_job(wanted, OFFERED)
    main, plain = container(job, "run"), container(jobs.run_job(order, SETTINGS), "run")

    assert pod(job)["nodeSelector"] == {
        "kubernetes.io/arch": "amd64",
        "nvidia.com/mig.strategy": "mixed",
    }
    assert pod(job)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert main["image"] == "notebook:amd64"
    assert main["resources"]["limits"] == {
        "cpu": "1500m",
        "memory": "3000000000",
        "nvidia.com/mig-1g.10gb": "1",
    }
    assert "NVIDIA_VISIBLE_DEVICES" not in environment(main)
    assert main["volumeMounts"] == [
        *plain["volumeMounts"],
        {"name": "shm", "mountPath": "/dev/shm"},
    ]
    assert pod(job)["volumes"][-1] == {
        "name": "shm",
        "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"},
    }
    label = {"challenge.jupyter.org/profile": "slice"}
    assert label.items() <= job["metadata"]["labels"].items()
    assert label.items() <= job["spec"]["template"]["metadata"]["labels"].items()
    # What it is evaluated with is what the challenge allows.
    assert json.loads(job["metadata"]["annotations"][jobs.ORDER]) == wanted.as_json()


def test_a_run_gets_no_more_than_its_profile_has(order: Order) -> None:
    main = container(jobs.run_job(replace(order, profile="small", gpu=1), OFFERED), "run")

    assert main["resources"]["limits"] == {"cpu": "1000m", "memory": "1000000000"}
    assert environment(main)["NVIDIA_VISIBLE_DEVICES"] == "void"


@pytest.mark.parametrize("profile", ["", "local"])
def test_a_run_that_chose_nothing_gets_the_first_profile(order: Order, profile: str) -> None:
    job = jobs.run_job(replace(order, profile=profile), OFFERED)
    assert pod(job)["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    own = jobs.run_job(replace(order, profile=profile, image="own@sha256:1"), OFFERED)
    assert container(own, "run")["image"] == "own@sha256:1"


def test_a_run_whose_profile_is_not_offered_any_more_goes_nowhere_else(order: Order) -> None:
    with pytest.raises(NoMachine, match="'h100'"):
        jobs.run_job(replace(order, profile="h100"), OFFERED)
    assert "nodeSelector" not in pod(jobs.run_job(replace(order, profile="h100"), SETTINGS))
