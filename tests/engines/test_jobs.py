"""The manifests of a run's Jobs: Pod Security's restricted rules, and what else keeps runs in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.engines import jobs
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.namespaces import namespace_objects
from tests.engines.manifests import SETTINGS, container, containers, environment, pod

RESTRICTED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
MAKERS = {"run": jobs.run_job, "evaluate": jobs.evaluate_job}


@pytest.fixture(params=["run", "evaluate"])
def job(request: pytest.FixtureRequest, order: Order) -> dict[str, Any]:
    return MAKERS[request.param](order, SETTINGS)


def test_the_pod_keeps_the_restricted_rules(job: dict[str, Any]) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    spec, secured = pod(job), pod(job)["securityContext"]

    assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & set(spec)
    assert secured["runAsNonRoot"] is True
    assert secured["runAsUser"] == secured["runAsGroup"] == 1000
    assert secured["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"sysctls", "seLinuxOptions", "appArmorProfile"} & set(secured)
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= RESTRICTED_VOLUMES
    for each in containers(job):
        context = each["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["privileged"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert context["runAsNonRoot"] is True
        assert set(context) == {
            "allowPrivilegeEscalation", "privileged", "capabilities", "readOnlyRootFilesystem",
            "runAsNonRoot",
        }  # fmt: skip
        assert "ports" not in each


def test_only_the_platforms_containers_hold_the_token(job: dict[str, Any]) -> None:
    step = job["metadata"]["labels"]["challenge.jupyter.org/step"]
    (token,) = [each["projected"] for each in pod(job)["volumes"] if "projected" in each]
    holders = {
        each["name"] for each in containers(job)
        if any(mount["name"] == "token" for mount in each["volumeMounts"])
    }  # fmt: skip

    assert holders == {"run": {"prepare", "upload"}, "evaluate": {"fetch", "upload"}}[step]
    (source,) = token["sources"]
    assert source["serviceAccountToken"]["audience"] == f"{step}-gateway"
    assert pod(job)["automountServiceAccountToken"] is False
    assert pod(job)["enableServiceLinks"] is False
    assert pod(job)["serviceAccountName"] == step


def test_no_token_of_ours_is_in_the_pods_spec(job: dict[str, Any]) -> None:
    for each in containers(job):
        assert set(environment(each)) <= {
            "CHALLENGE_ABOUT", "CHALLENGE_GATEWAY", "HOME", "TMPDIR", "NVIDIA_VISIBLE_DEVICES"
        }  # fmt: skip
        assert "envFrom" not in each
    assert not {"secret", "persistentVolumeClaim"} & {
        kind for volume in pod(job)["volumes"] for kind in volume
    }


def test_what_a_step_writes_never_runs_beside_the_token(job: dict[str, Any]) -> None:
    """A home or a temporary folder that the step can write to would bring its modules along."""
    for each in containers(job):
        assert each["command"][:2] == ["python3", "-I"]
        assert each["workingDir"] == "/"
        mounts = {mount["name"] for mount in each["volumeMounts"]}
        if "token" in mounts:
            assert environment(each)["HOME"] == "/nonexistent"
            assert mounts == {"run", "token"}


def test_there_is_no_resolver_and_one_name(job: dict[str, Any]) -> None:
    assert pod(job)["dnsPolicy"] == "None"
    assert pod(job)["dnsConfig"] == {"nameservers": ["127.0.0.1"]}
    assert pod(job)["hostAliases"] == [{"ip": "10.96.0.9", "hostnames": ["challenge-gateway"]}]


def test_an_address_needs_no_name(order: Order) -> None:
    settings = replace(SETTINGS, gateway_url="http://10.96.0.9:8791", gateway_address="")
    assert pod(jobs.run_job(order, settings))["hostAliases"] == []


def test_the_upload_comes_after_the_step_is_dead(job: dict[str, Any]) -> None:
    """A sidecar: told to end by the kubelet once the containers beside it have ended."""
    prepare, upload = pod(job)["initContainers"]
    assert "restartPolicy" not in prepare
    assert upload["name"] == "upload"
    assert upload["restartPolicy"] == "Always"


def test_limits_are_those_of_the_challenge(order: Order) -> None:
    run, evaluate = (maker(order, SETTINGS) for maker in MAKERS.values())
    for each in (container(run, "run"), container(evaluate, "evaluate")):
        assert each["resources"] == {
            "limits": {"cpu": "1500m", "memory": "3000000000"},
            "requests": {"cpu": "1500m", "memory": "3000000000"},
        }
    volumes = {each["name"]: each for each in pod(run)["volumes"]}
    # Beside what the run may write: its data, its output, the platform's copies.
    expected = 1_000_000 + 500 + order.output + jobs.OWN_VOLUME
    assert volumes["run"] == {"name": "run", "emptyDir": {"sizeLimit": str(expected)}}
    wall = 1_000_000 + jobs.OWN_VOLUME
    assert volumes["tmp"] == {"name": "tmp", "emptyDir": {"sizeLimit": str(wall)}}


def test_promising_cores_twice_asks_for_half(order: Order) -> None:
    run = jobs.run_job(order, replace(SETTINGS, cpu_overcommit=2.0))
    resources = container(run, "run")["resources"]
    assert resources["requests"]["cpu"] == "750m"
    assert resources["limits"]["cpu"] == "1500m"


@pytest.mark.parametrize(("gpus", "devices"), [(0, "void"), (1, None)])
def test_gpus_are_given_or_taken_back(order: Order, gpus: int, devices: str | None) -> None:
    run = jobs.run_job(replace(order, gpu=gpus), SETTINGS)
    assert environment(container(run, "run")).get("NVIDIA_VISIBLE_DEVICES") == devices
    limits = container(run, "run")["resources"]["limits"]
    assert limits.get("nvidia.com/gpu") == (str(gpus) if gpus else None)
    for name in ("prepare", "upload"):
        assert environment(container(run, name))["NVIDIA_VISIBLE_DEVICES"] == "void"
    evaluate = jobs.evaluate_job(replace(order, gpu=gpus), SETTINGS)
    assert environment(container(evaluate, "evaluate"))["NVIDIA_VISIBLE_DEVICES"] == "void"


def test_the_deadline_is_the_pods_and_leaves_time_to_hand_in(order: Order) -> None:
    run, evaluate = (pod(maker(order, SETTINGS)) for maker in MAKERS.values())
    assert run["activeDeadlineSeconds"] == 90 + 300
    assert evaluate["activeDeadlineSeconds"] == 90 + 300
    short = replace(order, seconds=5.0)
    assert pod(jobs.evaluate_job(short, SETTINGS))["activeDeadlineSeconds"] == 60 + 300
    # 100 MB of predictions, twice 2 MB of notebook, twice 1 MB of log, at 5 MB/s.
    assert order.output == 106_000_000
    assert run["terminationGracePeriodSeconds"] == 30 + 22


def test_a_job_is_tried_once_under_one_name(order: Order) -> None:
    run = jobs.run_job(order, SETTINGS)
    assert run["metadata"]["name"] == f"run-{order.run_id}"
    assert jobs.job_name("run", "r", 2) == "run-r-2"
    assert run["spec"]["backoffLimit"] == 0
    assert pod(run)["restartPolicy"] == "Never"


def test_labels_say_whose_it_is(job: dict[str, Any], order: Order) -> None:
    marked = job["spec"]["template"]["metadata"]["labels"]
    assert marked == job["metadata"]["labels"]
    assert {key.removeprefix("challenge.jupyter.org/"): value for key, value in marked.items()} == {
        "app.kubernetes.io/managed-by": "jupyter-challenge",
        "step": job["metadata"]["name"].split("-")[0],
        "run": "run-1",
        "attempt": "1",
        "challenge": "small",
        "team": "team-1",
        "submission": "submission",
        "source": "notebook",
    }
    assert Order(**json.loads(job["metadata"]["annotations"][jobs.ORDER])) == order


def test_each_job_is_in_its_own_namespace(order: Order) -> None:
    assert jobs.run_job(order, SETTINGS)["metadata"]["namespace"] == "challenge-run-small"
    evaluate = jobs.evaluate_job(order, SETTINGS)["metadata"]["namespace"]
    assert evaluate == "challenge-evaluation"


def test_long_ids_have_namespaces_of_their_own() -> None:
    one, other = (jobs.run_namespace("challenge-run-", "x" * 62 + end) for end in "ab")
    assert one != other
    assert max(len(one), len(other)) <= 63


def test_participant_code_has_the_notebooks_image_and_only_it(order: Order) -> None:
    run = jobs.run_job(order, SETTINGS)
    images = {each["name"]: each["image"] for each in containers(run)}
    assert images == {"prepare": "steps:1", "upload": "steps:1", "run": "notebook:1"}
    predictions = replace(order, kind=SubmissionKind.PREDICTIONS.value)
    assert container(jobs.run_job(predictions, SETTINGS), "run")["image"] == "steps:1"
    evaluation = jobs.evaluate_job(order, SETTINGS)
    assert {each["image"] for each in containers(evaluation)} == {"steps:1"}


def test_a_runtime_class_is_set_where_it_is_configured(order: Order) -> None:
    assert "runtimeClassName" not in pod(jobs.run_job(order, SETTINGS))
    sandboxed = replace(SETTINGS, runtime_class="gvisor")
    for maker in MAKERS.values():
        assert pod(maker(order, sandboxed))["runtimeClassName"] == "gvisor"


def test_a_namespace_is_restricted_and_reaches_only_the_gateway() -> None:
    made = namespace_objects("challenge-run-x", "run", SETTINGS)
    assert [resource for resource, _ in made] == [
        "namespaces", "serviceaccounts", "networkpolicies"
    ]  # fmt: skip
    (_, namespace), (_, account), (_, policy) = made
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["name"] == "run"
    assert policy["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {
                            "matchLabels": {"kubernetes.io/metadata.name": "jupyter-challenge"}
                        },
                        "podSelector": {"matchLabels": {"app.kubernetes.io/component": "gateway"}},
                    }
                ],
                "ports": [{"protocol": "TCP", "port": 8791}],
            }
        ],
    }


IMAGE = "registry.example.org/team/model@sha256:" + "5a" * 32


@pytest.fixture
def own_program(order: Order) -> dict[str, Any]:
    return jobs.run_job(replace(order, kind="container", image=IMAGE), SETTINGS)


def test_a_submitted_image_runs_its_own_program_as_hardened_as_a_notebook(
    order: Order, own_program: dict[str, Any]
) -> None:
    main, notebook = container(own_program, "run"), container(jobs.run_job(order, SETTINGS), "run")

    assert main["image"] == IMAGE
    assert not {"command", "args", "workingDir"} & set(main)
    for same in ("resources", "securityContext", "imagePullPolicy"):
        assert main[same] == notebook[same]
    assert environment(main) == {
        **environment(notebook),
        "CHALLENGE_INPUT": "/challenge/work/input",
        "CHALLENGE_OUTPUT": "/challenge/work/output",
        "CHALLENGE_STATE": "/challenge/work/state",
    }


def test_a_submitted_image_sees_nothing_of_what_the_platform_keeps(
    own_program: dict[str, Any],
) -> None:
    """What it could write there would be taken for the platform's word."""
    parts = {
        mount["mountPath"]: mount["subPath"]
        for mount in container(own_program, "run")["volumeMounts"]
        if mount["name"] == "run"
    }
    assert parts == {
        "/challenge/work": "work", "/challenge/home": "home", "/challenge/tmp": "tmp",
    }  # fmt: skip


def test_the_sidecar_of_a_submitted_image_sees_all_that_it_may_write_to(
    order: Order, own_program: dict[str, Any]
) -> None:
    """Nothing of ours is before that program that could measure it."""

    def writable(manifest: dict[str, Any], name: str) -> set[str]:
        mounts = container(manifest, name)["volumeMounts"]
        return {mount["name"] for mount in mounts if not mount.get("readOnly")}

    assert writable(own_program, "run") == {"run", "tmp"}
    assert writable(own_program, "upload") == {"run", "tmp"}
    assert writable(jobs.run_job(order, SETTINGS), "upload") == {"run"}


def test_a_submitted_image_starts_once_the_sidecar_hears_its_end(
    order: Order, own_program: dict[str, Any]
) -> None:
    waits = container(own_program, "upload")["lifecycle"]["postStart"]["exec"]["command"]

    assert "/challenge/ready" in waits[-1]
    assert "lifecycle" not in container(jobs.run_job(order, SETTINGS), "upload")


def test_a_notebook_runs_in_the_image_that_its_submission_names(order: Order) -> None:
    job = jobs.run_job(replace(order, image=IMAGE), SETTINGS)

    assert container(job, "run")["image"] == IMAGE
    assert container(job, "run")["command"][0] == "python3"


VOLUMES = [
    {"claim": "higgs", "path": "v3/train", "target": "train"},
    {"claim": "higgs", "path": "v3/test.csv", "target": "test.csv"},
]


def test_data_on_a_volume_is_seen_by_the_step_alone_and_never_written_to(order: Order) -> None:
    job = jobs.run_job(replace(order, volumes=VOLUMES), SETTINGS)

    claims = [each["persistentVolumeClaim"] for each in pod(job)["volumes"][3:]]
    assert claims == [{"claimName": "higgs", "readOnly": True}] * 2
    seen = {
        mount["mountPath"]: (each["name"], mount["subPath"], mount["readOnly"])
        for each in containers(job)
        for mount in each["volumeMounts"]
        if mount["name"].startswith("data-")
    }
    assert seen == {
        "/challenge/work/input/train": ("run", "v3/train", True),
        "/challenge/work/input/test.csv": ("run", "v3/test.csv", True),
    }


def test_an_evaluation_sees_no_volume(order: Order) -> None:
    job = jobs.evaluate_job(replace(order, volumes=VOLUMES), SETTINGS)

    assert {kind for each in pod(job)["volumes"] for kind in each} == {
        "name", "emptyDir", "projected",
    }  # fmt: skip


@pytest.fixture
def with_data_image(order: Order) -> dict[str, Any]:
    files = [{"path": "data/train", "target": "train"}, {"path": "t.csv", "target": "test.csv"}]
    return jobs.run_job(
        replace(order, data_image={"image": IMAGE, "size": 5_000, "files": files}), SETTINGS
    )


def test_a_data_image_runs_nothing_of_its_own_and_sees_nothing_of_the_run(
    with_data_image: dict[str, Any],
) -> None:
    names = [each["name"] for each in pod(with_data_image)["initContainers"]]
    data = container(with_data_image, "data")

    assert names == ["prepare", "data", "upload"]
    assert data["image"] == IMAGE
    assert data["command"][0] == "/challenge-tools/loader"
    (about,) = (json.loads(each) for each in data["command"] if each.startswith("{"))
    labels = with_data_image["metadata"]["labels"]
    assert about == {
        name: int(value) if name == "attempt" else value
        for name in ("submission", "run", "attempt", "challenge", "team")
        for value in [labels[f"challenge.jupyter.org/{name}"]]
    }
    assert data["command"][-6:] == [
        "/challenge-data", "5000", "data/train", "train", "t.csv", "test.csv"
    ]  # fmt: skip
    assert data["securityContext"] == container(with_data_image, "run")["securityContext"]
    assert {mount["mountPath"]: mount.get("readOnly", False) for mount in data["volumeMounts"]} == {
        "/challenge-tools": True, "/etc/ld.so.preload": True, "/challenge-data": False,
    }  # fmt: skip
    assert {name: environment(data)[name] for name in ("LD_PRELOAD", "LD_LIBRARY_PATH")} == {
        "LD_PRELOAD": "", "LD_LIBRARY_PATH": "",
    }  # fmt: skip
    assert environment(data)["NVIDIA_VISIBLE_DEVICES"] == "void"


def test_the_copies_are_the_steps_alone_to_read(with_data_image: dict[str, Any]) -> None:
    copies = {
        each["name"]: mount
        for each in containers(with_data_image)
        for mount in each["volumeMounts"]
        if mount["name"] == "data-copies" and each["name"] != "data"
    }
    assert set(copies) == {"run"}
    mounts = [
        mount for mount in container(with_data_image, "run")["volumeMounts"]
        if mount["name"] == "data-copies"
    ]  # fmt: skip
    assert all(mount["readOnly"] for mount in mounts)
    assert {mount["mountPath"]: mount["subPath"] for mount in mounts} == {
        "/challenge/work/input/train": "train", "/challenge/work/input/test.csv": "test.csv",
    }  # fmt: skip


def test_an_evaluation_has_nothing_of_a_data_image(order: Order) -> None:
    image = {"image": IMAGE, "size": 5_000, "files": [{"path": "t", "target": "train"}]}
    assert (
        jobs.evaluate_job(replace(order, data_image=image), SETTINGS)["spec"]
        == (jobs.evaluate_job(order, SETTINGS)["spec"])
    )
