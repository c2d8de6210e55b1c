"""Look into a bundle before it is accepted."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from jupyter_challenge.core.archive import check_archive
from jupyter_challenge.core.challenge import SubmissionKind, SubmissionRules, TableFormat
from jupyter_challenge.core.errors import InvalidSubmission, TooLarge
from jupyter_challenge.core.images import LONGEST
from jupyter_challenge.core.models import FileView, SubmissionRequest
from jupyter_challenge.core.notebook import parse_notebook
from jupyter_challenge.core.predictions import table_problems

MAX_NOTEBOOK = 50_000_000
LOOKED_THROUGH = 5_000_000
"""Bytes up to which a predictions file is read before it is accepted."""

_TEXTS = frozenset({TableFormat.CSV, TableFormat.JSON})


def check_bundle(path: Path, request: SubmissionRequest, rules: SubmissionRules) -> list[FileView]:
    """Check that a bundle is a safe zip with what the request says, and nothing too large.

    Returns:
        The files in it.

    Raises:
        InvalidSubmission: It is not such a zip.
        TooLarge: It holds too much.
    """
    files = check_archive(path, max_files=rules.max_files + 1, max_size=rules.max_size)
    entry = next((file for file in files if file.path == request.entry), None)
    if entry is None:
        raise InvalidSubmission(
            f'"{request.entry}" is not in what was sent.',
            hint="Send the notebook or predictions file itself too.",
        )
    if request.kind is SubmissionKind.NOTEBOOK:
        _check_notebook(path, entry, request.parameters)
        return files
    if request.kind is SubmissionKind.CONTAINER:
        _check_container(files, entry)
        return files
    if len(files) > 1:
        raise InvalidSubmission(
            "Predictions travel as one file, without others.", hint=f"Send {entry.path} alone."
        )
    if entry.size == 0:
        raise InvalidSubmission(
            f'"{entry.path}" is an empty file.', hint="Write the predictions into it."
        )
    if entry.size > rules.output.max_size:
        raise TooLarge(
            f'"{entry.path}" has {entry.size:,} bytes, more than {rules.output.max_size:,}.',
            hint="Write one row per test id and only the columns that are asked for.",
            limit=rules.output.max_size,
        )
    if entry.size <= LOOKED_THROUGH and rules.output.table_format in _TEXTS:
        _check_predictions(path, entry, rules)
    return files


def _check_container(files: list[FileView], entry: FileView) -> None:
    if len(files) > 1 or entry.size > LONGEST + 1:
        raise InvalidSubmission(
            "With a container travels nothing but its image's name.",
            hint="Put everything that it needs into the image.",
        )


def _check_predictions(path: Path, entry: FileView, rules: SubmissionRules) -> None:
    """Refuse a table that the evaluation could only refuse too, before it uses any quota."""
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / Path(entry.path).name
        copy.write_bytes(archive.read(entry.path))
        output = rules.output
        problems = table_problems(
            copy, output.table_format, output.id, output.columns, output.max_size
        )
    if problems:
        first = problems[0]
        where = f", line {first.line}" if first.line is not None else ""
        raise InvalidSubmission(
            f'"{entry.path}"{where}: {first.message}',
            hint="Nothing was used of your quota; mend the file and submit again.",
            problems=[each.model_dump() for each in problems],
        )


def _check_notebook(path: Path, entry: FileView, parameters: dict[str, Any]) -> None:
    if entry.size > MAX_NOTEBOOK:
        raise TooLarge(
            f'"{entry.path}" has {entry.size:,} bytes, more than {MAX_NOTEBOOK:,}.',
            hint="Clear its outputs, save and submit again.",
            limit=MAX_NOTEBOOK,
        )
    # The archive was read through: the member is there, is a plain file and has this size.
    with zipfile.ZipFile(path) as archive:
        notebook = parse_notebook(archive.read(entry.path), entry.path)
    # Refused here, a misspelt parameter costs no run.
    notebook.with_parameters(parameters)
