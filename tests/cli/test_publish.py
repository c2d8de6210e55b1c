"""What publishing would change, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_challenge.cli.group import challenge
from tests.tiny import write_challenge


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run a command on a data folder of its own."""

    def call(*args: str, code: int = 0) -> str:
        result = CliRunner().invoke(challenge, [*args, "--data-dir", str(tmp_path / "data")])
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.mark.parametrize("command", [["publish", "--dry-run"], ["diff"]], ids=["dry run", "diff"])
def test_what_publishing_would_change(run, tmp_path: Path, command: list[str]) -> None:  # type: ignore[no-untyped-def]
    folder = write_challenge(tmp_path / "tiny")
    assert "A new challenge begins" in run(*command, str(folder))
    run("publish", str(folder))
    (folder / "README.md").write_text("Other words.\n")
    spec = folder / "challenge.yaml"
    spec.write_text(spec.read_text().replace("1 min", "2 min"))
    said = run(*command, str(folder))
    assert "* A run may use: time 1 min → 2 min." in said
    assert "  limits.time: 1 min → 2 min" in said
    assert "  -Tell odd from even." in said and "  +Other words." in said
    whole = json.loads(run(*command, str(folder), "--json"))
    assert whole["current"] and whole["digest"] != whole["current"]
    assert "Other words" not in run("show", "tiny")


def test_mistakes_are_told_with_their_places(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = write_challenge(tmp_path / "tiny", metrics=[{"name": "acuracy"}])
    said = run("diff", str(folder), code=1)
    assert "challenge.yaml:" in said and "nothing would be published" in said


def test_an_older_version_becomes_current_again(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = write_challenge(tmp_path / "tiny")
    run("publish", str(folder))
    (folder / "README.md").write_text("Other words.\n")
    run("publish", str(folder))
    assert [line.split()[-1] == "current" for line in run("versions", "tiny").splitlines()[1:]] == [
        True,
        False,
    ]
    said = run("versions", "tiny", "--make-current", "1").splitlines()
    assert not said[1].endswith("current") and said[2].endswith("current")
    assert "Other words" not in run("show", "tiny")
    assert "no version 7" in run("versions", "tiny", "--make-current", "7", code=2)
