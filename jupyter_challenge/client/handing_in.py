"""Get a notebook or a predictions file ready to be handed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from jupyter_challenge.client.folder import DESCRIPTION, read_description
from jupyter_challenge.core.bundle import Bundle, make_bundle
from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import ChallengeError, InvalidSubmission
from jupyter_challenge.core.models import ChallengeView
from jupyter_challenge.core.notebook import Notebook, read_notebook

_NO_CHALLENGE = (
    "Name it with --challenge (in Python challenge=…), or work in the folder that "
    "`jupyter challenge get` makes."
)


class TravellingFile(BaseModel):
    """A file that would travel."""

    path: str
    size: int | None = None
    missing: bool = False


class Inspection(BaseModel):
    """What would travel with a notebook or predictions file, and what stands against it."""

    path: str
    kind: SubmissionKind
    challenge: str | None = None
    files: list[TravellingFile] = []
    kernel: str | None = None
    language: str | None = None
    parameters: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    size: int = 0
    problems: list[str] = []


@dataclass
class HandedIn:
    """What is said about a bundle."""

    kind: SubmissionKind
    entry: str
    environment: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def new_key() -> str:
    """Make an idempotency key."""
    return uuid.uuid4().hex


def kind_of(path: Path) -> SubmissionKind:
    """Tell a notebook from a predictions file by its name."""
    is_notebook = path.suffix.lower() == ".ipynb"
    return SubmissionKind.NOTEBOOK if is_notebook else SubmissionKind.PREDICTIONS


def inspect(path: Path, files: Sequence[str] | None = None) -> Inspection:
    """Look at a file without handing it in; every problem is listed, none is raised."""
    kind = kind_of(path)
    seen = Inspection(path=path.name, kind=kind, challenge=_challenge_beside(path))
    if kind is SubmissionKind.PREDICTIONS:
        there = path.is_file()
        seen.size = path.stat().st_size if there else 0
        seen.files = [TravellingFile(path=path.name, size=seen.size, missing=not there)]
        seen.problems = [] if there else [f"There is no file {path}."]
        return seen
    try:
        notebook = read_notebook(path, complete=False)
    except InvalidSubmission as error:
        seen.problems.append(error.message)
        return seen
    seen.problems = [message for message, _ in notebook.problems()]
    seen.challenge = notebook.challenge or seen.challenge
    seen.kernel, seen.language = notebook.kernel, notebook.language
    seen.parameters = notebook.parameters
    declared = list(notebook.files if files is None else files)
    for name in dict.fromkeys([path.name, *declared]):
        file = path.parent / name
        if not file.exists():
            seen.files.append(TravellingFile(path=name, missing=True))
            seen.problems.append(f'There is no file "{name}" to travel with the notebook.')
    if not seen.problems:
        try:
            bundle = make_bundle(path.parent, path.name, _travelling(path, declared))
        except ChallengeError as error:
            seen.problems.append(error.message)
        else:
            seen.files = [TravellingFile(path=f.path, size=f.size) for f in bundle.files]
            seen.size = len(bundle.data)
            seen.environment = _environment(notebook)
    return seen


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
