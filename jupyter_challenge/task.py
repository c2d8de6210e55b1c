"""The task of the challenge whose folder this is: `task.train`, `task.test`, `task.submit(…)`.

A convenience only. Everything here is folders that any kernel can use: `$CHALLENGE_INPUT` and
`$CHALLENGE_OUTPUT`, which are `./input` and `./output` where the variables are not set.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["input_folder", "output_folder", "state_folder", "submit", "test", "train"]

train: Any  # both are read when they are asked for: see __getattr__
test: Any

_READERS = {".csv": "read_csv", ".parquet": "read_parquet"}
_DEFAULT = {"file": "predictions.csv", "format": "csv", "id": "id", "columns": ["prediction"]}
_read: dict[tuple[Path, int], Any] = {}


def __getattr__(name: str) -> Any:
    """Read `train` and `test` when they are asked for."""
    if name in ("train", "test"):
        return _load(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _folder(name: str) -> Path:
    return Path(os.environ.get(f"CHALLENGE_{name.upper()}") or name).absolute()


def input_folder() -> Path:
    """Folder with the challenge's data; read only."""
    return _folder("input")


def output_folder() -> Path:
    """Folder for the predictions; made when it is missing."""
    folder = _folder("output")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def state_folder() -> Path:
    """Folder for checkpoints, kept when a run is started again; made when it is missing."""
    folder = _folder("state")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _load(name: str) -> Any:
    """Read input/NAME.csv or input/NAME.parquet as a DataFrame; else its path.

    A folder with one table in it is that table; any other folder is a path.
    """
    folder = input_folder()
    found = sorted(p for p in folder.glob(f"{name}*") if p.stem == name or p.name == name)
    if not found:
        raise FileNotFoundError(
            f"There is no {name} data in {folder}. "
            "Run `jupyter challenge get`, and open the notebook that lies beside input/."
        )
    path = found[0]
    if path.is_dir():
        inside = [p for p in path.iterdir() if not p.name.startswith(".")]
        if len(inside) != 1 or inside[0].suffix not in _READERS:
            return path
        path = inside[0]
    if path.suffix not in _READERS:
        return path
    key = (path, path.stat().st_mtime_ns)
    if key not in _read:
        import pandas

        # Ids are texts: as numbers they would lose their zeros.
        texts = {"dtype": {str(_asked()["id"]): str}} if path.suffix == ".csv" else {}
        _read[key] = getattr(pandas, _READERS[path.suffix])(path, **texts)
    return _read[key]


def _asked() -> dict[str, Any]:
    """What the challenge asks for, from the challenge.json beside the notebook or the data."""
    for folder in (Path.cwd(), input_folder().parent):
        try:
            described = json.loads((folder / "challenge.json").read_bytes())
            return {**_DEFAULT, **described["output"]}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return _DEFAULT


def submit(predictions: Any) -> Path:
    """Write the predictions file that the challenge asks for.

    Args:
        predictions: A DataFrame with the id column (or index) and the prediction columns; or
            the predictions alone, one row per row of `task.test` in its order.

    Returns:
        The file. Writing it hands nothing in: submit the notebook for that.

    Raises:
        ValueError: Columns or rows are missing; the message names them.
    """
    import pandas

    asked = _asked()
    id_name, columns = str(asked["id"]), [str(c) for c in asked["columns"] if c != asked["id"]]
    frame = _frame(predictions, id_name, columns)
    lacking = [c for c in (id_name, *columns) if c not in frame.columns]
    if lacking:
        raise ValueError(
            f"The predictions lack {', '.join(lacking)}; "
            f"there are {', '.join(map(str, frame.columns))}."
        )
    frame = frame[[id_name, *columns]]
    if frame[id_name].duplicated().any():
        twice = frame[id_name][frame[id_name].duplicated()].iloc[0]
        raise ValueError(f"The id {twice} is there twice; predict every row exactly once.")
    empty = [c for c in columns if pandas.isna(frame[c]).any()]
    if empty:
        raise ValueError(f"There are missing values in {', '.join(empty)}.")
    target = output_folder() / str(asked["file"])
    _write(target, _WRITERS[str(asked["format"])], frame)
    return target


def _frame(predictions: Any, id_name: str, columns: list[str]) -> Any:
    import pandas

    if isinstance(predictions, pandas.DataFrame):
        if id_name in predictions.columns:
            return predictions
        if predictions.index.name == id_name:
            return predictions.reset_index()
        values: Any = predictions
    elif isinstance(predictions, pandas.Series) and predictions.index.name == id_name:
        return predictions.rename(columns[0]).reset_index()
    else:
        values = predictions
    test = _load("test")
    if not isinstance(test, pandas.DataFrame) or id_name not in test.columns:
        raise ValueError(
            f'Pass a DataFrame with the columns "{id_name}" and {", ".join(columns)}: '
            "the test data has no ids that could be put beside the predictions."
        )
    if len(values) != len(test):
        raise ValueError(f"There are {len(values)} predictions for {len(test)} test rows.")
    named = isinstance(values, pandas.DataFrame)
    made = values.reset_index(drop=True) if named else _bare(values, columns)
    made.insert(0, id_name, test[id_name].to_numpy())
    return made


def _bare(values: Any, columns: list[str]) -> Any:
    import numpy
    import pandas

    array = numpy.asarray(values)
    array = array.reshape(len(array), -1)
    if array.shape[1] != len(columns):
        raise ValueError(
            f"There are {array.shape[1]} values per row; the challenge asks for "
            f"{len(columns)}: {', '.join(columns)}."
        )
    return pandas.DataFrame(array, columns=columns)


def _npz(frame: Any, path: Path) -> None:
    import numpy

    arrays = {str(c): frame[c].to_numpy() for c in frame.columns}
    # Strings as text arrays: an array of objects would be a pickle, which nobody reads.
    plain = {k: a.astype(str) if a.dtype == object else a for k, a in arrays.items()}
    with path.open("wb") as file:
        numpy.savez_compressed(file, **plain)


_WRITERS: dict[str, Callable[[Any, Path], Any]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "json": lambda frame, path: frame.to_json(path, orient="records"),
    "npz": _npz,
}


def _write(target: Path, writer: Callable[[Any, Path], Any], frame: Any) -> None:
    """Write beside the target and rename, so that a half-written file is never handed in."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder:
        part = Path(folder) / target.name
        writer(frame, part)
        os.replace(part, target)
