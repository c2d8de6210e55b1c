"""From pressing Submit to the rank, against papermill of the same notebook in the same place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from benchmarks.servers import Server, jupyter
from benchmarks.timing import interleaved, report


def challenge_without_quota(target: Path) -> None:
    """Copy iris; a benchmark hands in more than a day's quota."""
    with as_file(files("jupyter_challenge") / "examples" / "iris") as example:
        shutil.copytree(example, target)
    written = yaml.safe_load((target / "challenge.yaml").read_text())
    for phase in written["phases"]:
        phase["quota"] = {"concurrent": 4}
    (target / "challenge.yaml").write_text(yaml.safe_dump(written))


def command(data: Path, *arguments: str) -> None:
    """Run `jupyter challenge`."""
    subprocess.run(
        [sys.executable, "-m", "jupyter_challenge.cli", *arguments],
        env={**os.environ, "JUPYTER_CHALLENGE_DATA_DIR": str(data)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def press_submit(server: Server, notebook: str) -> None:
    """Do what the Lab extension does from the button to the rank."""
    api = "/jupyter-challenge/api/v1"
    after = server.ask("GET", f"{api}/changes")["next"]
    submission = server.ask(
        "POST",
        "/jupyter-challenge/submit",
        {"path": notebook, "challenge": "iris", "idempotency_key": uuid.uuid4().hex},
    )
    while submission["state"] in ("queued", "running"):
        after = server.ask("GET", f"{api}/changes?after={after}&timeout=20")["next"]
        submission = server.ask("GET", f"{api}/submissions/{submission['id']}")
    if submission["state"] != "scored" or not submission["rank"]:
        raise RuntimeError(f"not ranked: {submission['failure'] or submission['state']}")


def main(rounds: int) -> None:
    """Measure with a running server and from a cold command line."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        challenge_without_quota(folder / "organiser")
        warm, cold = folder / "warm-data", folder / "cold-data"
        work = folder / "work"
        work.mkdir()
        for data in (warm, cold):
            command(data, "publish", str(folder / "organiser"))
            command(data, "enter", "iris", "--accept-terms")
            command(data, "get", "iris", str(work / "iris"))
        notebook = next((work / "iris").glob("*.ipynb"))

        def papermill() -> None:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "papermill",
                    "--no-progress-bar",
                    notebook.name,
                    "/dev/null",
                ],
                cwd=notebook.parent,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )

        with jupyter("server", work, warm) as (server, _):
            seconds = interleaved(
                {
                    "papermill": papermill,
                    "press Submit": lambda: press_submit(server, f"iris/{notebook.name}"),
                    "cold command line": lambda: command(cold, "submit", str(notebook)),
                },
                rounds,
            )
    report(
        seconds,
        "papermill",
        {"press Submit": "at most 1.0, better 0.5", "cold command line": "at most 1.6"},
    )
