"""The commands as a whole: names, help, errors, what they import."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_challenge.cli.group import COMMANDS, challenge

DOCS = Path(__file__).parents[2] / "docs/participants/cli.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(challenge, [name, "--help"])
    assert shown.exit_code == 0
    assert f"Usage: challenge {name}" in shown.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert f"`{name}" in DOCS.read_text()


def test_no_help_text_is_cut_short() -> None:
    shown = CliRunner().invoke(challenge, ["--help"], terminal_width=80)
    listed = shown.output.split("Commands:")[1]
    assert "..." not in listed


def test_a_name_that_is_nearly_right() -> None:
    shown = CliRunner().invoke(challenge, ["submitt"])
    assert shown.exit_code == 2
    assert "Did you mean submit?" in shown.output


@pytest.mark.parametrize("arguments", [["submit"], ["get"], ["list", "--state", "never"]], ids=str)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(challenge, arguments).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    shown = CliRunner().invoke(challenge, ["completion", shell])
    assert shown.exit_code == 0
    assert "_JUPYTER_CHALLENGE_COMPLETE" in shown.output


def test_completion_completes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_challenge.cli"],
        env={
            "_JUPYTER_CHALLENGE_COMPLETE": "bash_complete",
            "COMP_WORDS": "jupyter-challenge lead",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "leaderboard" in done.stdout


def test_asking_for_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; "
        "from jupyter_challenge.cli.group import challenge; "
        "CliRunner().invoke(challenge, ['--help']); "
        "print([m for m in ('httpx', 'pandas', 'fastapi', 'sqlalchemy', 'numpy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
