import json
from pathlib import Path

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
