"""Read a notebook as data: its kernel, parameters, declared files and code; nothing is executed.

Plain JSON on purpose: this is imported where a slow start would be felt, and a notebook needs
no schema to be packed.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.parameters import assignments, literals

METADATA_KEY = "jupyter_challenge"
LARGE_OUTPUTS = 1_000_000

_OPEN_AND_SAVE = "Open it in JupyterLab, mend it if needed, and save it."


@dataclass(frozen=True)
class Notebook:
    """A notebook of format 4, as JSON.

    Attributes:
        content: The whole notebook.
        name: What the file is called, for messages.
    """

    content: dict[str, Any]
    name: str = "notebook"

    @property
    def cells(self) -> list[dict[str, Any]]:
        """All cells."""
        cells: list[dict[str, Any]] = self.content["cells"]
        return cells

    @property
    def metadata(self) -> dict[str, Any]:
        """The notebook's metadata; empty where it has none."""
        metadata = self.content.get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    @property
    def code(self) -> list[str]:
        """Sources of the code cells."""
        return [source_of(cell) for cell in self.cells if cell.get("cell_type") == "code"]

    @property
    def kernel(self) -> str | None:
        """Name of the kernelspec, if the notebook names one."""
        spec = self.metadata.get("kernelspec")
        name = spec.get("name") if isinstance(spec, dict) else None
        return name if isinstance(name, str) and name else None

    @property
    def language(self) -> str | None:
        """Programming language, in lower case, if the notebook says."""
        spec, info = self.metadata.get("kernelspec"), self.metadata.get("language_info")
        for found in (
            spec.get("language") if isinstance(spec, dict) else None,
            info.get("name") if isinstance(info, dict) else None,
        ):
            if isinstance(found, str) and found:
                return found.lower()
        return "python" if self.kernel and self.kernel.startswith("python") else None

    @property
    def parameters_index(self) -> int | None:
        """Index of the first code cell that is tagged `parameters`."""
        return self._tagged("parameters")

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and literal values that the tagged cell assigns; others are left out."""
        index = self.parameters_index
        if index is None:
            return {}
        return literals(source_of(self.cells[index]), self.language or "python")

    @property
    def challenge(self) -> str | None:
        """Challenge that the notebook says it belongs to."""
        found = self._ours().get("challenge")
        return found if isinstance(found, str) and found else None

    @property
    def files(self) -> list[str]:
        """Files that it says travel with it, relative to its folder."""
        found = self._ours().get("files")
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    def problems(self) -> list[tuple[str, str]]:
        """List why the notebook cannot be submitted, as sentences with hints."""
        found = []
        if not any(source.strip() for source in self.code):
            found.append(
                (
                    f'"{self.name}" has no code.',
                    "Write at least one code cell that leaves predictions in ./output.",
                )
            )
        if self.kernel is None:
            found.append(
                (
                    f'"{self.name}" does not say which kernel it needs.',
                    "Choose a kernel in the notebook's toolbar and save.",
                )
            )
        return found

    def with_challenge(self, challenge: str, files: Sequence[str] = ()) -> Notebook:
        """Return the notebook as one that belongs to a challenge, with its declared files."""
        content = copy.deepcopy(self.content)
        if not isinstance(content.get("metadata"), dict):
            content["metadata"] = {}
        content["metadata"][METADATA_KEY] = {"challenge": challenge, "files": list(files)}
        return Notebook(content, self.name)

    def without_outputs(self) -> Notebook:
        """Return the notebook with neither outputs nor execution counts."""
        cells = [
            {**cell, "outputs": [], "execution_count": None}
            if cell.get("cell_type") == "code"
            else cell
            for cell in self.cells
        ]
        return Notebook({**self.content, "cells": cells}, self.name)

    def with_parameters(self, values: dict[str, Any]) -> Notebook:
        """Return the notebook with a cell that sets parameters after the tagged one.

        Raises:
            InvalidSubmission: The notebook has no such parameter, or its language is unknown.
        """
        if not values:
            return self
        index = self.parameters_index
        if index is None:
            raise InvalidSubmission(
                f'"{self.name}" takes no parameters: no cell is tagged "parameters".',
                hint='Tag the cell that assigns them with "parameters" (property inspector).',
            )
        source = assignments(values, self.language or "python", known=self.parameters)
        cell: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": ["injected-parameters"]},
            "outputs": [],
            "source": source,
        }
        if "id" in self.cells[index]:
            cell["id"] = hashlib.sha256(source.encode()).hexdigest()[:8]
        cells = [c for c in self.cells if "injected-parameters" not in _tags(c)]
        cells.insert(cells.index(self.cells[index]) + 1, cell)
        return Notebook({**self.content, "cells": cells}, self.name)

    def to_bytes(self) -> bytes:
        """Write as Jupyter does: one-space indent, sorted keys, a newline at the end."""
        text = json.dumps(self.content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        return text.encode("utf-8", "surrogatepass")

    def _ours(self) -> dict[str, Any]:
        ours = self.metadata.get(METADATA_KEY)
        return ours if isinstance(ours, dict) else {}

    def _tagged(self, tag: str) -> int | None:
        for index, cell in enumerate(self.cells):
            if cell.get("cell_type") == "code" and tag in _tags(cell):
                return index
        return None


def read_notebook(path: Path, *, complete: bool = True) -> Notebook:
    """Read a notebook from disk.

    Args:
        path: The file.
        complete: Also refuse a notebook without code or without a kernel.

    Raises:
        InvalidSubmission: It is not a notebook that can be submitted; says why.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidSubmission(
            f'"{path.name}" cannot be read: {error.strerror or error}.',
            hint="Check that the notebook is saved where you think it is.",
        ) from error
    return parse_notebook(data, path.name, complete=complete)


def parse_notebook(data: bytes, name: str = "notebook", *, complete: bool = True) -> Notebook:
    """Read a notebook from its bytes; see `read_notebook`."""
    if not data.strip():
        raise InvalidSubmission(f'"{name}" is an empty file.', hint=_OPEN_AND_SAVE)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidSubmission(f'"{name}" is not UTF-8 text.', hint=_OPEN_AND_SAVE) from error
    except json.JSONDecodeError as error:
        raise InvalidSubmission(
            f'"{name}" is not a notebook: {error.msg} at line {error.lineno}.', hint=_OPEN_AND_SAVE
        ) from error
    except (RecursionError, ValueError) as error:
        raise InvalidSubmission(f'"{name}" is not a notebook.', hint=_OPEN_AND_SAVE) from error
    notebook = Notebook(_checked(content, name), name)
    problems = notebook.problems() if complete else []
    if problems:
        message, hint = problems[0]
        raise InvalidSubmission(message, hint=hint)
    return notebook


def large_outputs_left_out(
    data: bytes, name: str, *, complete: bool = True
) -> tuple[bytes, str | None]:
    """Check a notebook that is to travel and leave its outputs out where they are large.

    Args:
        data: The notebook.
        name: What the file is called.
        complete: Also refuse a notebook without code or without a kernel.

    Returns:
        The bytes that travel, unchanged where possible, and a sentence if something was left out.

    Raises:
        InvalidSubmission: It is not a notebook that can be submitted.
    """
    notebook = parse_notebook(data, name, complete=complete)
    if len(data) <= LARGE_OUTPUTS:
        return data, None
    stripped = notebook.without_outputs().to_bytes()
    if len(data) - len(stripped) < LARGE_OUTPUTS / 2:
        return data, None
    left = (len(data) - len(stripped)) / 1e6
    return stripped, f'{left:.1f} MB of outputs of "{name}" stay behind; the run makes new ones.'


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's source, which a notebook may hold as one string or as lines."""
    source = cell.get("source", "")
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _tags(cell: dict[str, Any]) -> list[Any]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else []


def _checked(content: Any, name: str) -> dict[str, Any]:
    if not isinstance(content, dict) or "nbformat" not in content:
        raise InvalidSubmission(f'"{name}" is JSON but not a notebook.', hint=_OPEN_AND_SAVE)
    if content["nbformat"] != 4:
        raise InvalidSubmission(
            f'"{name}" is of notebook format {content["nbformat"]}; only format 4 is understood.',
            hint="Open it in JupyterLab and save it: that converts it.",
        )
    cells = content.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise InvalidSubmission(f'"{name}" has no list of cells.', hint=_OPEN_AND_SAVE)
    return content
