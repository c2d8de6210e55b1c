import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from jupyter_challenge.cli.group import challenge
from tests.tiny import write_challenge, write_predictions


def run(*arguments: str) -> str:
    done = CliRunner().invoke(challenge, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_profiles_and_an_unknown_one(challenge_data_dir: Path, tmp_path: Path) -> None:
    limits = {"cpu": 1, "memory": "900 TB"}
    run("publish", str(write_challenge(tmp_path / "organiser", limits=limits)))
    run("enter", "tiny")
    told = run("profiles", "list", "tiny")
    assert "local" in told
    assert "free now" in told
    assert "of memory" in told  # what the machine has not
    (profile,) = json.loads(run("profiles", "list", "tiny", "--json"))
    assert profile["environments"]["python3"]["packages"]["ipykernel"]

    file = write_predictions(tmp_path / "predictions.csv")
    arguments = ["submit", str(file), "--challenge", "tiny", "--profile", "h100"]
    refused = CliRunner().invoke(challenge, arguments)
    assert refused.exit_code == 1
    assert "Choose one of: local." in refused.output


EXAMPLE = Path(__file__).parents[2] / "deploy" / "profiles.yaml"


def fails(*arguments: str, code: int = 1) -> str:
    done = CliRunner().invoke(challenge, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


def test_the_catalogue_is_checked_shown_and_rendered() -> None:
    file = ("--file", str(EXAMPLE))
    assert "is well. Its profiles: cpu, t4" in run("profiles", "validate", str(EXAMPLE))
    assert json.loads(run("profiles", "validate", str(EXAMPLE), "--json")) == []
    table = run("profiles", "show", *file)
    assert "1 nvidia.com/mig-1g.10gb (mig)" in table
    assert "deep-learning, organisers" in table
    one = yaml.safe_load(run("profiles", "show", "a100", *file))
    assert one["profiles"][0]["memory"] == "128 GiB"
    assert json.loads(run("profiles", "show", "a100", "--json", *file))["profiles"][0]["cpu"] == 16
    everything = yaml.safe_load(run("profiles", "show", "--yaml", *file))
    assert len(everything["profiles"]) == 10

    entries = yaml.safe_load(run("profiles", "render", "t4", "--as", "kubespawner", *file))
    assert [entry["slug"] for entry in entries] == ["t4"]
    training = ("--as", "trainjob", "--nodes", "3", "--runtime", "jax")
    (job,) = yaml.safe_load_all(run("profiles", "render", "h100", *training, *file))
    assert (job["spec"]["trainer"]["numNodes"], job["spec"]["runtimeRef"]["name"]) == (3, "jax")
    jobs = list(yaml.safe_load_all(run("profiles", "render", "--as", "job", *file)))
    assert {job["kind"] for job in jobs} == {"Job"}
    assert len(jobs) == 10


def test_mistakes_in_the_catalogue_are_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text("profiles:\n  - id: cpu\n    name: CPU\n    cpu: many\n")
    told = fails("profiles", "validate", str(file))
    assert f"{file}:4:10: cpu: must be a number" in told
    assert "1 mistake in" in told
    (problem,) = json.loads(fails("profiles", "validate", str(file), "--json"))
    assert (problem["line"], problem["fix"]) == (4, "write a number")
    shown = fails("profiles", "show", "--file", str(file))
    assert "The compute profiles have 1 mistake." in shown
    assert "There are: cpu, t4" in fails(
        *("profiles", "render", "x", "--as", "job", "--file", str(EXAMPLE)), code=3
    )


def test_without_a_file_the_configured_catalogue_is_meant(
    challenge_data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "set ClusterConfig.profiles" in fails("profiles", "show", code=2)
    assert "set ClusterConfig.profiles" in fails("profiles", "validate", code=2)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    settings = tmp_path / "jupyter_challenge_config.json"
    settings.write_text(json.dumps({"ClusterConfig": {"profiles": str(EXAMPLE)}}))
    assert "h100-1g" in run("profiles", "show")
    assert "is well" in run("profiles", "validate")
    nodes = {name: {"quota": {"cpu": "8", "memory": "32Gi"}} for name in ("old", "older")}
    settings.write_text(json.dumps({"ClusterConfig": {"queues": True, "queue_nodes": nodes}}))
    moved = yaml.safe_load(run("profiles", "show", "--yaml"))
    assert [each["id"] for each in moved["profiles"]] == ["old", "older"]
    assert moved["first_free"] is True
