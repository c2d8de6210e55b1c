"""jupyter challenge storage: for who writes a storage.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from click.testing import CliRunner

from jupyter_challenge.cli.group import challenge

EXAMPLE = Path(__file__).parents[2] / "deploy" / "hub" / "storage.yaml"


def told(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(challenge, ["storage", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_the_example_is_well_and_rendered_for_somebody() -> None:
    assert "is well." in told("validate", str(EXAMPLE))
    assert json.loads(told("validate", str(EXAMPLE), "--json")) == []

    said = yaml.safe_load(told("render", str(EXAMPLE), "--user", "jo", "--group", "curators"))

    assert said["environment"]["CHALLENGE_S3"] == "s3://lab/jo/"
    assert "readOnly" not in said["volume_mounts"]["challenge-storage-shared-sky"]
    other = yaml.safe_load(told("render", str(EXAMPLE)))
    assert other["volume_mounts"]["challenge-storage-shared-sky"]["readOnly"] is True


def test_mistakes_are_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "storage.yaml"
    file.write_text("home:\n  size: large\n")

    assert f'{file}:2:9: size: "large" is not a size' in told("validate", str(file), code=1)
    (problem,) = json.loads(told("validate", str(file), "--json", code=1))
    assert problem["line"] == 2
    assert "The storage has 1 mistake." in told("render", str(file), code=1)
