"""Make the zip that travels with a submission: the same files make the same bytes, anywhere.

Members are stored, not deflated: compressed bytes differ between versions of zlib, and a
submission is named by the digest of its bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from jupyter_challenge.core.errors import InvalidSubmission, TooLarge
from jupyter_challenge.core.models import FileView
from jupyter_challenge.core.names import RESERVED, first_clash, name_problem
from jupyter_challenge.core.notebook import large_outputs_left_out

MAX_FILES = 100
MAX_SIZE = 100_000_000
MAX_NOTEBOOK = 1_000_000_000

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints", ".git"})


@dataclass(frozen=True)
class Bundle:
    """A zip with a notebook or predictions file and the files that travel with it.

    Attributes:
        entry: Path in the zip of the notebook or predictions file.
        data: The zip's bytes.
        digest: sha256 of `data`, in hexadecimal.
        files: What is inside, sorted by path.
        notes: What the sender should know, such as outputs that were left out.
    """

    entry: str
    data: bytes = field(repr=False)
    digest: str
    files: list[FileView]
    notes: list[str] = field(default_factory=list)


def make_bundle(
    root: Path,
    entry: str,
    files: Sequence[str] = (),
    *,
    max_files: int = MAX_FILES,
    max_size: int = MAX_SIZE,
) -> Bundle:
    """Read `entry` and the declared files below `root` into a bundle.

    A declared folder travels with all it holds, hidden files and caches apart. Outputs of a
    notebook are left out where they are large, since the run makes them anew.

    Raises:
        InvalidSubmission: A file is missing, outside the root, or not a regular file.
        TooLarge: There are too many files, or they are too large together.
    """
    root = root.resolve()
    declared = [_normal(entry), *(_normal(name) for name in files)]
    paths = sorted({path for name in declared for path in _expand(root, name)})
    if len(paths) - 1 > max_files:
        raise TooLarge(
            f"{len(paths) - 1} files would travel with {entry}; at most {max_files} may.",
            hint="Declare fewer files, or pack them into one.",
        )
    clash = first_clash(paths)
    if clash is not None:
        raise InvalidSubmission(
            f'"{clash[0]}" and "{clash[1]}" cannot travel together.',
            hint="Rename one: their names may not differ in case or spelling alone.",
        )
    notes: list[str] = []
    contents: dict[str, bytes] = {}
    left = max_size
    for path in paths:
        is_notebook = path == declared[0] and path.endswith(".ipynb")
        data = _read(root, path, MAX_NOTEBOOK if is_notebook else left)
        if is_notebook and data is not None:
            data, note = large_outputs_left_out(data, path)
            notes += [note] if note else []
        if data is None or len(data) > left:
            raise TooLarge(
                f'With "{path}" the submission is larger than {_megabytes(max_size)}.',
                hint="Leave out files that the notebook does not need, or make them smaller.",
                limit=max_size,
            )
        left -= len(data)
        contents[path] = data
    return _pack(declared[0], contents, notes)


def travelling(root: Path, name: str) -> list[tuple[str, int]]:
    """Paths and sizes of what a declared name stands for, without reading any of it.

    Raises:
        InvalidSubmission: It is missing, outside the root, or cannot be read.
    """
    root = root.resolve()
    found = []
    for path in sorted(_expand(root, _normal(name))):
        place = _inside(root, path)
        if not os.access(place, os.R_OK):
            raise InvalidSubmission(
                f'"{path}" cannot be read.', hint="Check the file's permissions.", path=path
            )
        found.append((path, place.stat().st_size))
    return found


def _normal(name: str) -> str:
    path = str(PurePosixPath(name)) if name else name
    problem = name_problem(path)
    if problem is not None:
        raise InvalidSubmission(
            f'"{name}" cannot travel with the notebook: it {problem}.',
            hint="Declare files by their path below the notebook's folder, such as lib/model.py.",
            path=name,
        )
    return path


def _expand(root: Path, name: str) -> Iterator[str]:
    """Yield the file itself, or every file of a folder."""
    if PurePosixPath(name).parts[0] in RESERVED:
        raise InvalidSubmission(
            f'"{name}" cannot travel: input/, output/ and state/ are made by the run.',
            hint="Move the file out of that folder and declare it there.",
            path=name,
        )
    path = _inside(root, name)
    if not path.is_dir():
        yield name
        return
    for folder, folders, members in os.walk(root / name):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        for member in sorted(members):
            if not member.startswith(".") and not member.endswith(".pyc"):
                yield _normal((Path(folder) / member).relative_to(root).as_posix())


def _inside(root: Path, name: str) -> Path:
    """Resolve a path below the root, through links that stay below it."""
    try:
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InvalidSubmission(
            f'There is no file "{name}" to travel with the notebook.',
            hint="Create it, or take it off the list of files.",
            path=name,
        ) from error
    if not path.is_relative_to(root):
        raise InvalidSubmission(
            f'"{name}" is a link to a place outside the notebook\'s folder.',
            hint="Copy the file into the folder.",
            path=name,
        )
    return path


def _read(root: Path, name: str, most: int) -> bytes | None:
    """Read a regular file; None when it is longer than `most`."""
    path = _inside(root, name)
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer that never comes.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise InvalidSubmission(
                    f'"{name}" is not a regular file.',
                    hint="Only regular files travel: no devices, pipes or sockets.",
                    path=name,
                )
            data = file.read(most + 1)
    except OSError as error:
        raise InvalidSubmission(
            f'"{name}" cannot be read: {error.strerror or error}.',
            hint="Check the file's permissions.",
            path=name,
        ) from error
    return data if len(data) <= most else None


def _pack(entry: str, contents: dict[str, bytes], notes: list[str]) -> Bundle:
    buffer = io.BytesIO()
    views = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(contents):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, contents[path])
            digest = hashlib.sha256(contents[path]).hexdigest()
            views.append(FileView(path=path, size=len(contents[path]), sha256=digest))
    data = buffer.getvalue()
    return Bundle(entry, data, hashlib.sha256(data).hexdigest(), views, notes)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} kB"
