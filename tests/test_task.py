"""`task`, as in Lab (folders beside the notebook) and as in a run (variables)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from jupyter_challenge import task

OUTPUT = {"file": "predictions.csv", "format": "csv", "id": "id", "columns": ["species"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A participant's folder that one works in."""
    (tmp_path / "input").mkdir()
    (tmp_path / "input/train.csv").write_text("id,x,species\n1,0.5,a\n2,0.6,b\n")
    (tmp_path / "input/test.csv").write_text("id,x\n07,0.5\n5,0.6\n6,0.7\n")
    describe(tmp_path, OUTPUT)
    monkeypatch.chdir(tmp_path)
    for name in ("INPUT", "OUTPUT", "STATE"):
        monkeypatch.delenv(f"CHALLENGE_{name}", raising=False)
    return tmp_path


def describe(folder: Path, output: dict[str, Any]) -> None:
    (folder / "challenge.json").write_text(json.dumps({"challenge": "x", "output": output}))


def test_tables_are_frames(folder: Path) -> None:
    assert task.train["species"].tolist() == ["a", "b"]
    assert task.test["id"].tolist() == ["07", "5", "6"]


def test_a_folder_with_one_table_is_that_table(folder: Path) -> None:
    (folder / "input/test.csv").unlink()
    (folder / "input/test").mkdir()
    pandas.DataFrame({"id": [3]}).to_parquet(folder / "input/test/rows.parquet")
    assert task.test["id"].tolist() == [3]


def test_anything_else_is_a_path(folder: Path) -> None:
    (folder / "input/train.csv").unlink()
    (folder / "input/train").mkdir()
    for name in ("1.png", "2.png"):
        (folder / "input/train" / name).touch()
    assert task.train == folder / "input/train"


def test_without_data_it_says_what_to_do(folder: Path) -> None:
    (folder / "input/train.csv").unlink()
    with pytest.raises(FileNotFoundError, match="jupyter challenge get"):
        _ = task.train


def test_in_a_run_the_variables_name_the_folders(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "in").mkdir(parents=True)
    (elsewhere / "in/test.csv").write_text("id\n9\n")
    monkeypatch.setenv("CHALLENGE_INPUT", str(elsewhere / "in"))
    monkeypatch.setenv("CHALLENGE_OUTPUT", str(elsewhere / "out"))
    assert task.test["id"].tolist() == ["9"]
    assert task.submit(["a"]) == elsewhere / "out/predictions.csv"


@pytest.mark.parametrize(
    "predictions",
    [
        pytest.param(
            pandas.DataFrame({"species": list("abc"), "id": ["07", "5", "6"]}), id="frame"
        ),
        pytest.param(
            pandas.DataFrame(
                {"species": list("abc")}, index=pandas.Index(["07", "5", "6"], name="id")
            ),
            id="frame with the ids as index",
        ),
        pytest.param(
            pandas.Series(list("abc"), index=pandas.Index(["07", "5", "6"], name="id")),
            id="series with the ids as index",
        ),
        pytest.param(pandas.DataFrame({"species": list("abc")}), id="frame without ids"),
        pytest.param(list("abc"), id="list"),
        pytest.param(numpy.array(list("abc")), id="array"),
        pytest.param(numpy.array([["a"], ["b"], ["c"]]), id="column"),
    ],
)
def test_predictions_of_many_shapes(folder: Path, predictions: Any) -> None:
    written = task.submit(predictions)
    assert written.read_text() == "id,species\n07,a\n5,b\n6,c\n"
    assert [p.name for p in written.parent.iterdir()] == ["predictions.csv"]


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        pytest.param(["a"], "1 predictions for 3 test rows", id="too few"),
        pytest.param(numpy.zeros((3, 2)), "2 values per row", id="too wide"),
        pytest.param(
            pandas.DataFrame({"id": [1, 1], "species": ["a", "b"]}), "1 is there twice", id="twice"
        ),
        pytest.param(pandas.DataFrame({"id": [1]}), "lack species", id="no prediction"),
        pytest.param(
            pandas.DataFrame({"id": [1, 2], "species": ["a", None]}),
            "missing values in species",
            id="missing value",
        ),
    ],
)
def test_wrong_predictions_are_refused_at_once(folder: Path, predictions: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        task.submit(predictions)
    assert not (folder / "output/predictions.csv").exists()


@pytest.mark.parametrize("format", ["csv", "parquet", "npz", "json"])
def test_the_declared_format(folder: Path, format: str) -> None:
    describe(folder, {**OUTPUT, "file": f"p.{format}", "format": format, "columns": ["p", "q"]})
    file = task.submit(pandas.DataFrame({"id": ["r", "s"], "p": [0.25, 0.75], "q": [1, 2]}))
    if format == "npz":
        with numpy.load(file, allow_pickle=False) as arrays:
            assert arrays["id"].tolist() == ["r", "s"]
            assert arrays["p"].tolist() == [0.25, 0.75]
    else:
        frame = getattr(pandas, f"read_{format}")(file)
        assert frame.to_dict("list") == {"id": ["r", "s"], "p": [0.25, 0.75], "q": [1, 2]}


def test_without_challenge_json_there_are_defaults(folder: Path) -> None:
    (folder / "challenge.json").unlink()
    assert task.submit([1, 2, 3]).name == "predictions.csv"


def test_importing_the_package_stays_light() -> None:
    heavy = ["fastapi", "sqlalchemy", "pandas", "numpy", "kfp", "httpx", "pydantic", "click"]
    code = (
        "import sys, jupyter_challenge as j; from jupyter_challenge import task; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert shown.strip() == "[]"
