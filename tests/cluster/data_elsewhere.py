"""Challenges whose data is not in their folder, and a notebook that says what it sees of it."""

from __future__ import annotations

from pathlib import Path

from jupyter_challenge.client import Client
from jupyter_challenge.core.models import StepName, SubmissionState
from tests.tiny import ROWS, WRITE_ALL_EVEN, write_notebook

LIMITS = {"time": "1 min", "cpu": 1, "memory": "600 MB", "disk": "20 MB"}
PHASES = [{"id": "main", "ranked": True, "feedback": "full"}]
LABELS = {
    "labels": "data/labels.csv",
    "sample": {"test": "data/sample.csv", "labels": "data/sample_labels.csv"},
}
TEST = "id,x\n" + "".join(f"{row},{row}\n" for row in ROWS)
LOOK = """
import os
source = os.environ["CHALLENGE_INPUT"]
print("ROWS", open(source + "/test.csv").read().count("\\n") - 1)
print("TRAIN", sorted(os.listdir(source + "/train")))
for name in ("test.csv", "new.csv", "train/new.csv"):
    try:
        open(os.path.join(source, name), "w").write("id,x\\n")
    except OSError as error:
        print("WRITE", name, type(error).__name__, error.errno)
    else:
        print("WRITE", name, "done")
for line in open("/proc/self/mountinfo"):
    place, options = line.split()[4:6]
    if place.startswith(source + "/"):
        print("MOUNTED", place[len(source) + 1:], options.split(",")[0])
print("TOOLS", os.path.exists("/challenge-tools"), os.path.exists("/challenge-data"))
"""


def seen(team: Client, folder: Path, challenge: str) -> str:
    """What a run says of its data, all of which it has to see, and to need for its score."""
    notebook = write_notebook(folder / "model.ipynb", LOOK, WRITE_ALL_EVEN)
    done = team.wait(team.submit(notebook, challenge).id)
    assert done.state is SubmissionState.SCORED, done.failure
    assert [score.value for score in done.scores] == [0.5]
    said = team.log(done.id, StepName.RUN).text
    assert f"ROWS {len(ROWS)}" in said
    assert "TRAIN ['a', 'b']" in said
    return said


def seen_in_a_try(team: Client, folder: Path, challenge: str) -> str:
    """What a try says of it."""
    notebook = write_notebook(folder / "model.ipynb", LOOK, WRITE_ALL_EVEN)
    done = team.wait(team.try_out(notebook, challenge=challenge).id)
    assert done.state is SubmissionState.SCORED, done.failure
    return team.log(done.id, StepName.RUN).text


def handed_out(team: Client, folder: Path, challenge: str) -> list[str]:
    """The names of what is in the input folder that participants get."""
    got = team.get(challenge, folder / challenge)
    return sorted(path.name for path in (got.folder / "input").rglob("*"))
