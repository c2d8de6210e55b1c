"""The shower example: 3-D grids, energies with uncertainties, an evaluation of its own."""

from __future__ import annotations

import csv
import runpy
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.notebook import read_notebook
from tests.examples.conftest import TakingPart, boards, evaluated

SHOWER = Path(str(files("jupyter_challenge") / "examples" / "shower"))
BASELINE = SHOWER / "baselines/boosting.csv"
MADE = ["data/train.npz", "data/test.npz", "data/sample/test.npz", "data/sample/labels.csv",
        "hidden/labels.csv"]  # fmt: skip


def column(path: Path, name: str) -> Any:
    """A column of a table, as numbers in the order of the ids."""
    with path.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["id"])
    return np.array([float(row[name]) for row in rows])


TRUTH, WEIGHT = (column(SHOWER / "hidden/labels.csv", name) for name in ("energy", "weight"))


def relative_crps(path: Path) -> float:
    """Compute the score by hand, with none of our code: integrate (F - step)² over the energy."""
    from scipy.integrate import trapezoid
    from scipy.stats import norm

    mean, sigma, truth = (
        v[:, None] for v in (column(path, "energy"), column(path, "sigma"), TRUTH)
    )
    reach = (8 * sigma + abs(truth - mean)) * np.linspace(0, 1, 1001)
    below = trapezoid(norm.cdf(truth - reach, mean, sigma) ** 2, reach, axis=1)
    above = trapezoid(norm.sf(truth + reach, mean, sigma) ** 2, reach, axis=1)
    return float(np.average((below + above) / TRUTH, weights=WEIGHT))


def test_the_generator_makes_the_same_bytes(tmp_path):
    runpy.run_path(str(SHOWER / "generate.py"))["generate"](tmp_path)
    made = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert made == sorted(MADE)
    for name in MADE:
        new, committed = tmp_path / name, SHOWER / name
        if name.endswith(".npz"):
            # What is packed, whatever bzip2 made of it.
            with zipfile.ZipFile(new) as one, zipfile.ZipFile(committed) as other:
                assert one.namelist() == other.namelist()
                for member in one.namelist():
                    assert one.read(member) == other.read(member), (name, member)
        else:
            assert new.read_bytes() == committed.read_bytes(), name


def test_the_data_is_what_the_description_says():
    train, test = np.load(SHOWER / "data/train.npz"), np.load(SHOWER / "data/test.npz")
    assert (train["cells"].shape, test["cells"].shape) == ((1600, 12, 12, 24), (800, 12, 12, 24))
    assert set(test) == {"id", "cells"}
    assert not set(test["id"].tolist()) & set(train["id"].tolist())
    energy = train["energy"]
    assert 5 <= energy.min() < energy.max() <= 100
    assert 0.4 < (train["kind"] == "photon").mean() < 0.6
    assert pytest.approx(5, rel=1e-2) == (WEIGHT * TRUTH)
    every = np.concatenate([train["cells"], test["cells"]])
    assert every[every > 0].min() >= 7, "nothing below the threshold of 7.5 MeV but what is rounded"
    middle = every[:, 3:9, 3:9, 4:12].sum(axis=0)
    assert 0.01 < (middle == 0).mean() < 0.06, "dead cells where every shower is"
    sizes = [(SHOWER / name).stat().st_size for name in MADE]
    assert sum(sizes) < 3_000_000


def test_the_physics_is_as_described():
    train = np.load(SHOWER / "data/train.npz")
    cells, energy = train["cells"].astype(float), train["energy"]
    photon = train["kind"] == "photon"
    along = cells.sum(axis=(1, 2))
    depth = along @ (np.arange(24) + 0.5) / along.sum(axis=1)
    slope, _ = np.polyfit(np.log(energy), depth, 1)
    assert 0.8 < slope < 1.1, "the depth grows with the logarithm of the energy"
    between = depth[photon].mean() - depth[~photon].mean()
    assert 1.8 < between < 2.8, "9/7 behind the conversion and 1 by the profile"
    # In the middle, where nothing leaks at the sides: a/sqrt(E) and a constant, by dead cells too.
    across = cells.sum(axis=3)
    edge = (across.sum(axis=(1, 2)) - across[:, 1:-1, 1:-1].sum(axis=(1, 2))) / across.sum(
        axis=(1, 2)
    )
    inner = edge < np.quantile(edge, 0.4)
    ratio = cells.sum(axis=(1, 2, 3)) / energy / 1000
    low, high = inner & (energy < 10), inner & (energy > 50)
    widths = [ratio[each].std() / ratio[each].mean() for each in (low, high)]
    assert 0.03 < widths[0] < 0.05 and widths[1] < 0.7 * widths[0]


@pytest.mark.parametrize("name", ["starter.ipynb", "baselines/boosting.ipynb"])
def test_the_notebooks_are_clean(name):
    notebook = read_notebook(SHOWER / name)
    assert notebook.challenge == "shower" and notebook.kernel == "python3"
    assert notebook.parameters
    assert notebook.to_bytes() == (SHOWER / name).read_bytes()
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.fixture(scope="module")
def mine(taking_part: Callable[[str], TakingPart]) -> TakingPart:
    return taking_part("shower")


def as_computed(mine: TakingPart, done: Any, least: float, most: float, tmp_path: Path) -> None:
    """Compare the boards with what the predictions file of the submission says."""
    by_hand = relative_crps(mine.client.predictions(done.id, tmp_path / "predictions.csv"))
    assert least < by_hand < most
    scores = boards(done, "relative_crps")
    assert {name: score.n for name, score in scores.items()} == {"public": 400, "private": 400}
    # The boards' weights differ a little, so the mean of the two is nearly that of all.
    assert np.mean([score.value for score in scores.values()]) == pytest.approx(by_hand, rel=0.01)
    for metric in ("relative_crps", "resolution", "coverage_error"):
        assert all(score.stderr and score.stderr > 0 for score in boards(done, metric).values())


def test_the_starter_is_tried_and_scored_as_computed(mine, tmp_path):
    tried, done = mine.tried_and_scored(mine.starter)
    assert tried.score is not None and tried.score.n == 100
    as_computed(mine, done, 0.0220, 0.0235, tmp_path)


def test_the_baselines_notebook_makes_its_predictions(mine, tmp_path):
    assert (mine.folder / "boosting.ipynb").is_file()
    done = mine.scored(mine.folder / "boosting.ipynb")
    as_computed(mine, done, 0.0198, 0.0208, tmp_path)
    made = tmp_path / "predictions.csv"
    for name in ("energy", "sigma"):
        # Trees of other versions of scikit-learn may differ a little.
        assert column(made, name) == pytest.approx(column(BASELINE, name), rel=0.2)
    assert relative_crps(made) == pytest.approx(relative_crps(BASELINE), rel=0.01)


def test_the_score_and_its_errors_are_right_on_all_rows():
    found = evaluated(SHOWER, BASELINE)
    assert found["relative_crps"].value == pytest.approx(relative_crps(BASELINE), rel=1e-5)
    energy, sigma = column(BASELINE, "energy"), column(BASELINE, "sigma")
    inside = np.average(np.abs(energy - TRUTH) <= sigma, weights=WEIGHT)
    assert found["coverage_error"].value == pytest.approx(abs(inside - 0.682689), abs=1e-5)
    relative = np.sort(np.repeat((energy - TRUTH) / TRUTH, np.rint(WEIGHT * 1000).astype(int)))
    low, high = np.quantile(relative, [0.158655, 0.841345])
    assert found["resolution"].value == pytest.approx((high - low) / 2, rel=0.02)


def test_the_standard_errors_are_what_other_showers_would_show():
    own = runpy.run_path(str(SHOWER / "evaluate.py"))
    energy, sigma = column(BASELINE, "energy"), column(BASELINE, "sigma")
    losses, relative = own["crps"](TRUTH, energy, sigma) / TRUTH, (energy - TRUTH) / TRUTH
    found = evaluated(SHOWER, BASELINE)
    random = np.random.default_rng(7)
    draws = [random.integers(0, 800, 800) for _ in range(400)]
    for name, values in (
        ("relative_crps", [np.average(losses[rows], weights=WEIGHT[rows]) for rows in draws]),
        ("resolution", [own["half_width"](relative[rows], WEIGHT[rows]) for rows in draws]),
    ):
        assert found[name].stderr == pytest.approx(np.std(values), rel=0.2), name


def write(path: Path, change: Callable[[list[list[str]]], object]) -> Path:
    """The baseline's predictions after a change of the rows."""
    with BASELINE.open(newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize(
    ("row", "at", "value", "words"),
    [
        pytest.param(3, 2, "0", '"sigma" must be above 0; in 1 of 800 rows it is not, '
                     "the first is id 0003", id="sigma of 0"),
        pytest.param(5, 2, "-1", '"sigma" must be above 0', id="negative sigma"),
        pytest.param(2, 1, "", '"energy" must be a finite number; in 1 of 800', id="no energy"),
        pytest.param(2, 1, "inf", '"energy" must be a finite number', id="infinite energy"),
        pytest.param(2, 1, "much", 'the column "energy" must hold numbers only', id="a word"),
        pytest.param(0, 2, "width", "has no column sigma; it has: id, energy, width",
                     id="another column"),
        pytest.param(1, 0, "0002", "1 more than once", id="an id twice"),
    ],
)  # fmt: skip
def test_wrong_predictions_are_refused_in_good_words(tmp_path, row, at, value, words):
    def change(rows: list[list[str]]) -> None:
        rows[row][at] = value

    with pytest.raises(RunFailed) as refused:
        evaluated(SHOWER, write(tmp_path / "predictions.csv", change))
    assert words in refused.value.detail


def test_the_participant_reads_these_words(mine, tmp_path):
    path = write(tmp_path / "predictions.csv", lambda rows: rows[3].__setitem__(2, "0"))
    assert "the first is id 0003" in mine.refused(path)
