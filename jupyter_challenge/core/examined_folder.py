"""A challenge folder under examination: its files, and what is wrong with it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from jupyter_challenge.core.marked_yaml import Loc, Marked
from jupyter_challenge.core.model_problems import Problem
from jupyter_challenge.core.spec_problems import Draft

FILE = "challenge.yaml"
# What an editor or a system leaves in a folder is no part of a challenge.
LEFT_OUT = frozenset({"__pycache__", ".ipynb_checkpoints", ".git", ".DS_Store", "Thumbs.db"})
_COPIES = ("~", ".bak", ".swp")


class Folder:
    """A challenge folder under examination; collects what is wrong with it."""

    def __init__(self, root: Path, draft: Draft, marked: Marked) -> None:
        """Begin with no problems."""
        self.root = root
        self.draft = draft
        self.marked = marked
        self.problems: list[Problem] = []

    def wrong(self, loc: Loc, message: str, fix: str) -> None:
        """Note a mistake at a key of challenge.yaml."""
        mark = self.marked.mark(loc)
        self.problems.append(Problem(FILE, mark.line, mark.column, message, fix))

    def wrong_in(self, file: str, line: int, message: str, fix: str) -> None:
        """Note a mistake in another file of the folder."""
        self.problems.append(Problem(file, line, 1 if line else 0, message, fix))

    def find(self, loc: Loc, path: str, *, folder: bool = False) -> Path | None:
        """Find a named file, or folder where one may stand; note when it is not there."""
        at = self.root
        for part in PurePosixPath(path).parts:
            at = at / part
            if at.is_symlink():
                self.wrong(loc, f'"{path}" goes through a link', "put the file itself here")
                return None
        if not at.exists():
            self.wrong(loc, f'there is no "{path}"', self._there_is(at))
            return None
        if at.is_dir() and not folder:
            self.wrong(loc, f'"{path}" is a folder', "name a file in it")
            return None
        if at.is_dir() and not any(files_below(at)):
            self.wrong(loc, f'the folder "{path}" is empty', "put the data there")
            return None
        if not at.is_dir() and not stat.S_ISREG(at.stat().st_mode):
            self.wrong(loc, f'"{path}" is not a regular file', "put a regular file here")
            return None
        if not os.access(at, os.R_OK):
            self.wrong(loc, f'"{path}" cannot be read', "check its permissions")
            return None
        return at

    def _there_is(self, missing: Path) -> str:
        import difflib

        here = sorted(p.relative_to(self.root).as_posix() for p in files_below(self.root))
        wanted = missing.relative_to(self.root).as_posix()
        near = difflib.get_close_matches(wanted, here, n=1)
        same = [each for each in here if PurePosixPath(each).name == missing.name]
        found = (same or near)[:1]
        return f'did you mean "{found[0]}"?' if found else "create it or leave the key out"


def is_left_out(name: str) -> bool:
    """Tell whether a file is one that systems and editors leave, such as a copy of before."""
    return name in LEFT_OUT or name.endswith(_COPIES)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, links and what editors leave apart."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        for name in sorted(names):
            path = Path(at) / name
            if not is_left_out(name) and not path.is_symlink():
                yield path
