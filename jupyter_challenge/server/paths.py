"""Where the paths of a browser lie on this machine: beneath the server's root, or nowhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_challenge.core.errors import ChallengeError, Conflict, NotFound


def root_of(contents: Any) -> Path:
    """Return the folder that the contents manager serves.

    Raises:
        Conflict: It serves something else than a folder.
    """
    root = getattr(contents, "root_dir", None)
    if not root:
        raise Conflict(
            "This server keeps its files elsewhere than in a folder.",
            hint="Submit from a folder of the machine, with `jupyter challenge submit`.",
        )
    return Path(root).resolve()


def beneath(root: Path, path: Any) -> Path:
    """Return the place of a server path.

    Raises:
        ChallengeError: It is no path, or leads out of `root`, through a symbolic link too.
    """
    if not isinstance(path, str) or not path or "\0" in path or "\\" in path:
        raise ChallengeError("Name a path beneath the server's folder.")
    parts = PurePosixPath(path.lstrip("/")).parts
    place = root.joinpath(*parts)
    if ".." in parts or not place.resolve().is_relative_to(root):
        raise ChallengeError(
            f'"{path}" is not beneath the folder that this server shows.',
            hint="Move the file there; a link that leads out of it is not followed.",
        )
    return place


def file_beneath(root: Path, path: Any) -> Path:
    """Return the place of an existing file; see `beneath`.

    Raises:
        NotFound: There is no such file.
    """
    place = beneath(root, path)
    if not place.is_file():
        raise NotFound(f'There is no file "{path}".', hint="Save it first.")
    return place


def server_path(root: Path, place: Path) -> str:
    """Return the server path of a place beneath `root`."""
    return place.resolve().relative_to(root).as_posix()
