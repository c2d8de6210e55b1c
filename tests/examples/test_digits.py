"""The digits example: images, predictions as npz, a network as the baseline."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.notebook import read_notebook
from tests.examples.conftest import TakingPart, boards, evaluated

ROOT = Path(__file__).parent.parent.parent
DIGITS = Path(str(files("jupyter_challenge") / "examples" / "digits"))
MADE = ["data/train.npz", "data/test.npz", "data/sample/test.npz", "data/sample/labels.npz",
        "hidden/labels.npz"]  # fmt: skip


def load(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


TRUTH = load(DIGITS / "hidden/labels.npz")
GOOD = load(DIGITS / "baselines/network.npz")


def count(predictions: Path) -> tuple[int, float]:
    """Count by hand, with none of our code: right answers, and the log loss of all images."""
    given = load(predictions)
    place = {each: i for i, each in enumerate(given["id"].tolist())}
    rows = [place[each] for each in TRUTH["id"].tolist()]
    sure = given["probability"][rows, TRUTH["digit"]]
    losses = -np.log(np.clip(sure, 1e-6, 1 - 1e-6))
    return int((given["digit"][rows] == TRUTH["digit"]).sum()), float(losses.mean())


def test_the_generator_makes_the_same_bytes(tmp_path):
    runpy.run_path(str(DIGITS / "generate.py"))["generate"](tmp_path)
    made = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert made == sorted(MADE)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (DIGITS / name).read_bytes(), name


def test_the_data_is_all_of_the_digits_once_and_ids_tell_nothing():
    from sklearn.datasets import load_digits

    train, test = load(DIGITS / "data/train.npz"), load(DIGITS / "data/test.npz")
    assert set(test) == {"id", "image"} and test["id"].tolist() == TRUTH["id"].tolist()
    assert (len(train["id"]), len(test["id"])) == (1197, 600)
    assert np.bincount(TRUTH["digit"]).tolist() == [60] * 10
    digits = load_digits()
    pairs = zip(digits.images, digits.target, strict=True)
    wanted = sorted((image.astype(int).tolist(), int(digit)) for image, digit in pairs)
    images = np.concatenate([train["image"], test["image"]])
    answers = np.concatenate([train["digit"], TRUTH["digit"]])
    assert sorted((i.tolist(), int(d)) for i, d in zip(images, answers, strict=True)) == wanted
    ids = np.concatenate([train["id"], test["id"]])
    in_order = answers[np.argsort(ids)]
    assert sorted(ids.tolist()) == [f"{n:04}" for n in range(1, 1798)]
    assert (in_order[1:] == in_order[:-1]).mean() < 0.15, "one of ten neighbours is alike by chance"


def test_the_sample_is_of_the_training_data():
    train = load(DIGITS / "data/train.npz")
    known = dict(zip(train["id"].tolist(), train["digit"].tolist(), strict=True))
    sample = load(DIGITS / "data/sample/labels.npz")
    assert np.bincount(sample["digit"]).tolist() == [10] * 10
    assert [known[each] for each in sample["id"].tolist()] == sample["digit"].tolist()


@pytest.mark.parametrize("name", ["starter.ipynb", "baselines/network.ipynb"])
def test_the_notebooks_are_clean(name):
    notebook = read_notebook(DIGITS / name)
    assert notebook.challenge == "digits" and notebook.kernel == "python3"
    assert notebook.parameters
    assert notebook.to_bytes() == (DIGITS / name).read_bytes()
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.fixture(scope="module")
def mine(taking_part: Callable[[str], TakingPart]) -> TakingPart:
    return taking_part("digits")


def test_a_participant_gets_data_starter_and_the_baselines_notebook(mine):
    here = {p.relative_to(mine.folder).as_posix() for p in mine.folder.rglob("*") if p.is_file()}
    assert here == {
        "challenge.json", "input/train.npz", "input/test.npz", "network.ipynb", "starter.ipynb",
        "sample/test.npz", "sample/labels.npz",
    }  # fmt: skip
    assert mine.view.phase.public_rows == mine.view.phase.private_rows == 300


def as_counted(mine: TakingPart, done: Any, least: float, most: float, tmp_path: Path) -> None:
    """Compare the boards with what the predictions file of the submission says."""
    right, loss = count(mine.client.predictions(done.id, tmp_path / "predictions.npz"))
    accuracy, log_loss = boards(done, "accuracy"), boards(done, "log_loss")
    for scores in (accuracy, log_loss):
        assert {name: score.n for name, score in scores.items()} == {"public": 300, "private": 300}
        assert all(score.stderr and 0 < score.stderr < 0.1 for score in scores.values())
    assert sum(score.value for score in accuracy.values()) * 300 == pytest.approx(right, abs=0.04)
    assert sum(score.value for score in log_loss.values()) / 2 == pytest.approx(loss, abs=1e-4)
    assert least <= right / 600 <= most


def test_the_starter_is_tried_and_scored_as_counted(mine, tmp_path):
    tried, done = mine.tried_and_scored(mine.starter)
    assert [(score.board, score.n) for score in tried.scores if score.ranked] == [("public", 100)]
    assert tried.score is not None and tried.score.value > 0.95, "it has learned these images"
    as_counted(mine, done, 0.95, 0.97, tmp_path)


def test_the_baselines_predictions_are_scored_as_counted(mine, tmp_path):
    done = mine.scored(DIGITS / "baselines/network.npz")
    as_counted(mine, done, 0.97, 0.995, tmp_path)


def python_with_torch() -> str | None:
    """A Python that has PyTorch: the one of the tests, or that which .ci/torch makes."""
    for python in (sys.executable, str(ROOT / ".make/torch/bin/python")):
        tried = (
            subprocess.run([python, "-c", "import torch"], capture_output=True, check=False)
            if Path(python).exists()
            else None
        )
        if tried is not None and tried.returncode == 0:
            return python
    return None


@pytest.fixture
def torch_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs use a kernel that has PyTorch."""
    python = python_with_torch()
    if python is None:
        pytest.skip("PyTorch is not installed: run .ci/torch")
    folder = tmp_path / "jupyter/kernels/python3"
    folder.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python with PyTorch", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


def test_the_baselines_notebook_makes_its_predictions(mine, torch_kernel, tmp_path):
    done = mine.scored(mine.folder / "network.ipynb")
    as_counted(mine, done, 0.97, 0.995, tmp_path)
    assert "PyTorch" in mine.client.log(done.id, "run").text
    made = load(tmp_path / "predictions.npz")
    assert (made["digit"] == GOOD["digit"]).mean() > 0.97, "as far as versions of PyTorch agree"


def test_without_pytorch_the_notebook_says_how_to_install_it(mine, tmp_path, monkeypatch):
    nothing = tmp_path / "modules/torch.py"
    nothing.parent.mkdir()
    nothing.write_text("raise ModuleNotFoundError('No module named torch', name='torch')")
    inherited = os.environ.get("PYTHONPATH")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [str(nothing.parent), inherited]))
    )
    assert 'pip install "jupyter_challenge[torch]"' in mine.refused(mine.folder / "network.ipynb")


def wrong(**changes: Any) -> dict[str, Any]:
    """The baseline's arrays with changes; None takes an array out."""
    return {name: array for name, array in (GOOD | changes).items() if array is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"probability": GOOD["probability"][:, :9]},
                     '"probability" has 9 columns, there are 10 classes', id="nine classes"),
        pytest.param({"probability": GOOD["probability"].argmax(axis=1)},
                     "10 classes", id="one dimension"),
        pytest.param({"probability": GOOD["probability"][:, :, None]},
                     "must have one or two dimensions", id="three dimensions"),
        pytest.param({"probability": GOOD["probability"] * 2},
                     "are not between 0 and 1", id="no probabilities"),
        pytest.param({"probability": GOOD["probability"] / 2},
                     "do not add up to 1", id="half the probability"),
        pytest.param({"probability": GOOD["probability"][:-1]},
                     '"probability" of "predictions.npz" has 599 rows, "id" 600', id="a row short"),
        pytest.param({"digit": GOOD["probability"]},
                     '"digit" must have one value in each row', id="digits as probabilities"),
        pytest.param({"digit": None}, "has no column digit; it has: id, probability",
                     id="no digit"),
        pytest.param({"digit": GOOD["digit"].astype(object)},
                     '"digit" of "predictions.npz" holds Python objects', id="objects"),
        pytest.param({"digit": np.where(GOOD["digit"] == 3, np.nan, GOOD["digit"])},
                     '"digit" is NaN or empty in', id="not a number"),
        pytest.param({"id": GOOD["id"][::-1][:, None].repeat(2, axis=1)},
                     '"id" of "predictions.npz" must have one dimension', id="ids of two"),
        pytest.param({"id": np.arange(600)}, "of 600 ids in the test data", id="other ids"),
    ],
)  # fmt: skip
def test_wrong_arrays_are_refused_in_good_words(tmp_path, changes, words):
    path = tmp_path / "predictions.npz"
    np.savez(path, **wrong(**changes))
    with pytest.raises(RunFailed) as refused:
        evaluated(DIGITS, path)
    assert words in refused.value.detail


def test_the_participant_reads_these_words(mine, tmp_path):
    path = tmp_path / "predictions.npz"
    np.savez(path, **wrong(probability=GOOD["probability"][:, :9]))
    assert "has 9 columns, there are 10 classes" in mine.refused(path)


def test_other_orders_and_types_are_as_good(tmp_path):
    path = tmp_path / "predictions.npz"
    order = np.argsort(GOOD["id"])[::-1]
    np.savez_compressed(
        path, id=GOOD["id"][order], digit=GOOD["digit"][order].astype(np.float16),
        probability=np.asfortranarray(GOOD["probability"][order].astype(">f4")),
    )  # fmt: skip
    plain = evaluated(DIGITS, DIGITS / "baselines/network.npz")
    assert evaluated(DIGITS, path)["accuracy"] == plain["accuracy"]
