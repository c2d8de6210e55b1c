"""Names of files that travel: which are allowed, the same for who packs and for who unpacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1000

RESERVED = frozenset({"input", "output", "state"})
"""Folders beside the notebook that every run makes itself."""


def name_problem(path: str) -> str | None:
    """Say what is wrong with a relative path of a file that travels, if anything."""
    if not path or path != path.strip("/") and not path.startswith("/"):
        return "is not the name of a file"
    if path.startswith("/"):
        return "is an absolute path"
    if "\\" in path:
        return "has a backslash"
    if len(path) > 1 and path[1] == ":":
        return "begins with a drive letter"
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        return "has a control character"
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid Unicode"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return 'has an empty, "." or ".." part'
    if len(encoded) > MAX_PATH_BYTES or any(len(p.encode()) > MAX_NAME_BYTES for p in parts):
        return "is too long"
    return None


def folded(path: str) -> str:
    """Return what a path is on a file system that ignores case and Unicode spelling."""
    return unicodedata.normalize("NFC", path).casefold()


def first_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Find two paths that cannot both exist: equal but for case, or one is the other's folder."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        key = folded(path)
        for other in (files.get(key), folders.get(key)):
            if other is not None:
                return other, path
        for parent in PurePosixPath(key).parents:
            name = str(parent)
            if name == ".":
                continue
            if name in files:
                return files[name], path
            folders.setdefault(name, path)
        files[key] = path
    return None
