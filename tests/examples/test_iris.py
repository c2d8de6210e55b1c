import csv
import json
import os
import runpy
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from jupyter_challenge.core.notebook import read_notebook
from jupyter_challenge.core.run import EvaluationSpec
from jupyter_challenge.core.splitting import split_labels
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.steps.scoring import evaluate

IRIS = Path(str(files("jupyter_challenge") / "examples" / "iris"))
MADE = ["data/train.csv", "data/test.csv", "data/sample/test.csv", "data/sample/labels.csv",
        "hidden/labels.csv", "baselines/stump.csv"]  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_generator_makes_the_same_bytes(tmp_path):
    runpy.run_path(str(IRIS / "generate.py"))["generate"](tmp_path)
    made = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert made == sorted(MADE)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (IRIS / name).read_bytes(), name


def test_the_data_is_all_of_iris_once_and_ids_tell_nothing():
    train, test = rows(IRIS / "data/train.csv"), rows(IRIS / "data/test.csv")
    labels = {row["id"]: row["species"] for row in rows(IRIS / "hidden/labels.csv")}
    assert (len(train), len(test)) == (90, 60)
    assert [row["id"] for row in test] == list(labels) and "species" not in test[0]
    from sklearn.datasets import load_iris

    iris = load_iris()
    wanted = sorted(
        (*(f"{x:.1f}" for x in sizes), iris.target_names[target])
        for sizes, target in zip(iris.data, iris.target, strict=True)
    )
    features = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    species = {row["id"]: row["species"] for row in train} | labels
    found = sorted((*(row[f] for f in features), species[row["id"]]) for row in train + test)
    assert found == wanted
    in_order = [species[each] for each in sorted(species)]
    changes = sum(a != b for a, b in zip(in_order, in_order[1:], strict=False))
    assert changes > 80  # two of three neighbours differ by chance; 2 would be the original order


@pytest.fixture(scope="module")
def starter(tmp_path_factory) -> Path:
    """Run the starter's code as a script where a run would, and return its predictions."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "output").mkdir()
    code = "\n".join(read_notebook(IRIS / "starter.ipynb").code)
    variables = {"CHALLENGE_INPUT": str(IRIS / "data"), "CHALLENGE_OUTPUT": str(folder / "output")}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env=os.environ | variables)
    return folder / "output" / "predictions.csv"


def accuracy(predictions: Path, ids: set[str] | None = None) -> float:
    """Count by hand, with none of our code."""
    truth = {row["id"]: row["species"] for row in rows(IRIS / "hidden/labels.csv")}
    guess = {row["id"]: row["species"] for row in rows(predictions)}
    ids = set(truth) if ids is None else ids
    return sum(truth[each] == guess[each] for each in ids) / len(ids)


def test_the_starters_score_is_its_true_accuracy_on_every_board(starter, tmp_path):
    challenge = load_challenge(IRIS)
    split = challenge.phases[0].split
    output = challenge.submission.output
    parts = split_labels(IRIS / "hidden/labels.csv", output, split, challenge.metrics)
    boards = {}
    for board, ids in (("public", parts.public), ("private", parts.private)):
        boards[board] = tmp_path / f"{board}.json"
        boards[board].write_text(json.dumps(ids))
    spec = EvaluationSpec(
        labels=IRIS / "hidden/labels.csv", output=output, metrics=challenge.metrics,
        boards=boards, digest="d",
    )  # fmt: skip
    result = evaluate(spec, starter)
    for board, ids in (("public", parts.public), ("private", parts.private)):
        assert len(ids) == 30
        assert result.boards[board]["accuracy"].value == pytest.approx(accuracy(starter, set(ids)))
    assert accuracy(starter) > 0.85


def test_the_baseline_is_an_honest_stump(starter):
    assert accuracy(IRIS / "baselines/stump.csv") == pytest.approx(2 / 3)
    assert accuracy(starter) > accuracy(IRIS / "baselines/stump.csv")


def test_the_starter_is_clean_and_takes_parameters():
    notebook = read_notebook(IRIS / "starter.ipynb")
    assert notebook.parameters == {"max_depth": 2, "seed": 0}
    assert notebook.challenge == "iris" and notebook.kernel == "python3"
    assert notebook.to_bytes() == (IRIS / "starter.ipynb").read_bytes()
    assert all(not cell.get("outputs") for cell in notebook.cells)
