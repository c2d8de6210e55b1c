"""Call the organiser's `evaluate(labels, predictions) -> dict`."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.run import EvaluationSpec
from jupyter_challenge.core.table import Column, Table

_MODULE = "challenge_evaluation"


def own_evaluation(spec: EvaluationSpec, labels: Table, predictions: Table) -> Mapping[str, Any]:
    """Evaluate one board with the organiser's function.

    It gets two pandas frames of the same ids in the same rows, the id as a column of texts,
    numbers as float64. It may raise `RunFailed` itself, to tell a participant what is wrong
    with the predictions.

    Raises:
        RunFailed: evaluator_error with the place in the organiser's file, or what it raised.
    """
    assert spec.evaluator is not None and spec.evaluator_file is not None
    function = _load(spec.evaluator_file, spec.evaluator.function)
    name = spec.output.id
    try:
        found = function(_frame(labels, name), _frame(predictions, name))
    except RunFailed:
        raise
    except (Exception, SystemExit) as error:
        raise _failed(error, spec.evaluator_file) from error
    if not isinstance(found, Mapping):
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR,
            f"{spec.evaluator.function} must return a dict, it returned {type(found).__name__}",
        )
    return found


def _load(path: Path, name: str) -> Callable[..., Any]:
    module_spec = importlib.util.spec_from_file_location(_MODULE, path)
    if module_spec is None or module_spec.loader is None:
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f'"{path.name}" is not a Python file')
    module = importlib.util.module_from_spec(module_spec)
    # Modules beside it can be imported, but nothing is written there: the folder is read-only.
    sys.path.insert(0, str(path.parent))
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        module_spec.loader.exec_module(module)
        function = getattr(module, name)
    except AttributeError as error:
        raise RunFailed(
            FailureClass.EVALUATOR_ERROR, f'"{path.name}" has no function {name}'
        ) from error
    except (Exception, SystemExit) as error:
        raise _failed(error, path) from error
    finally:
        sys.path.remove(str(path.parent))
        sys.dont_write_bytecode = wrote
    if not callable(function):
        raise RunFailed(FailureClass.EVALUATOR_ERROR, f'{name} of "{path.name}" is no function')
    result: Callable[..., Any] = function
    return result


def _frame(table: Table, id_name: str) -> Any:
    import pandas as pd

    columns: dict[str, Any] = {id_name: table.ids}
    for name, column in table.columns.items():
        columns.update(_plain(name, column, table.ids))
    return pd.DataFrame(columns)


def _plain(name: str, column: Column, ids: list[str]) -> dict[str, Any]:
    """Return a column as numbers where all its values are, an array of two as several columns."""
    values: Any = column.values
    if isinstance(values, list):
        try:
            values = column.numbers(ids)
        except RunFailed:
            return {name: values}
    if values.ndim == 2:
        return {f"{name}_{i}": values[:, i] for i in range(values.shape[1])}
    return {name: values}


def _failed(error: BaseException, path: Path) -> RunFailed:
    """Name what went wrong, and the last line of the organiser's file that it went through."""
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f' at line {lines[-1].lineno} of "{path.name}"' if lines else ""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        where = f' at line {error.lineno} of "{path.name}"'
    text = str(error).splitlines()[0][:300] if str(error) else ""
    return RunFailed(
        FailureClass.EVALUATOR_ERROR, f"{type(error).__name__}{where}{': ' if text else ''}{text}"
    )
