"""Get a notebook or a predictions file ready to be handed in."""

from __future__ import annotations

import os
import socket
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from jupyter_challenge.client.folder import DESCRIPTION, read_description
from jupyter_challenge.core.bundle import (
    MAX_FILES,
    MAX_SIZE,
    Bundle,
    make_bundle,
    travelling,
)
from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import ChallengeError, InvalidSubmission
from jupyter_challenge.core.images import HOW_TO_PIN, pinned
from jupyter_challenge.core.models import ChallengeView
from jupyter_challenge.core.names import first_clash
from jupyter_challenge.core.notebook import Notebook, large_outputs_left_out, read_notebook
from jupyter_challenge.core.predictions import TableProblem, table_problems

IMAGE_FILE = "image.txt"
"""What travels of a container submission."""

_NO_CHALLENGE = (
    "Name it with --challenge (in Python challenge=…), or work in the folder that "
    "`jupyter challenge get` makes."
)


class TravellingFile(BaseModel):
    """A file that would travel; `declared` names it or the folder that it is in."""

    path: str
    size: int | None = None
    missing: bool = False
    declared: str = ""


class Problem(BaseModel):
    """Something that stands against handing in; `path` is the declared file that it is about."""

    code: Literal["entry", "no_code", "no_kernel", "file", "limit", "table"] = "entry"
    message: str
    hint: str = ""
    path: str | None = None


class Inspection(BaseModel):
    """What would travel with a notebook or predictions file, and what stands against it."""

    path: str
    kind: SubmissionKind
    challenge: str | None = None
    files: list[TravellingFile] = []
    declared: list[str] = []
    kernel: str | None = None
    language: str | None = None
    parameters: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    size: int = 0
    problems: list[Problem] = []
    table: list[TableProblem] = []
    writable: bool = True


@dataclass
class HandedIn:
    """What is said about a bundle."""

    kind: SubmissionKind
    entry: str
    environment: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    image: str | None = None


def new_key() -> str:
    """Make an idempotency key."""
    return uuid.uuid4().hex


def own_pod() -> str | None:
    """The pod that this is in, where that is a hub's notebook server on a cluster."""
    if "JUPYTERHUB_USER" in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
        return socket.gethostname()
    return None


def kind_of(path: Path) -> SubmissionKind:
    """Tell a notebook from a predictions file by its name."""
    is_notebook = path.suffix.lower() == ".ipynb"
    return SubmissionKind.NOTEBOOK if is_notebook else SubmissionKind.PREDICTIONS


def inspect(
    path: Path, files: Sequence[str] | None = None, view: ChallengeView | None = None
) -> Inspection:
    """Look at a file without handing it in; every problem is listed, none is raised.

    Args:
        path: The notebook or predictions file.
        files: Stand for those that the notebook declares.
        view: The challenge that it is for: its limits count, and the columns that it asks for.
    """
    seen = Inspection(path=path.name, kind=kind_of(path), challenge=_challenge_beside(path))
    seen.writable = os.access(path, os.W_OK)
    if seen.kind is SubmissionKind.PREDICTIONS:
        _inspect_table(seen, path, view)
        return seen
    try:
        notebook = read_notebook(path, complete=False)
        stripped, _ = large_outputs_left_out(path.read_bytes(), path.name, complete=False)
    except (InvalidSubmission, OSError) as error:
        hint = error.hint if isinstance(error, InvalidSubmission) else ""
        seen.problems.append(Problem(message=str(error), hint=hint))
        return seen
    seen.problems = [
        Problem(
            code="no_kernel" if notebook.kernel is None and "kernel" in text else "no_code",
            message=text,
            hint=hint,
        )
        for text, hint in notebook.problems()
    ]
    seen.challenge = notebook.challenge or seen.challenge
    seen.kernel, seen.language = notebook.kernel, notebook.language
    seen.parameters = notebook.parameters
    seen.declared = list(notebook.files if files is None else files)
    seen.files = [TravellingFile(path=path.name, size=len(stripped), declared=path.name)]
    for name in _travelling(path, seen.declared):
        _inspect_file(seen, path, name)
    seen.size = sum(file.size or 0 for file in seen.files)
    _inspect_limits(seen, view)
    if notebook.kernel is not None:
        seen.environment = _environment(notebook)
    return seen


def _inspect_file(seen: Inspection, entry: Path, name: str) -> None:
    try:
        found = travelling(entry.parent, name)
    except ChallengeError as error:
        seen.files.append(TravellingFile(path=name, missing=True, declared=name))
        problem = Problem(code="file", message=error.message, hint=error.hint, path=name)
        seen.problems.append(problem)
        return
    known = {file.path for file in seen.files}
    seen.files += [
        TravellingFile(path=path, size=size, declared=name)
        for path, size in found
        if path not in known
    ]


def _inspect_limits(seen: Inspection, view: ChallengeView | None) -> None:
    max_files = view.max_files if view else MAX_FILES
    max_size = view.max_size if view else MAX_SIZE
    others = [file for file in seen.files[1:] if file.declared != DESCRIPTION]
    if len(others) > max_files:
        text = f"{len(others)} files would travel; at most {max_files} may."
        hint = "Leave some out, or pack them into one."
        seen.problems.append(Problem(code="limit", message=text, hint=hint))
    if seen.size > max_size:
        text = f"{_megabytes(seen.size)} would travel; at most {_megabytes(max_size)} may."
        hint = "Leave out files that the notebook does not need, or make them smaller."
        seen.problems.append(Problem(code="limit", message=text, hint=hint))
    clash = first_clash(file.path for file in seen.files)
    if clash is not None:
        text = f'"{clash[0]}" and "{clash[1]}" cannot travel together.'
        hint = "Rename one: their names may not differ in case or spelling alone."
        seen.problems.append(Problem(code="file", message=text, hint=hint, path=clash[1]))


def _inspect_table(seen: Inspection, path: Path, view: ChallengeView | None) -> None:
    """Look at a predictions file, with the eyes of the challenge that it is for."""
    there = path.is_file()
    seen.size = path.stat().st_size if there else 0
    seen.files = [
        TravellingFile(path=path.name, size=seen.size, missing=not there, declared=path.name)
    ]
    if not there:
        text = f"There is no file {path.name}."
        seen.problems.append(Problem(message=text, hint="Write it first.", path=path.name))
        return
    if view is None:
        return
    asked = view.output
    try:
        seen.table = table_problems(path, asked.format, asked.id, asked.columns, asked.max_size)
    except OSError as error:
        seen.problems.append(Problem(message=f"It cannot be read: {error.strerror}."))
    if seen.table:
        wanted = ", ".join([asked.id, *asked.columns])
        hint = f"{view.title} asks for {asked.file} with the columns {wanted}."
        text = "This file is not what the challenge asks for."
        seen.problems.append(Problem(code="table", message=text, hint=hint))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} kB"


def prepare(
    path: Path,
    *,
    files: Sequence[str] | None,
    challenge: str | None,
    challenge_of: Callable[[str], ChallengeView],
) -> tuple[ChallengeView, HandedIn, bytes]:
    """Find out which challenge a file is for and make the bundle.

    Raises:
        InvalidSubmission: The file cannot be handed in, or no challenge is named anywhere.
        TooLarge: More would travel than the challenge allows.
    """
    kind = kind_of(path)
    if not path.is_file():
        raise InvalidSubmission(
            f"There is no file {path}.", hint="Check its name, or save the notebook first."
        )
    notebook = read_notebook(path) if kind is SubmissionKind.NOTEBOOK else None
    name = challenge or (notebook and notebook.challenge) or _challenge_beside(path)
    if not name:
        raise InvalidSubmission(f"{path.name} does not say its challenge.", hint=_NO_CHALLENGE)
    view = challenge_of(name)
    declared = list(files if files is not None else notebook.files if notebook else ())
    if notebook is not None and len(declared) < view.max_files:
        declared = _travelling(path, declared)
    bundle: Bundle = make_bundle(
        path.parent, path.name, declared, max_files=view.max_files, max_size=view.max_size
    )
    environment = _environment(notebook) if notebook is not None else {}
    return view, HandedIn(kind, bundle.entry, environment, list(bundle.notes)), bundle.data


def prepare_image(image: str) -> tuple[HandedIn, bytes]:
    """Make the bundle of a container submission: a text with the image's name.

    Raises:
        InvalidSubmission: The name lacks its registry or its digest.
    """
    try:
        name = pinned(image)
    except ValueError as error:
        raise InvalidSubmission(f"{error}.", hint=HOW_TO_PIN) from error
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, IMAGE_FILE).write_text(f"{name}\n", encoding="utf-8")
        bundle = make_bundle(Path(folder), IMAGE_FILE)
    return HandedIn(SubmissionKind.CONTAINER, IMAGE_FILE, image=name), bundle.data


def as_given(parameters: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Parameters with the types that the notebook gives them: 2 for a 0.5 is 2.0."""
    if not parameters or kind_of(path) is SubmissionKind.PREDICTIONS:
        return dict(parameters)
    given = read_notebook(path).parameters

    def typed(name: str, value: Any) -> Any:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if is_whole and isinstance(given.get(name), float) else value

    return {name: typed(name, value) for name, value in parameters.items()}


def _travelling(path: Path, declared: list[str]) -> list[str]:
    """Add challenge.json where it is there: `task` reads in it what the challenge asks for."""
    described = read_description(path.parent) is not None
    return [*declared, DESCRIPTION] if described and DESCRIPTION not in declared else declared


def _challenge_beside(path: Path) -> str | None:
    """Challenge of the participant's folder that the file lies in, or in a folder of."""
    folder = path.resolve().parent
    for each in (folder, *folder.parents[:3]):
        described = read_description(each)
        if described and described.get("challenge"):
            return str(described["challenge"])
    return None


def _environment(notebook: Notebook) -> dict[str, Any]:
    from jupyter_challenge.core.environment import capture

    return capture(notebook.kernel)
