"""The commands one after the other, as people and scripts use them, on a real service."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jupyter_challenge.cli.group import challenge
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook, write_predictions

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder of its own; it must not break."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, code: int = 0, stdin: str | None = None) -> Result:
        done = CliRunner().invoke(challenge, list(arguments), input=stdin)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output or arguments[0] == "logs"
        return done

    return command


@pytest.fixture
def tiny(run: Run, tmp_path: Path) -> Path:
    """The tiny challenge, published and entered; the organiser's folder."""
    folder = write_challenge(tmp_path / "organiser")
    run("publish", str(folder))
    run("enter", "tiny")
    return folder


def test_a_template_works_as_it_is(run: Run) -> None:
    run("create", "flowers", "--title", "Flowers")
    assert "Flowers (flowers) is well." in run("validate", "flowers").output
    run("publish", "flowers")
    run("get", "flowers", "mine")
    (starter,) = Path("mine").glob("*.ipynb")
    refused = run("submit", str(starter), code=1)
    assert "jupyter challenge enter flowers --accept-terms" in refused.output
    run("enter", "flowers", "--accept-terms")
    assert "rank 1 of 1" in run("submit", str(starter)).output
    run("create", "flowers", code=1)


def test_mistakes_with_their_places(run: Run, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "organiser", metrics=[{"name": "acuracy"}], tilte="x")
    done = run("validate", str(folder), code=1)
    lines = done.output.splitlines()
    assert lines[-1].startswith("2 mistakes")
    for line in lines[:-1]:
        assert line.startswith("challenge.yaml:")
        assert " — " in line
    problems = json.loads(run("validate", str(folder), "--json", code=1).output)
    assert {p["line"] for p in problems} and all(p["fix"] for p in problems)
    refused = run("publish", str(folder), code=1)
    assert lines[0] in refused.output


def test_nothing_there_yet_says_what_to_do(run: Run) -> None:
    assert "jupyter challenge demo" in run("list").output
    assert "jupyter challenge submit" in run("status").output
    run("show", "none", code=3)
    run("status", "7", code=3)
    run("leaderboard", code=2)
    assert json.loads(run("list", "--json").output) == []


def test_taking_part(run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tiny" in run("list").output
    assert "50 of 50 left today" in run("show", "tiny").output
    assert "model.ipynb" in run("get", "tiny").output
    assert "has everything already" in run("get", "tiny").output
    monkeypatch.chdir("tiny")
    done = run("submit", "model.ipynb", "--note", "first")
    for step in ("prepare", "run", "evaluate"):
        assert f"✓ {step}" in done.output
    assert "Accuracy 0.5000   rank 1 of 1" in done.output
    write_predictions(Path("output/predictions.csv"), right=8)
    done = run("submit", "output/predictions.csv")
    assert "Accuracy 0.8000 (+0.3000 against your best)   rank 1 of 1" in done.output
    board = run("leaderboard").output
    assert "(you)" in board
    assert "0.8000" in board
    assert json.loads(run("leaderboard", "--json").output)["rows"][0]["values"] == {"accuracy": 0.8}
    assert "✓ scored" in run("status").output
    assert "first" in run("status", "#1").output
    sent = json.loads(run("status", "1", "--json").output)
    assert sent["number"] == 1
    listed = next(line for line in run("status").output.splitlines() if line.startswith("#1"))
    begins = listed.split()[-1]
    assert len(begins) < len(sent["id"])
    assert json.loads(run("status", begins, "--json").output)["id"] == sent["id"]
    assert run("logs", "1", "run").exit_code == 0
    # In this place whoever takes part organises too.
    verified = run("verify", "--top", "1", "--challenge", "tiny").output
    assert "#2 · predictions.csv" in verified
    assert "same       Accuracy 0.8000" in verified
    (again,) = json.loads(run("verify", sent["id"], "--json").output)
    assert (again["verdict"], again["submission"]) == ("same", sent["id"])
    assert run("leaderboard").output == board
    run("verify", code=2)
    run("export", "tiny", "-o", "all.zip")
    assert Path("all.zip").stat().st_size > 0


def test_a_failing_notebook(run: Run, tiny: Path, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", "x = 1", "modle.fit()")
    done = run("submit", str(notebook), "--challenge", "tiny", code=1)
    assert "✗ run" in done.output
    assert "Cell 2: NameError: name 'modle' is not defined" in done.output
    assert "jupyter challenge logs" in done.output
    assert "NameError: name 'modle'" in run("logs", "1").output
    run("status", "1", "--follow", code=1)


def test_a_try(run: Run, tiny: Path, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", WRITE_ALL_EVEN)
    done = run("try", str(notebook), "--challenge", "tiny")
    assert "Try" in done.output
    assert "Accuracy 0.5000" in done.output
    assert "Nobody has a score yet" in run("leaderboard", "tiny").output


def test_the_quota_is_used_up(run: Run, tmp_path: Path) -> None:
    phase = {"id": "main", "quota": {"per_day": 1}}
    run("publish", str(write_challenge(tmp_path / "organiser", phases=[phase])))
    file = str(write_predictions(tmp_path / "predictions.csv"))
    assert "You have entered Tiny" in run("submit", file, "--challenge", "tiny").output
    assert "Error:" in run("submit", file, "--challenge", "tiny", code=4).output


def test_terms_are_shown_and_accepted(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "organiser"
    write_challenge(folder, terms="TERMS.md")
    (folder / "TERMS.md").write_text("Be kind.\n")
    run("publish", str(folder))
    refused = run("enter", "tiny", code=1)
    assert "Be kind." in refused.output
    assert "--accept-terms" in refused.output
    run("enter", "tiny", "--accept-terms")


def test_a_service_that_is_not_there(run: Run) -> None:
    done = run("list", "--url", "http://127.0.0.1:9", code=5)
    assert "http://127.0.0.1:9 cannot be reached" in done.output
    run("list", "--url", "nonsense", code=1)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_challenge.cli", *arguments]


def test_interrupting_leaves_the_submission(run: Run, tiny: Path, tmp_path: Path) -> None:
    done_file = tmp_path / "done"
    notebook = write_notebook(
        tmp_path / "m.ipynb",
        f"import time, pathlib; pathlib.Path({str(done_file)!r} + '.begun').touch()",
        "time.sleep(2)",
        f"{WRITE_ALL_EVEN}\npathlib.Path({str(done_file)!r}).touch()",
    )
    with subprocess.Popen(
        command("submit", str(notebook), "--challenge", "tiny"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A runner in the background ignores Ctrl-C, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while not Path(f"{done_file}.begun").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        # What a terminal does at Ctrl-C: the whole foreground group is told.
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The submission goes on" in errors
    assert "Traceback" not in errors
    assert "rank 1 of 1" in run("status", "1", "--follow").output
    assert done_file.exists()


def test_detached_runs_outlive_the_command(run: Run, tiny: Path, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", "import time; time.sleep(1)", WRITE_ALL_EVEN)
    done = subprocess.run(
        command("submit", str(notebook), "--challenge", "tiny", "--detach", "--json"),
        capture_output=True,
        text=True,
        check=True,
    )
    sent = json.loads(done.stdout)
    assert sent["state"] == "running"
    assert "rank 1 of 1" in run("status", sent["id"], "--follow").output


def test_the_demo(tmp_path: Path) -> None:
    real = Path(os.environ["JUPYTER_CHALLENGE_DATA_DIR"])
    done = subprocess.run(
        command("demo", "--no-lab", "--folder", "demo"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "baseline" in done.stdout
    board = done.stdout[done.stdout.rindex("rank  move") :].splitlines()
    assert len(board) == 3, "one line for the columns, two teams"
    assert sum("(you)" in line for line in board) == 1
    assert not list(real.iterdir()), "the user's own data stays as it was"
