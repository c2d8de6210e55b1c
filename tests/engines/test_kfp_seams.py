"""What the engine relies on inside kfp, which promises none of it."""

import inspect
import json
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from kfp.dsl import executor_main
from kfp.local import subprocess_task_handler

from jupyter_challenge import pipeline
from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.engines.step_process import argument


def test_the_version_that_this_was_read_in() -> None:
    assert version("kfp").startswith("2.17.")


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        ("run_local_subprocess", ["full_command", "env_vars"]),
        ("replace_python_executable", ["full_command", "new_executable"]),
    ],
)
def test_what_is_replaced_is_there_and_called_by_name(function: str, parameters: list[str]) -> None:
    found = getattr(subprocess_task_handler, function)
    assert list(inspect.signature(found).parameters) == parameters
    source = inspect.getsource(subprocess_task_handler.SubprocessTaskHandler.run)
    assert f"{function}(" in source


def test_the_executor_logs_where_we_silence_it() -> None:
    assert "_setup_logging()" in inspect.getsource(executor_main.executor_main)


@pytest.mark.parametrize(
    ("kind", "tasks"),
    [
        (SubmissionKind.NOTEBOOK, {"prepare": [], "run": ["prepare"], "evaluate": ["run"]}),
        (SubmissionKind.PREDICTIONS, {"prepare": [], "evaluate": ["prepare"]}),
    ],
)
def test_the_graph_of_the_pipeline(kind: SubmissionKind, tasks: dict[str, list[str]]) -> None:
    spec = pipeline.pipeline_for(kind).pipeline_spec
    found = {name: list(task.dependent_tasks) for name, task in spec.root.dag.tasks.items()}
    assert found == tasks
    # Nothing but the run's key is ever a parameter, and nothing is decided on an output.
    assert list(spec.root.input_definitions.parameters) == ["run_key"]
    assert not any(task.trigger_policy.condition for task in spec.root.dag.tasks.values())


GATEWAY = "http://gateway:8791"


@pytest.mark.parametrize("kind", [SubmissionKind.NOTEBOOK, SubmissionKind.PREDICTIONS])
def test_a_cluster_has_the_same_graph_as_one_machine(kind: SubmissionKind) -> None:
    """Tasks, what each waits for, and the artifacts between them."""
    here = MessageToDict(pipeline.pipeline_for(kind).pipeline_spec)
    there = pipeline.following(kind, "steps:1", GATEWAY)

    for spec in (here, there):
        for task in spec["root"]["dag"]["tasks"].values():
            task.pop("cachingOptions")
        spec.pop("deploymentSpec")
    assert here == there


DATASET, METRICS = "system.Dataset", "system.Metrics"


@pytest.mark.parametrize(
    ("kind", "made", "used"),
    [
        pytest.param(
            SubmissionKind.NOTEBOOK,
            {
                "prepare": {"data": DATASET},
                "run": {"predictions": DATASET},
                "evaluate": {"metrics": METRICS},
            },
            {
                "prepare": {},
                "run": {"data": ("prepare", "data", DATASET)},
                "evaluate": {"predictions": ("run", "predictions", DATASET)},
            },
            id="notebook",
        ),
        pytest.param(
            SubmissionKind.PREDICTIONS,
            {"prepare": {"data": DATASET}, "evaluate": {"metrics": METRICS}},
            {"prepare": {}, "evaluate": {"predictions": ("prepare", "data", DATASET)}},
            id="predictions",
        ),
    ],
)
def test_each_artifact_has_a_type_and_a_step_that_it_comes_from(
    kind: SubmissionKind,
    made: dict[str, dict[str, str]],
    used: dict[str, dict[str, tuple[str, str, str]]],
) -> None:
    """The lineage that KFP draws: which data, which predictions of it, which metrics of them."""
    spec = pipeline.following(kind, "steps:1", GATEWAY)
    tasks = spec["root"]["dag"]["tasks"]
    parts = {name: spec["components"][each["componentRef"]["name"]] for name, each in tasks.items()}

    assert {name: _types(part, "outputDefinitions") for name, part in parts.items()} == made
    found: dict[str, dict[str, tuple[str, str, str]]] = {}
    for name, task in tasks.items():
        types = _types(parts[name], "inputDefinitions")
        comes = {
            key: each["taskOutputArtifact"]
            for key, each in task["inputs"].get("artifacts", {}).items()
        }
        assert types.keys() == comes.keys()
        found[name] = {
            key: (each["producerTask"], each["outputArtifactKey"], types[key])
            for key, each in comes.items()
        }
    assert found == used


def _types(part: dict[str, Any], side: str) -> dict[str, str]:
    artifacts = part.get(side, {}).get("artifacts", {})
    return {name: each["artifactType"]["schemaTitle"] for name, each in artifacts.items()}


def test_26_nothing_is_cached_and_steps_are_told_only_gateway_and_ids() -> None:
    spec = pipeline.following(SubmissionKind.NOTEBOOK, "steps:1", GATEWAY)

    tasks = spec["root"]["dag"]["tasks"]
    assert [task["cachingOptions"] for task in tasks.values()] == [{}, {}, {}]
    for executor in spec["deploymentSpec"]["executors"].values():
        container = executor["container"]
        assert container["image"] == "steps:1"
        assert container["env"] == [{"name": "CHALLENGE_GATEWAY", "value": GATEWAY}]
    about = {"submission": "s-1", "run": "r-1"}
    for executor in pipeline.concerning(spec, about)["deploymentSpec"]["executors"].values():
        gateway, whose = executor["container"]["env"]
        assert gateway["value"] == GATEWAY
        assert (whose["name"], json.loads(whose["value"])) == ("CHALLENGE_ABOUT", about)
    assert list(spec["root"]["inputDefinitions"]["parameters"]) == ["run_key"]


def test_one_task_can_follow_the_whole_run() -> None:
    spec = pipeline.following(SubmissionKind.PREDICTIONS, "steps:1", GATEWAY, one_step=True)

    assert list(spec["root"]["dag"]["tasks"]) == ["all-steps"]
    made = spec["components"]["comp-all-steps"]["outputDefinitions"]["artifacts"]
    assert {name: each["artifactType"]["schemaTitle"] for name, each in made.items()} == {
        "predictions": "system.Dataset",
        "metrics": "system.Metrics",
    }


def test_a_container_needs_a_cluster() -> None:
    with pytest.raises(ValueError, match="needs a cluster"):
        pipeline.pipeline_for(SubmissionKind.CONTAINER)


def test_the_command_of_a_task_has_the_parts_that_we_read() -> None:
    spec = pipeline.pipeline_for(SubmissionKind.NOTEBOOK).pipeline_spec
    container = spec.deployment_spec["executors"]["exec-run"]["container"]
    command = [*container["command"], *container["args"]]
    assert argument(command, "--function_to_execute") == "run"
    code = command[command.index("--executor_input") - 1]
    assert "def run(" in code and "_KFP_RUNTIME" in " ".join(command)


def test_what_is_kept_out_is_not_needed() -> None:
    code = (
        "import sys\n"
        "from jupyter_challenge.engines import lean\n"
        "lean.keep_out()\n"
        "import kfp.local, kfp.dsl.executor_main, nbclient, jupyter_challenge.pipeline\n"
        "print(sorted({'kubernetes', 'kfp_server_api', 'lark'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_server_that_has_an_engine_imports_none_of_it() -> None:
    code = (
        "import sys\n"
        "import jupyter_challenge.engines.local\n"
        "heavy = {'kfp', 'nbclient', 'nbformat', 'jupyter_client', 'zmq', 'pandas', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
